"""Drafts of an answer: who may approve what, how often, and what of it holds."""

from collections.abc import Callable
from typing import Any

import pytest

from services.routing.desk import domain, drafts
from services.routing.desk.domain import Matter
from services.routing.desk.drafts import Draft
from services.routing.desk.refusals import Refused
from shared.contracts.procedures import Procedure
from shared.contracts.states import Case, Request
from tests.support.desk import NOON, R1, R2, filing, matter, noria_pack, request, routed, waiting, with_law
from tests.support.lives import at

LATER = at("2026-03-09")


def under(approval: str, case: Case | None = None) -> Matter:
    """A case whose procedure wants so many approvals."""
    law = with_law(approval=approval).procedure("complaint@1")
    found = case or routed().case
    assert isinstance(law, Procedure)
    assert found
    return Matter(found, law, filing(), (), noria_pack().directory)


def submitted(about: Matter, *writers: str) -> Draft:
    draft: Draft | None = None
    for writer in writers:
        draft = drafts.write(about, draft, writer, "favourable", "Corrected.", NOON)
    assert draft
    return drafts.submit(about, draft, NOON)


def refusal(work: Callable[..., Any], *given: Any) -> tuple[str, int]:
    with pytest.raises(Refused) as refused:
        work(*given)
    return refused.value.code, refused.value.status


def test_without_steps_a_submitted_draft_is_approved() -> None:
    about = under("none")
    assert submitted(about, "a").state == "approved"
    drafts.must_be_approved(about.law, None, "favourable", "Whatever.")


@pytest.mark.parametrize(("approval", "approvers"), [("one", ["b"]), ("two", ["b", "c"])])
def test_it_is_approved_by_as_many_as_the_procedure_wants(approval: str, approvers: list[str]) -> None:
    about, words = under(approval), ("favourable", "Corrected.")
    draft = submitted(about, "a")
    for approver in approvers:
        assert draft.state == "submitted"
        assert refusal(drafts.must_be_approved, about.law, draft, *words) == ("approval-missing", 409)
        draft = drafts.approve(about, draft, approver, "approver", LATER)
    assert (draft.state, list(draft.approvers), draft.version) == ("approved", approvers, 2 + len(approvers))
    drafts.must_be_approved(about.law, draft, *words)
    assert refusal(drafts.must_be_approved, about.law, draft, "favourable", "Other words.") == ("approval-missing", 409)
    assert refusal(drafts.must_be_approved, about.law, draft, "unfounded", "Corrected.") == ("approval-missing", 409)
    assert refusal(drafts.approve, about, draft, "d", "approver", LATER) == ("not-submitted", 409)


def test_nobody_approves_what_they_wrote_or_twice() -> None:
    about = under("two")
    draft = submitted(about, "a", "b", "a")
    assert draft.writers == ("a", "b")
    for writer in draft.writers:
        assert refusal(drafts.approve, about, draft, writer, "approver", LATER) == ("own-draft", 409)
    once = drafts.approve(about, draft, "c", "approver", LATER)
    assert refusal(drafts.approve, about, once, "c", "approver", LATER) == ("approved-by-you", 409)


def test_whoever_writes_anew_begins_again() -> None:
    about = under("one")
    approved = drafts.approve(about, submitted(about, "a"), "b", "approver", LATER)
    anew = drafts.write(about, approved, "b", "favourable", "Corrected.", LATER)
    assert (anew.state, anew.approvers, anew.version) == ("draft", (), approved.version + 1)
    assert refusal(drafts.must_be_approved, about.law, anew, "favourable", "Corrected.") == ("approval-missing", 409)
    again = drafts.submit(about, anew, LATER)
    assert refusal(drafts.approve, about, again, "b", "approver", LATER) == ("own-draft", 409)


def test_what_is_given_back_waits_for_its_writer() -> None:
    about = under("one")
    back = drafts.give_back(about, submitted(about, "a"), "approver", "Which counter?", LATER)
    assert (back.state, back.comment) == ("returned", "Which counter?")
    assert refusal(drafts.approve, about, back, "b", "approver", LATER) == ("not-submitted", 409)
    assert drafts.submit(about, back, LATER).comment is None


def test_the_national_desk_approves_no_body_s_answer() -> None:
    about = under("one")
    draft = submitted(about, "a")
    assert refusal(drafts.approve, about, draft, "b", "national-desk", LATER) == ("not-your-answer", 409)
    assert refusal(drafts.give_back, about, draft, "national-desk", "No.", LATER) == ("not-your-answer", 409)
    triage = under("one", routed(public_service=None).case)
    assert drafts.approve(triage, submitted(triage, "a"), "b", "national-desk", LATER).state == "approved"


def test_a_draft_may_wait_for_its_reasons_and_a_submission_not() -> None:
    about = under("one")
    assert refusal(drafts.write, about, None, "a", "perhaps", None, NOON) == ("unknown-outcome", 422)
    draft = drafts.write(about, None, "a", "favourable", None, NOON)
    assert refusal(drafts.submit, about, draft, NOON) == ("reasons-missing", 422)
    whole = drafts.submit(about, drafts.write(about, draft, "a", "favourable", "Corrected.", NOON), NOON)
    assert refusal(drafts.submit, about, whole, NOON) == ("submitted-already", 409)


def test_an_answered_case_takes_the_draft_of_an_amendment_and_another_closed_one_none() -> None:
    found = routed().case
    assert found
    answered = domain.answer(matter(found), R1, "favourable", "Corrected.", LATER)
    assert submitted(under("one", answered), "a").state == "submitted"
    withdrawn = found.model_copy(update={"status": "withdrawn"})
    assert refusal(submitted, under("one", withdrawn), "a") == ("not-answered", 409)


def test_a_case_whose_request_lapsed_may_be_closed() -> None:
    found = routed().case
    assert found
    lapses = request().lapses_at
    lapsed = request().model_copy(update={"lapsed_at": lapses})
    after = domain.close_lapsed(matter(_back(found, lapsed)), LATER)
    assert (after.status, after.outcome, after.closed_at, after.custody[-1].reason) == ("lapsed", "lapsed", LATER, "lapsed")
    supplied = lapsed.model_copy(update={"supplied_at": lapses})
    for requests in ((), (request(),), (supplied,), (lapsed, request(R2))):
        assert refusal(domain.close_lapsed, matter(_back(found, *requests)), LATER) == ("nothing-lapsed", 409)
    assert refusal(domain.close_lapsed, matter(after), LATER) == ("case-closed", 409)


def _back(case: Case, *requests: Request) -> Case:
    return waiting(case, *requests).model_copy(update={"status": "with_body"})
