"""What people may decide about a case, and what they may not."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from services.routing.desk import domain, moves, times
from services.routing.desk.refusals import Refused
from shared.contracts.states import Case, ClockState, Custody, Request
from tests.support.desk import NOON, R1, R2, matter, noria_pack, request, routed, waiting
from tests.support.lives import at

LATER = at("2026-03-09")
CLOCK = ClockState(code="answer", holder="body", due_at=at("2026-05-01T23:00:00+00:00"), last_day=at("2026-05-01").date())


def case(**values: Any) -> Case:
    found = routed(**values).case
    assert found
    return found


def answered() -> Case:
    return domain.answer(matter(case()), R1, "favourable", "Done.", LATER)


def refusal(work: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.code, refused.value.status


def test_taking_up_qualifies_once() -> None:
    after = domain.take_up(matter(case()), LATER)
    assert (after.taken_up_at, after.qualified_at, after.status) == (LATER, LATER, "with_body")
    assert refusal(lambda: domain.take_up(matter(after), LATER)) == ("already-taken-up", 409)


def test_what_a_final_rule_qualified_stays_qualified_then() -> None:
    after = domain.take_up(matter(case(public_service="civil-status")), LATER)
    assert (after.qualified_at, after.taken_up_at) == (NOON, LATER)


def test_nobody_takes_up_a_case_that_is_with_nobody() -> None:
    triage = case(public_service=None)
    assert triage.status == "triage"
    assert refusal(lambda: domain.take_up(matter(triage), LATER)) == ("case-in-triage", 409)


def test_a_transfer_ends_one_custody_and_begins_the_next() -> None:
    taken = domain.take_up(matter(case()), NOON)
    after = domain.assign(matter(taken), "body-agent", "ministry-waters", "competence", LATER)
    assert after.custody == (
        Custody(body="water-office", since=NOON, until=LATER, reason="competence"),
        Custody(body="ministry-waters", since=LATER),
    )
    assert (after.body, after.status, after.taken_up_at, after.qualified_at) == ("ministry-waters", "with_body", None, NOON)


def test_what_is_retold_of_a_rule_names_no_body_that_a_person_chose() -> None:
    by_rule, by_final_rule = case(), case(public_service="civil-status")
    for found in (by_rule, by_final_rule):
        assert found.rule
        taken = domain.take_up(matter(found), LATER)
        assert moves.first_by_rule(taken, found.rule) == found.custody[0]
    assert by_rule.rule
    nobody = by_rule.model_copy(update={"body": None, "status": "triage", "custody": ()})
    assigned = domain.assign(matter(nobody), "national-desk", "water-office", None, LATER)
    assert assigned.custody == (Custody(body="water-office", since=LATER),)
    assert moves.first_by_rule(assigned, by_rule.rule) is None


def test_sent_back_to_the_national_desk_a_case_is_in_triage_and_not_qualified_by_that() -> None:
    after = domain.assign(matter(case()), "body-agent", None, "competence", LATER)
    assert (after.body, after.status, after.qualified_at, after.custody[-1].until) == (None, "triage", None, LATER)
    again = domain.assign(matter(after), "national-desk", "ministry-waters", None, LATER)
    assert (again.body, again.status, again.qualified_at, len(again.custody)) == ("ministry-waters", "with_body", LATER, 2)


@pytest.mark.parametrize(
    ("body", "reason", "code"),
    [
        ("ministry-waters", "because", "unknown-reason"),
        ("ministry-waters", None, "unknown-reason"),
        ("no-such-body", "competence", "unknown-body"),
        ("old-water-board", "competence", "closed-body"),
        ("water-office", "competence", "same-body"),
    ],
)
def test_a_transfer_that_names_the_wrong_thing(body: str, reason: str | None, code: str) -> None:
    assert refusal(lambda: domain.assign(matter(case()), "body-agent", body, reason, LATER)) == (code, 422)


def through(*bodies: str) -> Case:
    moved = case()
    for body in bodies:
        moved = domain.assign(matter(moved), "body-agent", body, "competence", LATER)
    return moved


def test_the_third_transfer_needs_the_national_desk() -> None:
    twice = through("ministry-waters", "ministry-towns")
    third = ("commune-prima", "competence", LATER)
    assert refusal(lambda: domain.assign(matter(twice), "body-admin", *third)) == ("needs-national-desk", 409)
    assert domain.assign(matter(twice), "national-desk", *third).body == "commune-prima"
    assert domain.assign(matter(twice), "body-agent", None, "competence", LATER).status == "triage"


def test_a_return_to_a_former_body_needs_the_national_desk() -> None:
    once = through("ministry-waters")
    back = ("water-office", "competence", LATER)
    assert refusal(lambda: domain.assign(matter(once), "body-agent", *back)) == ("needs-national-desk", 409)
    assert domain.assign(matter(once), "national-desk", *back).body == "water-office"


def test_after_twenty_bodies_not_even_the_national_desk_passes_a_case_on() -> None:
    custody = tuple(Custody(body=f"b{n}", since=NOON, until=NOON) for n in range(20))
    full = case().model_copy(update={"custody": custody})
    assert refusal(lambda: domain.assign(matter(full), "national-desk", "ministry-waters", "competence", LATER)) == (
        "too-many-transfers",
        409,
    )


def test_a_request_lapses_at_the_midnight_after_its_fifteenth_day() -> None:
    after = domain.ask(matter(case(), clocks=(CLOCK,)), R1, LATER)
    # 9 March + 15 days is 24 March; Noria's midnight after it is 23:00 UTC.
    assert after.requests == (Request(id=R1, asked_at=LATER, lapses_at=at("2026-03-24T23:00:00+00:00")),)
    assert after.status == "waiting_for_citizen"


def test_a_law_allows_so_many_requests() -> None:
    twice = waiting(case(), request(R1), request(R2))
    assert refusal(lambda: domain.ask(matter(twice), UUID(int=3), LATER)) == ("requests-exhausted", 409)
    observed = case(procedure="observation@1")
    assert refusal(lambda: domain.ask(matter(observed, law="observation@1"), R1, LATER)) == ("requests-exhausted", 409)


def test_no_request_in_the_last_five_days() -> None:
    """The last day is 1 May, so 27 April is the first of the last five; it begins at 23:00 UTC of the day before."""
    asked = matter(case(), clocks=(CLOCK,))
    assert domain.ask(asked, R1, at("2026-04-26T22:59:59+00:00")).requests
    for moment in ("2026-04-26T23:00:00+00:00", "2026-05-01", "2026-06-01"):
        assert refusal(lambda moment=moment: domain.ask(asked, R1, at(moment))) == ("request-too-late", 409)  # type: ignore[misc]


def test_an_extension_is_recorded_even_after_the_due_time_for_deadlines_to_judge() -> None:
    asked = matter(case(procedure="access-to-information@1"), law="access-to-information@1", coded={"urgent": "no"})
    after = domain.extend(asked, "answer", "many-documents", at("2027-01-01"))
    assert [(e.clock, e.reason, e.granted_at) for e in after.extensions] == [("answer", "many-documents", at("2027-01-01"))]
    again = matter(after, law="access-to-information@1", coded={"urgent": "no"})
    assert refusal(lambda: domain.extend(again, "answer", "third-party", LATER)) == ("extensions-exhausted", 409)


@pytest.mark.parametrize(
    ("law", "clock", "reason", "code"),
    [
        ("access-to-information@1", "answer", "holidays", "unknown-reason"),
        ("access-to-information@1", "anwser", "third-party", "unknown-clock"),
        ("access-to-information@1", "answer-urgent", "third-party", "unknown-clock"),
        ("complaint@1", "answer", "third-party", "not-extensible"),
    ],
)
def test_an_extension_that_names_the_wrong_thing(law: str, clock: str, reason: str, code: str) -> None:
    asked = matter(case(procedure=law), law=law, coded={"urgent": "no"})
    assert refusal(lambda: domain.extend(asked, clock, reason, LATER)) == (code, 422)


def test_an_answer_closes_the_case_though_a_request_is_open() -> None:
    after = domain.answer(matter(waiting(case(), request())), R2, "before-court", "It is sub judice.", LATER)
    assert (after.status, after.outcome, after.closed_at, after.qualified_at) == ("refused", "before-court", LATER, LATER)
    assert after.response
    assert (after.response.id, after.response.body, after.response.posted_at) == (R2, "water-office", LATER)
    assert (after.custody[-1].until, after.custody[-1].reason, after.body) == (LATER, "answered", "water-office")


def test_an_answer_needs_a_known_outcome_and_its_reasons() -> None:
    assert refusal(lambda: domain.answer(matter(case()), R1, "maybe", "…", LATER)) == ("unknown-outcome", 422)
    assert refusal(lambda: domain.answer(matter(case()), R1, "favourable", None, LATER)) == ("reasons-missing", 422)
    observed = matter(case(procedure="observation@1"), law="observation@1")
    assert domain.answer(observed, R1, "noted", None, LATER).status == "answered"


def test_nothing_is_decided_about_a_closed_case() -> None:
    closed = matter(answered())
    decisions: list[Callable[[], Case]] = [
        lambda: domain.take_up(closed, LATER),
        lambda: domain.assign(closed, "national-desk", "ministry-waters", "competence", LATER),
        lambda: domain.ask(closed, R1, LATER),
        lambda: domain.extend(closed, "answer", "third-party", LATER),
        lambda: domain.answer(closed, R1, "favourable", "Again.", LATER),
    ]
    assert [refusal(decision) for decision in decisions] == [("case-closed", 409)] * 5


def test_an_amendment_keeps_the_answer_s_id_and_first_time() -> None:
    after = domain.amend(matter(answered()), "before-court", "Corrected.", at("2026-04-01"))
    assert after.response
    assert (after.response.id, after.response.posted_at, after.response.amended_at) == (R1, LATER, at("2026-04-01"))
    assert (after.status, after.outcome, after.closed_at) == ("refused", "before-court", LATER)


def test_there_must_be_an_answer_to_amend() -> None:
    assert refusal(lambda: domain.amend(matter(case()), "favourable", "…", LATER)) == ("not-answered", 409)


def test_the_queue_s_due_date_is_that_of_the_answer() -> None:
    """The clock of qualification, which qualifying stops too, and the citizen's, say nothing of it."""
    law, open_case = noria_pack().directory.procedure("complaint@1"), case()
    sooner = at("2026-03-17T23:00:00+00:00")
    others = (ClockState(code="qualify", holder="platform", due_at=sooner), ClockState(code="supply", holder="citizen", due_at=sooner))
    assert times.due_at(law, open_case, (*others, CLOCK)) == CLOCK.due_at
    assert times.due_at(law, open_case, (*others, CLOCK.model_copy(update={"state": "pending"}))) is None
    assert times.due_at(law, answered(), (*others, CLOCK)) is None
