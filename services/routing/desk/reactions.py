"""What routing decides by itself when a complaint is filed, when the citizen acts, and when time has passed. Pure.

Level-triggered: looks at what is, never at what arrived, so that order, repetition and grouping of facts cannot matter.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import uuid5

from services.routing.desk import moves
from services.routing.desk.first_body import first_body, restricted
from services.routing.desk.known import Known
from services.routing.directory.domain import Decision, Rule
from services.routing.directory.lifecycle import heir
from shared.contracts.directory import Directory
from shared.contracts.procedures import Procedure
from shared.contracts.states import Case, ClockState, Custody, Request, Response


class Step(NamedTuple):
    """A fact to tell: its name, the case after it, the role that brought it about, the coded reason, the rules' decision if it is one."""

    type: str
    case: Case
    by: str
    reason: str | None = None
    decision: Decision | None = None


@dataclass(frozen=True)
class Routes:
    """What a filing is routed by: the rules and their version, and the words of the subject, None while they have not arrived.

    patient: a case whose rules wait for words is left undecided; else it goes to triage, and is decided when they come.
    """

    rules: Sequence[Rule]
    version: int | None = None
    words: Sequence[str] | None = None
    patient: bool = False


@dataclass(frozen=True)
class _Seen:
    known: Known
    law: Procedure
    directory: Directory
    now: datetime


def react(known: Known, linked: Mapping[str, Known], directory: Directory, routes: Routes | None, now: datetime) -> list[Step]:
    """The facts that are still missing, in their order; none once they have been told.

    `linked` holds the complaints that the header's links name, as far as they are known; `routes` is None until a pack has
    been loaded. Nothing is decided before the filing and its procedure are known: who asks again later gets it then.
    """
    law = directory.procedure(known.header.procedure)
    if known.filing is None or law is None:
        return []
    steps: list[Step] = []
    if routes is not None and (known.case is None or left_in_triage(known.case)):
        steps.extend(_routing(known, law, linked, directory, routes, now))
    seen, case = _Seen(known, law, directory, now), steps[-1].case if steps else known.case
    for part in (_succession, _supplies, _lapses, _endings):
        for step in part(seen, case) if case else ():
            steps.append(step)
            case = step.case
    return steps


def left_in_triage(case: Case) -> bool:
    """No rule has decided, and nobody has done anything about it since."""
    return case.status == "triage" and case.rule is None and not (case.custody or case.qualified_at or case.extensions)


def _routing(
    known: Known, law: Procedure, linked: Mapping[str, Known], directory: Directory, routes: Routes, now: datetime
) -> Iterator[Step]:
    """The first decision, or the one that had to wait for the words of the subject."""
    assert known.filing
    decision = first_body(known, linked, directory, routes.rules, routes.words)
    if known.case is not None:
        if decision.rule is not None:
            yield _routed(known.case, decision, routes, now)
    elif not (decision.waits and routes.patient and known.filing.erased_at is None):
        case = Case(status="triage", kind=law.kind, public_service=known.header.public_service, restricted=restricted(known, linked))
        yield _routed(case, decision, routes, now)


def _routed(case: Case, decision: Decision, routes: Routes, now: datetime) -> Step:
    rule = decision.rule and decision.rule.model_copy(update={"rule_set": None if decision.by_law else routes.version})
    changes = {
        "status": "with_body" if decision.body else "triage",
        "body": decision.body,
        "rule": rule,
        "qualified_at": now if decision.body and rule and rule.final else None,
        "custody": (Custody(body=decision.body, since=now),) if decision.body else (),
    }
    return Step("complaint-routed", case.model_copy(update=changes), "rule", decision=replace(decision, rule=rule))


def _succession(seen: _Seen, case: Case) -> Iterator[Step]:
    """A body that was closed hands its open cases to its successor; without one they go to the national desk."""
    record = seen.directory.bodies.get(case.body or "")
    if case.open and record and record.closed_on:
        inherits = heir(record, case.public_service, seen.known.header.territory, seen.directory)
        successor = inherits if len(case.custody) < moves.CUSTODY_MAX else None
        yield Step("complaint-routed", moves.handed_over(case, successor, "succession", seen.now), "rule", "succession")


def _supplies(seen: _Seen, case: Case) -> Iterator[Step]:
    """Also of a closed case, which stays closed: the desk is told, and the state does not depend on what came first."""
    assert seen.known.filing
    for request in case.requests:
        times = [supply.at for supply in seen.known.filing.supplied if supply.request_id == request.id]
        ended = _supplied(request, min(times)) if times else request
        if ended != request:
            case = moves.with_request(case, ended)
            yield Step("information-received", case, "citizen")


def _supplied(request: Request, at: datetime) -> Request:
    """What came in time did not lapse, whatever was recorded first; what came later did, and is kept all the same."""
    supplied_at = max(at, request.asked_at)
    lapsed_at = request.lapses_at if supplied_at >= request.lapses_at else None
    return request.model_copy(update={"supplied_at": supplied_at, "lapsed_at": lapsed_at})


def _lapses(seen: _Seen, case: Case) -> Iterator[Step]:
    breached = {c.starts_at for c in seen.known.clocks if c.holder == "citizen" and _breached(c) and _follows(seen.law, c)}
    for request in case.requests:
        if request.ended_at is None and request.asked_at in breached:
            case = moves.with_request(case, request.model_copy(update={"lapsed_at": request.lapses_at}))
            yield Step("information-lapsed", case, "law")


def _endings(seen: _Seen, case: Case) -> Iterator[Step]:
    """The citizen's withdrawal and the law's own answers; known at once, the one that lies first in legal time is first."""
    acts: list[tuple[datetime, str]] = [(c.due_at, c.code) for c in seen.known.clocks if c.due_at and _deems(seen.law, c)]
    withdrawn_at = seen.known.filing.withdrawn_at if seen.known.filing else None
    for at, code in sorted([*acts, *([(withdrawn_at, "")] if withdrawn_at else [])]):
        for step in _deemed(seen, case, code, at) if code else _withdrawal(case, at):
            yield step
            case = step.case


def _withdrawal(case: Case, at: datetime) -> Iterator[Step]:
    if case.open:
        yield Step("complaint-closed", moves.withdrawn(case, at), "citizen", "withdrawn")
    elif case.status != "withdrawn" and not case.withdrawn_after_answer:
        yield Step("complaint-closed", case.model_copy(update={"withdrawn_after_answer": True}), "citizen", "withdrawn-after-answer")


def _deemed(seen: _Seen, case: Case, code: str, at: datetime) -> Iterator[Step]:
    """The answer that the law gives in the body's place, at the instant when its time was over."""
    rule = seen.law.clock(code)
    outcome = seen.law.outcome(rule.on_breach) if rule else None
    if case.open and outcome:
        id = uuid5(seen.known.header.id, f"deemed/{code}")
        response = Response(id=id, outcome=outcome.code, body=case.body, posted_at=at)
        yield Step("response-posted", moves.responded(case, response, outcome), "law", outcome.code)


def _breached(clock: ClockState) -> bool:
    """Breached, and not found later to be in time."""
    return clock.breached_at is not None and (clock.corrected_at is None or clock.corrected_at < clock.breached_at)


def _follows(law: Procedure, clock: ClockState) -> bool:
    rule = law.clock(clock.code)
    return rule is not None and rule.follows_request


def _deems(law: Procedure, clock: ClockState) -> bool:
    rule = law.clock(clock.code)
    return rule is not None and rule.on_breach.startswith("deemed_") and _breached(clock)
