"""How a case moves from one state to the next, whoever moves it. Pure; whether it may move is asked elsewhere."""

from datetime import datetime

from shared.contracts.procedures import Outcome
from shared.contracts.states import Case, Custody, Request, Response, RuleUsed

CUSTODY_MAX, REQUESTS_MAX, EXTENSIONS_MAX = 20, 5, 5
"""Facts stay small: beyond these the national desk must act."""


def restated(case: Case) -> Case:
    """The case with the status that follows from its parts; a closed case stays as it was closed."""
    if not case.open:
        return case
    waiting = any(request.ended_at is None for request in case.requests)
    status = "waiting_for_citizen" if waiting else "with_body" if case.body else "triage"
    return case.model_copy(update={"status": status})


def handed_over(case: Case, body: str | None, reason: str | None, at: datetime) -> Case:
    """Into the custody of another body, or of nobody (triage). Not taken up: the new body has not opened it yet."""
    custody = _ended(case.custody, at, reason)
    if body:
        custody = (*custody, Custody(body=body, since=max([at, *(c.until for c in custody if c.until)])))
    return restated(case.model_copy(update={"body": body, "custody": custody, "taken_up_at": None}))


def qualified(case: Case, at: datetime) -> Case:
    """A person has found the competent body; only the first time counts."""
    return case.model_copy(update={"qualified_at": case.qualified_at or at})


def first_by_rule(case: Case, rule: RuleUsed) -> Custody | None:
    """The custody that the rule gave; None where it found no body, and a person did: that act is what qualified the case."""
    first = next(iter(case.custody), None)
    by_person = first is not None and not rule.final and case.qualified_at == first.since
    return None if by_person else first


def with_request(case: Case, request: Request) -> Case:
    """The request added, or in the place of the one with its id."""
    others = [known for known in case.requests if known.id != request.id]
    at = next((n for n, known in enumerate(case.requests) if known.id == request.id), len(others))
    return restated(case.model_copy(update={"requests": (*others[:at], request, *others[at:])}))


def responded(case: Case, response: Response, outcome: Outcome) -> Case:
    """Closed by an answer. The body keeps the case in its sight; its custody ends."""
    return _closed(case, outcome.counts_as, outcome.code, response.posted_at, "answered").model_copy(update={"response": response})


def withdrawn(case: Case, at: datetime) -> Case:
    """Closed by the citizen's withdrawal, at the time of that act, however late it is recorded."""
    return _closed(case, "withdrawn", "withdrawn", at, "withdrawn")


def lapsed(case: Case, at: datetime) -> Case:
    """Closed by the desk, because the filer did not give what was needed."""
    return _closed(case, "lapsed", "lapsed", at, "lapsed")


def _closed(case: Case, status: str, outcome: str, at: datetime, reason: str) -> Case:
    custody = _ended(case.custody, at, reason)
    return case.model_copy(update={"status": status, "outcome": outcome, "closed_at": at, "custody": custody})


def _ended(custody: tuple[Custody, ...], at: datetime, reason: str | None) -> tuple[Custody, ...]:
    """The last custody ended, never before it began: an act that time took, or the citizen, may lie before it."""
    if not custody or custody[-1].until:
        return custody
    last = custody[-1]
    return (*custody[:-1], last.model_copy(update={"until": max(at, last.since), "reason": reason}))
