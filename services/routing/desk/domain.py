"""What people may decide about a case: one function a command. Each returns the case after it or raises Refused. Pure.

Nothing here asks whether a clock is still running: extensions are recorded with their time, and deadlines judges them.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.desk import moves
from services.routing.desk.refusals import Refused, conflict
from services.routing.desk.times import in_last_days, lapses_at
from services.routing.directory.domain import standing
from shared.contracts.directory import Directory
from shared.contracts.procedures import ClockRule, Outcome, Procedure
from shared.contracts.states import Case, Clocks, ExtensionGranted, Filing, Request, Response

FREE_TRANSFERS = 2
"""From the third on, the national desk decides: bodies must not play ping-pong with a citizen."""
NATIONAL_DESK = "national-desk"


@dataclass(frozen=True)
class Matter:
    """A case, the law it was filed under, and what else a decision about it may look at."""

    case: Case
    law: Procedure
    filing: Filing
    clocks: Clocks
    directory: Directory


def take_up(matter: Matter, now: datetime) -> Case:
    """The body's desk opens the case. 409: case-closed, case-in-triage, already-taken-up."""
    case = _open(matter.case)
    if case.body is None:
        raise conflict("case-in-triage", "The case is with no body yet: assign it first.")
    if case.taken_up_at:
        raise conflict("already-taken-up", "The case has been taken up already: go on with it.")
    return moves.qualified(case.model_copy(update={"taken_up_at": now}), now)


def assign(matter: Matter, role: str, body: str | None, reason: str | None, now: datetime) -> Case:
    """To another body, or (body None) back to the national desk. A reason is needed where a body gives the case away.

    422: unknown-body, closed-body, same-body, unknown-reason. 409: case-closed, case-restricted, needs-national-desk, too-many-transfers.
    """
    case = _open(matter.case)
    _check_body(case, body, matter.directory)
    if body and case.restricted:
        raise conflict("case-restricted", "Only the restricted desk works on this case: lift the restriction before it goes to a body.")
    if not (reason is None and case.body is None) and reason not in {known.code for known in matter.law.transfers}:
        raise Refused("unknown-reason", f"Give a reason that {matter.law.ref} has for transfers.", "reason")
    if body and role != NATIONAL_DESK and _needs_national_desk(case, body):
        raise conflict("needs-national-desk", "A third transfer, or a return to a former body, is the national desk's: assign to no body.")
    if body and len(case.custody) >= moves.CUSTODY_MAX:
        raise conflict("too-many-transfers", f"The case has been with {moves.CUSTODY_MAX} bodies: no further one may get it. Answer it.")
    after = moves.handed_over(case, body, reason, now)
    return moves.qualified(after, now) if body else after


def ask(matter: Matter, id: UUID, now: datetime) -> Case:
    """Asks the filer for information. 409: case-closed, requests-exhausted, request-too-late."""
    case, rule = _open(matter.case), matter.law.requests
    if len(case.requests) >= min(rule.max, moves.REQUESTS_MAX):
        raise conflict("requests-exhausted", f"{matter.law.ref} allows {rule.max} requests for information: decide on what is there.")
    if rule.not_in_last and in_last_days(matter.law, rule.not_in_last, matter.clocks, matter.directory, now):
        raise conflict("request-too-late", f"{matter.law.ref} allows no request so near the due date: decide on what is there.")
    return moves.with_request(case, Request(id=id, asked_at=now, lapses_at=lapses_at(matter.law, matter.directory, now)))


def extend(matter: Matter, clock: str, reason: str, now: datetime) -> Case:
    """Records that a clock was extended; whether in time is for deadlines to judge.

    422: unknown-clock, not-extensible, unknown-reason. 409: case-closed, extensions-exhausted.
    """
    case, rule = _open(matter.case), _clock(matter, clock)
    if rule.extension is None:
        raise Refused("not-extensible", f"{matter.law.ref} has no extension of this clock.", "clock")
    if reason not in {known.code for known in rule.extension.reasons}:
        raise Refused("unknown-reason", f"Give a reason that {matter.law.ref} has for extending this clock.", "reason")
    granted = sum(extension.clock == clock for extension in case.extensions)
    if granted >= rule.extension.times or len(case.extensions) >= moves.EXTENSIONS_MAX:
        raise conflict("extensions-exhausted", f"{matter.law.ref} allows no further extension of this clock: answer.")
    extension = ExtensionGranted(clock=clock, granted_at=now, reason=reason)
    return case.model_copy(update={"extensions": (*case.extensions, extension)})


def answer(matter: Matter, id: UUID, outcome: str, reasons: str | None, now: datetime) -> Case:
    """The body's answer closes the case; open requests for information do not hinder it.

    422: unknown-outcome, reasons-missing. 409: case-closed.
    """
    case, chosen = _open(matter.case), chosen_outcome(matter.law, outcome, reasons)
    after = moves.responded(case, Response(id=id, outcome=chosen.code, body=case.body, posted_at=now), chosen)
    return moves.qualified(after, now)


def close_lapsed(matter: Matter, now: datetime) -> Case:
    """Closes a case whose filer was asked and did not answer in time. 409: case-closed, nothing-lapsed."""
    case = _open(matter.case)
    last = case.requests[-1] if case.requests else None
    if last is None or last.lapsed_at is None or last.supplied_at:
        raise conflict("nothing-lapsed", "The last request for information has not lapsed: answer the case, or ask.")
    return moves.lapsed(case, now)


def amend(matter: Matter, outcome: str, reasons: str | None, now: datetime) -> Case:
    """Corrects the answer given; when it was first given stays, so its timeliness does too.

    422: unknown-outcome, reasons-missing. 409: not-answered, answered-by-law.
    """
    case, chosen = matter.case, chosen_outcome(matter.law, outcome, reasons)
    response = amendable(matter).model_copy(update={"outcome": chosen.code, "amended_at": now})
    return case.model_copy(update={"response": response, "outcome": chosen.code, "status": chosen.counts_as})


def amendable(matter: Matter) -> Response:
    """The answer that may be amended. 409: not-answered, answered-by-law."""
    response = matter.case.response
    if response is None:
        raise conflict("not-answered", "There is no answer to amend.")
    if response.outcome in _of_law(matter.law):
        raise conflict("answered-by-law", "The law gave this answer when the time was over: no body can change it.")
    return response


def chosen_outcome(law: Procedure, code: str, reasons: str | None) -> Outcome:
    """An outcome that a desk may give, with the reasons that it needs. 422: unknown-outcome, reasons-missing."""
    outcome = None if code in _of_law(law) else law.outcome(code)
    if outcome is None:
        raise Refused("unknown-outcome", f"Give an outcome or a ground of refusal that {law.ref} has.", "outcome")
    if outcome.needs_reasons and not reasons:
        raise Refused("reasons-missing", "This outcome needs reasons: say why, in words that the filer understands.", "reasons")
    return outcome


def _open(case: Case) -> Case:
    if not case.open:
        raise conflict("case-closed", f"The case is closed ({case.status}): nothing more can be decided about it.")
    return case


def _check_body(case: Case, body: str | None, directory: Directory) -> None:
    if body == case.body:
        raise Refused("same-body", "The case is there already: name another body.", "body")
    if body is not None and body not in directory.bodies:
        raise Refused("unknown-body", "No body has this id: take one from the directory.", "body")
    if body is not None and standing(body, directory) != body:
        raise Refused("closed-body", "This body was closed: name the one that stands in its place.", "body")


def _needs_national_desk(case: Case, body: str) -> bool:
    return len(case.custody) > FREE_TRANSFERS or body in {custody.body for custody in case.custody}


def _clock(matter: Matter, code: str) -> ClockRule:
    """A clock of this very case: one that its law has for other cases is as unknown as one that no law has."""
    rule = matter.law.clock(code)
    if rule is None or (rule.when and not rule.when.holds(matter.filing.coded)):
        raise Refused("unknown-clock", "The case has no such clock: take one from its deadlines.", "clock")
    return rule


def _of_law(law: Procedure) -> set[str]:
    """The outcomes that time alone brings about."""
    return {clock.on_breach for clock in law.clocks if clock.on_breach.startswith("deemed_")}
