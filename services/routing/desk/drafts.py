"""The answer before it is given: who wrote it, who approved it, in as many steps as the procedure has. Pure.

An approval is of the words as they stand: whoever writes anew begins again. Drafts are no facts, and none is told.
"""

from datetime import datetime
from typing import Literal

from services.routing.desk.domain import NATIONAL_DESK, Matter, amendable, chosen_outcome
from services.routing.desk.refusals import conflict
from shared.contracts.base import Contract, Instant
from shared.contracts.procedures import Procedure

STEPS = {"none": 0, "one": 1, "two": 2}
"""How many people approve an answer, by the procedure's `approval`."""


class Draft(Contract):
    """version: of this draft, raised by each change. writers, approvers: each `sub` that had a hand in these words."""

    version: int
    body: str | None
    state: Literal["draft", "submitted", "approved", "returned"]
    outcome: str
    reasons: str | None = None
    writers: tuple[str, ...]
    approvers: tuple[str, ...] = ()
    comment: str | None = None
    at: Instant


def write(matter: Matter, before: Draft | None, sub: str, outcome: str, reasons: str | None, now: datetime) -> Draft:
    """The words as they are to be now; reasons may still be missing. 422: unknown-outcome. 409: not-answered, answered-by-law.

    For a closed case it is the draft of an amendment.
    """
    if not matter.case.open:
        amendable(matter)
    chosen_outcome(matter.law, outcome, reasons or "later")
    writers = (*(before.writers if before else ()), sub)
    version = before.version + 1 if before else 1
    words = {"outcome": outcome, "reasons": reasons, "writers": tuple(dict.fromkeys(writers))}
    return Draft(version=version, body=matter.case.body, state="draft", at=now, **words)  # type: ignore[arg-type]


def submit(matter: Matter, draft: Draft, now: datetime) -> Draft:
    """Gives it to who approves; where nobody needs to, it is approved. 422: reasons-missing. 409: submitted-already."""
    if draft.state in ("submitted", "approved"):
        raise conflict("submitted-already", "This draft has been submitted: wait for the approval, or write it anew.")
    chosen_outcome(matter.law, draft.outcome, draft.reasons)
    return _approved(matter.law, draft, (), now)


def approve(matter: Matter, draft: Draft, sub: str, role: str, now: datetime) -> Draft:
    """One more approval. 409: not-submitted, own-draft, approved-by-you, not-your-answer."""
    _may_judge(matter, draft, role)
    if sub in draft.writers:
        raise conflict("own-draft", "You wrote this draft: another person approves it.")
    if sub in draft.approvers:
        raise conflict("approved-by-you", "You have approved this draft: the second approval is another person's.")
    return _approved(matter.law, draft, (*draft.approvers, sub), now)


def give_back(matter: Matter, draft: Draft, role: str, comment: str, now: datetime) -> Draft:
    """Back to who wrote it, with what is to be changed. 409: not-submitted, not-your-answer."""
    _may_judge(matter, draft, role)
    return draft.model_copy(update={"version": draft.version + 1, "state": "returned", "approvers": (), "comment": comment, "at": now})


def must_be_approved(law: Procedure, draft: Draft | None, outcome: str, reasons: str | None) -> None:
    """409 approval-missing: the procedure wants an approval, and these very words have none."""
    if STEPS[law.approval] and not (draft and draft.state == "approved" and (draft.outcome, draft.reasons) == (outcome, reasons)):
        detail = f"{law.ref} wants this answer approved: draft it, submit it, and post it as it was approved."
        raise conflict("approval-missing", detail)


def _may_judge(matter: Matter, draft: Draft, role: str) -> None:
    if role == NATIONAL_DESK and matter.case.body:
        raise conflict("not-your-answer", "A body has this case: that body approves its own answers.")
    if draft.state != "submitted":
        raise conflict("not-submitted", "This draft does not wait for an approval: read it again.")


def _approved(law: Procedure, draft: Draft, approvers: tuple[str, ...], now: datetime) -> Draft:
    state = "approved" if len(approvers) >= STEPS[law.approval] else "submitted"
    return draft.model_copy(update={"version": draft.version + 1, "state": state, "approvers": approvers, "comment": None, "at": now})
