"""What a complaint's clocks have to tell. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.notifications.notice import FILER, NATIONAL, Intent, Known, Told, body_audience
from shared.contracts.base import iso
from shared.contracts.directory import Directory
from shared.contracts.procedures import Alert, ClockRule, Procedure
from shared.contracts.states import AlertSent, ClockState

DESKS = ("body", "platform")


def answer_clock(known: Known, law: Procedure | None) -> ClockState | None:
    """The clock of which a due date is told: of those that only an answer or a closing stops, the one due first."""
    running = [c for c in known.deadlines or () if c.due_at and c.state in ("running", "paused") and _awaits_answer(c, law)]
    return min(running, key=lambda c: (c.due_at, c.code), default=None)


def of_clock(clock: ClockState) -> dict[str, Any]:
    """The clock as it goes into a notice."""
    return {"clock": clock.model_dump(mode="json", by_alias=True)}


def is_open(known: Known) -> bool:
    return known.routing is None or known.routing.open


def breaches(known: Known, law: Procedure | None) -> Iterator[Intent]:
    """Of a desk's clock: to the desk, to the filer where it is about the answer, to the national desk where the law escalates."""
    for clock in known.deadlines or ():
        if clock.breached_at is None or clock.holder not in DESKS:
            continue
        readers = {_desk(clock)}
        if clock.holder == "body" or _awaits_answer(clock, law):
            readers.add(FILER)
        if (rule := law and law.clock(clock.code)) and rule.on_breach == "escalate":
            readers.add(NATIONAL)
        for reader in sorted(readers):
            yield Intent("breached", _breach(clock), reader, of_clock(clock), clock.breached_at)


def corrections(known: Known, told: Told) -> Iterator[Intent]:
    """To everybody who was told of a breach that was taken back. A clock that began anew takes back nothing."""
    clocks = {clock.code: clock for clock in known.deadlines or ()}
    for entry in told.all("breached"):
        clock = clocks.get(entry.subject.partition("/")[0])
        if clock and clock.corrected_at and entry.subject != _breach(clock):
            yield Intent("breach-corrected", entry.subject, entry.audience, of_clock(clock), clock.corrected_at)


def alerts(known: Known, law: Procedure | None, directory: Directory) -> Iterator[Intent]:
    """The last warning before the due time and the last one after it, to those whom the law names, while the case is open."""
    for clock in (known.deadlines or ()) if law and is_open(known) else ():
        rule = law.clock(clock.code) if law else None
        for sent, alert in _last_fired(clock, rule):
            code = "approaching" if alert.before else "overdue"
            if alert.before and clock.breached_at:
                continue
            for reader in sorted({_reader(to, clock, directory) for to in alert.to}):
                params = of_clock(clock) | {"level": alert.level}
                yield Intent(code, f"{clock.code}/{sent.code}/{iso(sent.at)}", reader, params, sent.at)


def _last_fired(clock: ClockState, rule: ClockRule | None) -> list[tuple[AlertSent, Alert]]:
    known: Mapping[str, Alert] = {alert.code: alert for alert in rule.alerts} if rule else {}
    fired = sorted(((sent, known[sent.code]) for sent in clock.alerts if sent.code in known), key=lambda pair: (pair[0].at, pair[1].level))
    kinds = {alert.before is not None: (sent, alert) for sent, alert in fired}
    return list(kinds.values())


def _reader(to: str, clock: ClockState, directory: Directory) -> str:
    if to == "citizen" or (to == "holder" and clock.holder == "citizen"):
        return FILER
    if to == "holder":
        return _desk(clock)
    body = directory.bodies.get(clock.body or "") if to == "supervisor" else None
    return body_audience(body.parent) if body and body.parent else NATIONAL


def _desk(clock: ClockState) -> str:
    return body_audience(clock.body) if clock.holder == "body" and clock.body else NATIONAL


def _breach(clock: ClockState) -> str:
    return f"{clock.code}/{iso(clock.breached_at)}" if clock.breached_at else ""


def _awaits_answer(clock: ClockState, law: Procedure | None) -> bool:
    rule = law.clock(clock.code) if law else None
    return rule is not None and rule.awaits_answer
