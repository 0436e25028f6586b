"""A complaint's page, from its registers and, for the holder of the secret, its papers. Pure: it says only what has arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.page_shapes import (
    BodyOut,
    ClockOut,
    Due,
    FilerOut,
    RatingOut,
    RequestOut,
    ResponseOut,
    TextOut,
    Tracking,
)
from services.intake.shapes import AlertOut, DoorOut, Withdrawal
from services.intake.timeline import timeline
from shared.contracts.clocks import Stop, shown, stopped
from shared.contracts.directory import AlertRecord, Directory
from shared.contracts.elapsed import Elapsed, elapsed
from shared.contracts.known import Known, filing_of
from shared.contracts.languages import said
from shared.contracts.private import Answers, Papers
from shared.contracts.procedures import Door, Procedure
from shared.contracts.states import ClockState
from shared.contracts.why import explain


@dataclass(frozen=True)
class Page:
    """What a reader sees of one complaint. papers and answers are None for whoever may not read them."""

    known: Known
    directory: Directory
    languages: Sequence[str]
    papers: Papers | None = None
    answers: Answers | None = None
    now: datetime | None = None

    @property
    def law(self) -> Procedure | None:
        return self.directory.procedure(self.known.header.procedure)

    def tracking(self) -> Tracking:
        header, case, filing = self.known.header, self.known.routing, filing_of(self.known)
        return Tracking(
            **header.model_dump(include={"id", "reference", "procedure", "territory", "channel", "filed_at", "recorded_at", "links"}),
            status=case.status if case else "triage",
            title=said(self.law.title, self.languages) if self.law else None,
            kind=case.kind if case else self.law.kind if self.law else None,
            body=self._body(case.body) if case and case.body else None,
            public_service=(case and case.public_service) or header.public_service,
            coded=filing.coded,
            due=self._due(),
            clocks=tuple(self._clock(clock) for clock in self.known.deadlines or ()),
            elapsed=self._elapsed(),
            withdrawal=self._withdrawal(),
            requests=self._requests(),
            response=self._response(),
            ratings=self._ratings(),
            timeline=tuple(timeline(self.known)),
            erased_at=filing.erased_at,
            **self._own_words(),
        )

    def _body(self, id: str) -> BodyOut:
        record = self.directory.bodies.get(id)
        return BodyOut(id=id, name=said(record.name, self.languages) if record else None)

    def _due(self) -> Due | None:
        """The earliest due time of the clocks that nothing but an answer stops; None when none runs."""
        owed = [clock for clock in self.known.deadlines or () if self._is_owed(clock)]
        first = min(owed, key=lambda clock: (clock.due_at, clock.code), default=None)
        if first is None or first.due_at is None:
            return None
        return Due(
            at=first.due_at,
            last_day=first.last_day,
            clock=first.code,
            overdue=first.breached_at is not None,
            why=self._why(first),
        )

    def _is_owed(self, clock: ClockState) -> bool:
        rule = self.law.clock(clock.code) if self.law else None
        return (
            rule is not None
            and rule.awaits_answer
            and self._stop(clock) is None
            and clock.state in ("running", "paused")
            and clock.due_at is not None
        )

    def _clock(self, clock: ClockState) -> ClockOut:
        rule = self.law.clock(clock.code) if self.law else None
        return ClockOut(
            **clock.model_dump(include={"code", "holder", "body", "starts_at", "due_at", "last_day"}),
            label=said(rule.label, self.languages) if rule else None,
            status=shown(clock, self._stop(clock)),
            why=self._why(clock),
        )

    def _elapsed(self) -> Elapsed | None:
        """None where nobody says what time it is, or the jurisdiction's calendar has not been read."""
        calendar = self.directory.calendar()
        if self.now is None or calendar is None:
            return None
        return elapsed(self.known.header, self.known.intake, self.known.routing, calendar, self.now)

    def _stop(self, clock: ClockState) -> Stop | None:
        rule = self.law.clock(clock.code) if self.law else None
        return stopped(rule, self.known.header, filing_of(self.known), self.known.routing) if rule else None

    def _why(self, clock: ClockState) -> tuple[str, ...]:
        return tuple(explain(clock, self.languages[0]))

    def _withdrawal(self) -> Withdrawal | None:
        """While routing has not said what becomes of it."""
        at, case = filing_of(self.known).withdrawn_at, self.known.routing
        taken = case is not None and (case.status == "withdrawn" or case.withdrawn_after_answer)
        return Withdrawal(requested_at=at) if at and not taken else None

    def _requests(self) -> tuple[RequestOut, ...]:
        words = {request.id: request.text for request in self.answers.requests} if self.answers else {}
        supplied = {given.request_id: given.at for given in filing_of(self.known).supplied}
        return tuple(
            RequestOut(
                id=request.id,
                asked_at=request.asked_at,
                lapses_at=request.lapses_at,
                text=words.get(request.id),
                supplied_at=request.supplied_at or supplied.get(request.id),
                lapsed_at=request.lapsed_at,
            )
            for request in (self.known.routing.requests if self.known.routing else ())
        )

    def _response(self) -> ResponseOut | None:
        response = self.known.routing.response if self.known.routing else None
        if response is None:
            return None
        outcome = self.law.outcome(response.outcome) if self.law else None
        reasons = self.answers.reasons if self.answers and self.answers.response_id == response.id else None
        label = said(outcome.label, self.languages) if outcome else None
        door = door_shown(outcome.door, self.languages) if outcome and outcome.door else None
        return ResponseOut(**response.model_dump(), outcome_label=label, door=door, reasons=reasons)

    def _ratings(self) -> tuple[RatingOut, ...]:
        comments: dict[UUID, str] = {c.response_id: c.text for c in self.papers.comments} if self.papers else {}
        return tuple(RatingOut(**rating.model_dump(), comment=comments.get(rating.response_id)) for rating in filing_of(self.known).ratings)

    def _own_words(self) -> dict[str, Any]:
        if self.papers is None:
            return {}
        return {
            "filer": FilerOut(**self.papers.person.model_dump()),
            "subject": self.papers.subject,
            "narrative": self.papers.narrative,
            "private": self.papers.private,
            "supplied": tuple(TextOut(**text.model_dump()) for text in self.papers.supplied),
        }


def door_shown(door: Door, languages: Sequence[str]) -> DoorOut:
    return DoorOut(label=said(door.label, languages) or "", url=door.url, body=door.body)


def alert_shown(alert: AlertRecord, languages: Sequence[str]) -> AlertOut:
    doors = tuple(door_shown(door, languages) for door in alert.doors)
    return AlertOut(code=alert.code, label=said(alert.label, languages) or "", doors=doors, restricted=alert.desk == "restricted")
