"""What is counted of one complaint."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.stats.domain import FactRow, fact_row
from shared.contracts.directory import Directory
from shared.contracts.states import ClockState, Custody, RatingGiven
from shared.messaging.registers import Registers
from tests.support.lives import at, life, noria


def row(known: Registers, directory: Directory | None = None) -> FactRow:
    return fact_row(known, directory or noria())


def with_case(known: Registers, update: dict[str, Any]) -> Registers:
    assert known.routing
    return replace(known, routing=known.routing.model_copy(update=update))


def with_ratings(known: Registers, *ratings: RatingGiven) -> Registers:
    assert known.intake
    return replace(known, intake=known.intake.model_copy(update={"ratings": ratings}))


def answer_clock(known: Registers) -> ClockState:
    assert known.deadlines
    return known.deadlines[0]


def test_a_complaint_of_which_only_the_filing_is_known_counts_as_open_at_the_national_desk() -> None:
    found = row(life("2026-01-10", routed=False))
    assert (found.status, found.body, found.due_at, found.days, found.in_time) == ("open", None, None, None, None)
    assert found.public_service == "water-bill"
    assert found.kind == "complaint"


@pytest.mark.parametrize(
    ("filed", "day", "month"),
    [
        ("2026-01-31T22:59:59+00:00", date(2026, 1, 31), date(2026, 1, 1)),
        ("2026-01-31T23:00:00+00:00", date(2026, 2, 1), date(2026, 2, 1)),
    ],
    ids=["before midnight in Noria", "midnight in Noria"],
)
def test_the_cohort_is_the_local_month_of_filing(filed: str, day: date, month: date) -> None:
    found = row(life(filed))
    assert (found.filed_on, found.month) == (day, month)


@pytest.mark.parametrize(
    ("answered", "in_time"),
    [("2026-03-11T22:59:59.999+00:00", True), ("2026-03-11T23:00:00+00:00", False)],
    ids=["the last instant", "the first that is too late"],
)
def test_in_time_means_before_due(answered: str, in_time: bool) -> None:
    # Filed on 10 January: day 60 is 11 March, which ends in Noria at 23:00 UTC.
    assert row(life("2026-01-10", answered=answered)).in_time is in_time


def test_days_are_local_days_and_the_day_of_filing_is_day_0() -> None:
    assert row(life("2026-01-10T22:30:00+00:00", answered="2026-01-10T22:59:00+00:00")).days == 0
    assert row(life("2026-01-10T22:30:00+00:00", answered="2026-01-10T23:01:00+00:00")).days == 1


def test_only_the_clocks_that_only_an_answer_stops_make_an_answer_late() -> None:
    known = life("2026-01-10", answered="2026-02-20")
    answer = answer_clock(known)
    early = at("2026-01-25")
    others = (ClockState(code="qualify", holder="platform", due_at=early), ClockState(code="supply", holder="citizen", due_at=early))
    assert row(replace(known, deadlines=(*others, answer))).due_at == answer.due_at
    assert row(replace(known, deadlines=others)).due_at is None


def test_of_two_answer_clocks_the_earlier_counts() -> None:
    known = life(procedure="access-to-information@1", due="2026-02-10")
    answer = answer_clock(known)
    urgent = ClockState(code="answer-urgent", holder="body", due_at=at("2026-01-13"))
    assert row(replace(known, deadlines=(answer, urgent))).due_at == urgent.due_at


def test_a_refusal_is_an_answer_and_a_withdrawal_is_none() -> None:
    refused = row(life("2026-01-10", answered="2026-01-15", outcome="refused"))
    assert (refused.status, refused.days, refused.in_time) == ("refused", 5, True)
    withdrawn = row(life("2026-01-10", closed="2026-01-15", outcome="withdrawn"))
    assert (withdrawn.status, withdrawn.days, withdrawn.in_time, withdrawn.answered_at) == ("withdrawn", 5, None, None)


def test_a_withdrawal_after_the_answer_leaves_the_answer() -> None:
    known = life("2026-01-10", answered="2026-01-15")
    after = with_case(known, {"withdrawn_after_answer": True})
    assert row(after) == row(known)


def test_an_answer_without_a_clock_is_neither_in_time_nor_late() -> None:
    assert row(life(procedure="observation@1", answered="2027-01-01", due="none")).in_time is None


def test_the_body_that_answered_counts_before_the_one_that_holds_it() -> None:
    known = life(body="water-office", answered="2026-01-20")
    moved = with_case(known, {"body": "ministry-waters"})
    assert row(moved).body == "water-office"


def test_the_public_service_as_qualified_counts_before_the_one_as_filed() -> None:
    known = life(public_service="water-bill")
    qualified = with_case(known, {"public_service": "dams"})
    assert row(qualified).public_service == "dams"


def test_the_last_rating_of_the_present_answer_counts() -> None:
    known = life(answered="2026-01-20", rating=True)
    assert known.intake
    (given,) = known.intake.ratings
    other = RatingGiven(response_id=known.complaint_id, satisfied=False, at=given.at)
    changed = given.model_copy(update={"satisfied": False})
    assert row(known).satisfied is True
    assert row(with_ratings(known, given, other)).satisfied is True
    assert row(with_ratings(known, given, changed)).satisfied is False
    assert row(with_ratings(known, other)).rated is False


def test_a_letter_entered_after_its_due_day_was_entered_late() -> None:
    assert row(life("2026-01-10", recorded="2026-03-12")).entered_late
    assert not row(life("2026-01-10", recorded="2026-03-11")).entered_late


def test_each_body_that_held_it_is_counted_once() -> None:
    known = life()
    custody = tuple(Custody(body=body, since=at("2026-01-10")) for body in ("a", "b", "a"))
    assert row(with_case(known, {"custody": custody})).bodies == 2


def test_a_renewal_names_what_it_renews() -> None:
    assert row(life(renews="7KQ4-XM2N-3")).renewal_of == "7KQ4-XM2N-3"


def test_a_status_of_a_later_release_counts_as_open() -> None:
    known = life()
    assert row(with_case(known, {"status": "on_hold"})).status == "open"


def test_before_the_directory_is_read_nothing_is_said_that_it_decides() -> None:
    known = life("2026-01-31T23:30:00+00:00", answered="2026-02-20")
    without = row(known, Directory())
    assert (without.law_known, without.due_at, without.in_time, without.month) == (False, None, None, date(2026, 1, 1))
    assert row(known).law_known
    assert row(known).month == date(2026, 2, 1)


def test_the_row_does_not_depend_on_an_alert_or_a_breach() -> None:
    known = life("2026-01-10")
    clock = answer_clock(known)
    assert clock.due_at
    breached = clock.model_copy(update={"breached_at": clock.due_at + timedelta(hours=1)})
    assert row(replace(known, deadlines=(breached,))) == row(known)
