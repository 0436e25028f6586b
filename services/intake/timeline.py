"""What happened to a complaint, told from its registers whenever it is read: nothing of it is stored, so no gap can stay."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import SerializerFunctionWrapHandler, model_serializer

from shared.contracts.base import Contract, Instant
from shared.contracts.known import Known
from shared.contracts.states import Case, Clocks, Filing

_ORDER = (
    "complaint-filed",
    "complaint-entered",
    "complaint-routed",
    "complaint-qualified",
    "complaint-taken-up",
    "information-requested",
    "information-supplied",
    "information-lapsed",
    "extension-granted",
    "deadline-approaching",
    "deadline-breached",
    "deadline-corrected",
    "complaint-withdrawn",
    "response-posted",
    "response-amended",
    "complaint-closed",
    "response-rated",
    "complaint-erased",
)
"""Of what happened at one instant, the cause comes before its effect."""


class Moment(Contract):
    """One thing that happened. `by` is a role, or system, rule or law; `body` the body concerned; the rest as the code needs."""

    at: Instant
    code: str
    by: str | None = None
    body: str | None = None
    reason: str | None = None
    outcome: str | None = None
    clock: str | None = None
    request_id: UUID | None = None
    response_id: UUID | None = None

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Only what there is to say: most moments have two or three of these."""
        return {name: value for name, value in handler(self).items() if value is not None}


def timeline(known: Known) -> list[Moment]:
    """In legal order. The same registers give the same list, however they came about."""
    moments = [*_filing(known), *_case(known.routing), *_clocks(known.deadlines)]
    return sorted(moments, key=lambda m: (m.at, _ORDER.index(m.code), m.clock or "", str(m.request_id or m.response_id or "")))


def _filing(known: Known) -> Iterator[Moment]:
    header, filing = known.header, known.intake
    by = filing.entered_by if filing and filing.entered_by else "citizen"
    yield Moment(at=header.filed_at, code="complaint-filed", by="citizen", body=header.body)
    if header.recorded_at != header.filed_at:
        yield Moment(at=header.recorded_at, code="complaint-entered", by=by)
    if filing:
        yield from _acts(filing)


def _acts(filing: Filing) -> Iterator[Moment]:
    for supplied in filing.supplied:
        yield Moment(at=supplied.at, code="information-supplied", by="citizen", request_id=supplied.request_id)
    for rating in filing.ratings:
        yield Moment(at=rating.at, code="response-rated", by="citizen", response_id=rating.response_id)
    if filing.withdrawn_at:
        yield Moment(at=filing.withdrawn_at, code="complaint-withdrawn", by="citizen")
    if filing.erased_at:
        yield Moment(at=filing.erased_at, code="complaint-erased", by="citizen")


def _case(case: Case | None) -> Iterator[Moment]:
    if case is None:
        return
    yield from _custody(case)
    for request in case.requests:
        yield Moment(at=request.asked_at, code="information-requested", body=_holder(case, request.asked_at), request_id=request.id)
        if request.lapsed_at:
            yield Moment(at=request.lapsed_at, code="information-lapsed", by="system", request_id=request.id)
    for extension in case.extensions:
        yield Moment(
            at=extension.granted_at,
            code="extension-granted",
            body=_holder(case, extension.granted_at),
            clock=extension.clock,
            reason=extension.reason,
        )
    if case.qualified_at:
        yield Moment(at=case.qualified_at, code="complaint-qualified", by="rule" if case.rule and case.rule.final else None)
    if case.taken_up_at:
        yield Moment(at=case.taken_up_at, code="complaint-taken-up", body=_holder(case, case.taken_up_at))
    yield from _ending(case)


def _custody(case: Case) -> Iterator[Moment]:
    """Each body's turn, with the reason why the one before ended; and each time the case went back to nobody."""
    since = {entry.since for entry in case.custody}
    reason = None
    for index, entry in enumerate(case.custody):
        by = "rule" if index == 0 and case.rule else None
        yield Moment(at=entry.since, code="complaint-routed", by=by, body=entry.body, reason=reason)
        reason = entry.reason
        if entry.until and entry.until not in since and entry.until != case.closed_at:
            yield Moment(at=entry.until, code="complaint-routed", reason=entry.reason)


def _ending(case: Case) -> Iterator[Moment]:
    answer = case.response
    if answer:
        yield Moment(at=answer.posted_at, code="response-posted", body=answer.body, outcome=answer.outcome, response_id=answer.id)
        if answer.amended_at:
            yield Moment(at=answer.amended_at, code="response-amended", body=answer.body, outcome=answer.outcome, response_id=answer.id)
    elif case.closed_at:
        yield Moment(at=case.closed_at, code="complaint-closed", outcome=case.outcome or case.status)


def _clocks(clocks: Clocks | None) -> Iterator[Moment]:
    for clock in clocks or ():
        for alert in clock.alerts:
            yield Moment(at=alert.at, code="deadline-approaching", by="system", body=clock.body, clock=clock.code, reason=alert.code)
        if clock.breached_at:
            yield Moment(at=clock.breached_at, code="deadline-breached", by="system", body=clock.body, clock=clock.code)
        if clock.corrected_at:
            yield Moment(at=clock.corrected_at, code="deadline-corrected", by="system", body=clock.body, clock=clock.code)


def _holder(case: Case, at: datetime) -> str | None:
    """The body that had the case at an instant."""
    return next((e.body for e in reversed(case.custody) if e.since <= at and (e.until is None or at <= e.until)), None)
