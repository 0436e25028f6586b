"""When a clock starts and when it stops, as the states of intake and routing say; and what a person sees of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.complaint import Header
from shared.contracts.procedures import ClockRule, Moment
from shared.contracts.states import Case, ClockState, Custody, Filing, Request


@dataclass(frozen=True, order=True)
class Stop:
    """The instant at which a clock stopped. `ended`: not by what the clock waited for, but because nothing is awaited any more."""

    at: datetime
    ended: bool


def started(rule: ClockRule, header: Header, filing: Filing, case: Case | None) -> datetime | None:
    """The start of the clock that counts now: of the last custody, of the request that it follows; None before it."""
    if rule.starts == "filed":
        return header.filed_at
    if case is None:
        return None
    if rule.starts == "assigned":
        return case.custody[-1].since if case.custody else None
    if rule.follows_request:
        request = followed(filing, case)
        return request.asked_at if request else None
    return _moment(rule.starts, case)


def stopped(rule: ClockRule, header: Header, filing: Filing, case: Case | None) -> Stop | None:
    """The first of: a stop of the rule, the closing, the citizen's withdrawal, the end of the custody or request that it follows.

    Never before the start: what had happened already stops a clock at once.
    """
    start = started(rule, header, filing, case)
    first = min(_stops(rule, filing, case), default=None)
    return Stop(max(first.at, start), first.ended) if first and start else None


def shown(clock: ClockState, stop: Stop | None) -> str:
    """What a person sees: pending, running, paused, met, breached or ended (nothing is awaited any more)."""
    if clock.state == "pending":
        return "pending"
    if clock.breached_at or (stop and clock.due_at and stop.at >= clock.due_at):
        return "breached"
    if stop:
        return "ended" if stop.ended else "met"
    return clock.state


def followed(filing: Filing, case: Case) -> Request | None:
    """The open request that lapses first; without an open one, the one that ended last."""
    ends = {r.id: min(_request_ends(filing, r), default=None) for r in case.requests}
    waiting = [r for r in case.requests if ends[r.id] is None]
    if waiting:
        return min(waiting, key=lambda r: (r.lapses_at, r.asked_at, r.id))
    return max(case.requests, key=lambda r: (ends[r.id], r.asked_at, r.id), default=None)


def supplied_at(filing: Filing, request: Request) -> datetime | None:
    """When the citizen supplied it. Intake knows first, and a citizen is not late because routing is."""
    told = [max(s.at, request.asked_at) for s in filing.supplied if s.request_id == request.id]
    return request.supplied_at or min(told, default=None)


def held_at(case: Case | None, at: datetime | None) -> Custody | None:
    """The custody in which the case was at an instant, or is now (at None)."""
    last = next((c for c in reversed(case.custody if case else ()) if at is None or c.since <= at), None)
    return last if last and (last.until is None or (at is not None and at <= last.until)) else None


def _stops(rule: ClockRule, filing: Filing, case: Case | None) -> Iterator[Stop]:
    if filing.withdrawn_at and not (case and case.withdrawn_after_answer):
        yield Stop(filing.withdrawn_at, ended=True)
    if case is None:
        return
    if case.closed_at:
        yield Stop(case.closed_at, ended=case.status in ("withdrawn", "lapsed"))
    for moment in rule.stops:
        at = _moment(moment, case)
        if at and moment != "closed":
            yield Stop(at, ended=False)
    if rule.starts == "assigned" and case.custody and case.custody[-1].until:
        yield Stop(case.custody[-1].until, ended=True)
    if rule.follows_request and (request := followed(filing, case)):
        yield from _request_ends(filing, request)


def _request_ends(filing: Filing, request: Request) -> Iterator[Stop]:
    supplied = supplied_at(filing, request)
    if supplied:
        yield Stop(supplied, ended=False)
    if request.lapsed_at:
        yield Stop(request.lapsed_at, ended=True)


def _moment(moment: Moment, case: Case) -> datetime | None:
    if moment == "qualified":
        return case.qualified_at
    if moment == "assigned":
        return case.custody[0].since if case.custody else None
    if moment == "requested":
        return min((r.asked_at for r in case.requests), default=None)
    if moment == "answered":
        return case.response.posted_at if case.response else None
    return case.closed_at
