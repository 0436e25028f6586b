"""What the filer of a complaint must be told. Pure."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import TypeAdapter

from services.notifications.clocks import is_open, of_clock
from services.notifications.notice import FILER, Intent, Known, Told
from shared.contracts.base import Instant, iso
from shared.contracts.procedures import Procedure
from shared.contracts.states import Case, ClockState, ExtensionGranted

_WITH_DUE_DATE = ("receipt", "extension-granted", "due-changed")
_DUE_AT = TypeAdapter(Instant | None)
"""All that is asked of a clock that was told; to read it whole, reasons and all, takes five times as long."""


def filer(known: Known, told: Told, law: Procedure | None, clock: ClockState | None) -> Iterator[Intent]:
    """Everything that stands to be told, whether told already or not; of what is passing, only the newest.

    `clock`: the one that an answer stops.
    """
    yield _receipt(known, told, law, clock)
    yield from _dates(known, told, clock)
    if known.routing:
        yield from _custody(known.routing, told)
        yield from _requests(known.routing)
        yield from _ending(known.routing, told)


def _receipt(known: Known, told: Told, law: Procedure | None, clock: ClockState | None) -> Intent:
    """Held back until the first clocks are there, so that it can say the date; a thank-you where the law sets no clock."""
    went = told.last(FILER, "receipt", "thanks")
    code = went.code if went else "thanks" if law and not law.clocks else "receipt"
    whole = code == "thanks" or (law is not None and known.deadlines is not None and all(c.state != "pending" for c in known.deadlines))
    return Intent(code, "", FILER, of_clock(clock) if clock else {}, known.header.recorded_at, held=not whole)


def _dates(known: Known, told: Told, clock: ClockState | None) -> Iterator[Intent]:
    if not (clock and clock.due_at and is_open(known)):
        return
    granted = _counted_extension(known, clock)
    if granted:
        params = of_clock(clock) | {"reason": granted.reason}
        yield Intent("extension-granted", f"{clock.code}/{iso(granted.granted_at)}", FILER, params, granted.granted_at)
    due_told = _due_told(told)
    if due_told and clock.due_at < due_told and not clock.breached_at:
        yield Intent("due-changed", f"{clock.code}/{iso(clock.due_at)}", FILER, of_clock(clock))


def _counted_extension(known: Known, clock: ClockState) -> ExtensionGranted | None:
    """The newest extension that the due date already holds: it takes effect only once deadlines has counted it."""
    granted = [e for e in (known.routing.extensions if known.routing else ()) if e.clock == clock.code]
    counted = sum(step.code == "extension" for step in clock.why)
    return granted[min(counted, len(granted)) - 1] if granted and counted else None


def _due_told(told: Told) -> datetime | None:
    last = told.last(FILER, *_WITH_DUE_DATE)
    clock = (last.params or {}).get("clock") if last else None
    return _DUE_AT.validate_python(clock.get("due_at")) if clock else None


def _custody(case: Case, told: Told) -> Iterator[Intent]:
    """Where the case is now, if that is not where it was last said to be."""
    if not (case.open and case.body and case.custody):
        return
    now, last = case.custody[-1], told.last(FILER, "routed", "transferred")
    if last is None:
        yield Intent("routed", f"{now.body}/{iso(now.since)}", FILER, {"body": now.body}, now.since)
    elif last.subject.partition("/")[0] != now.body:
        reason = case.custody[-2].reason if len(case.custody) > 1 else None
        yield Intent("transferred", f"{now.body}/{iso(now.since)}", FILER, {"body": now.body, "reason": reason}, now.since)


def _requests(case: Case) -> Iterator[Intent]:
    for request in case.requests:
        params = {"lapses_at": iso(request.lapses_at)}
        if request.supplied_at is None:
            yield Intent("information-requested", str(request.id), FILER, params, request.asked_at)
        if request.lapsed_at:
            yield Intent("information-lapsed", str(request.id), FILER, params, request.lapsed_at)


def _ending(case: Case, told: Told) -> Iterator[Intent]:
    if case.response:
        yield from _answer(case, told)
    elif case.status in ("withdrawn", "lapsed") and case.closed_at:
        yield Intent(case.status, iso(case.closed_at), FILER, {}, case.closed_at)
    if case.withdrawn_after_answer:
        yield Intent("withdrawn-after-answer", "", FILER)


def _answer(case: Case, told: Told) -> Iterator[Intent]:
    """One notice of an answer; a second one only of an amendment made after the first had left."""
    response = case.response
    assert response
    amended = iso(response.amended_at) if response.amended_at else None
    params = {"body": response.body, "outcome": response.outcome, "amended_at": amended}
    went = next((e for e in told.all("answered") if e.subject == str(response.id)), None)
    if amended and went and (went.params is None or went.params.get("amended_at") != amended):
        yield Intent("answer-amended", f"{response.id}/{amended}", FILER, params, response.amended_at)
    else:
        yield Intent("answered", str(response.id), FILER, params, response.posted_at)
