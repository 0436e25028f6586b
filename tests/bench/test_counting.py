"""What a bench counts, where a slip would make a figure better than it is."""

from uuid import UUID, uuid4

import pytest

from tests.bench.jobs import Answers, Result
from tests.bench.lives import Memory
from tests.bench.spike import failures
from tests.bench.spread import Spread, at_share

A, B = str(UUID(int=1)), str(UUID(int=2))


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([5.0], 0.99, 5.0),
        ([4.0, 3.0, 2.0, 1.0], 0.5, 2.0),
        (list(range(1, 101)), 0.99, 99),
        (list(range(1, 102)), 0.99, 100),
        (list(range(1, 11)), 0.99, 10),  # of few, the worst: never one that is better than it was
        ([], 0.5, 0.0),
    ],
)
def test_a_share_is_the_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert at_share(values, share) == expected


def test_only_a_refusal_that_says_when_is_one_to_come_again() -> None:
    answers = Answers()
    for status, retry_after in ((201, None), (429, "3"), (503, "1"), (503, None), (503, "0"), (503, "soon"), (500, "1"), (0, None)):
        answers.note(status, retry_after, A if status == 201 else None)
    assert (answers.accepted, answers.later, len(answers.wrong)) == ([A], 2, 5)
    assert answers.all == 8


def test_a_receipt_without_a_complaint_is_wrong() -> None:
    answers = Answers()
    answers.note(201, None, None, "{}")
    assert (answers.accepted, len(answers.wrong)) == ([], 1)


@pytest.mark.parametrize(
    ("answers", "stored", "failed"),
    [
        (Answers([A, B], 3), {A, B}, ""),
        (Answers([A]), {A, B}, ""),  # a filing whose answer was lost may be there
        (Answers([A, B]), {A}, "1 accepted filings are not in stats"),
        (Answers([A, A]), {A}, "1 receipts name a complaint that another names too"),
        (Answers([], 0, ["500 no"]), set(), "1 wrong answers, the first: 500 no"),
    ],
)
def test_a_spike_fails_by_what_is_missing_doubled_or_wrong(answers: Answers, stored: set[str], failed: str) -> None:
    found = failures(answers, {"intake": {UUID(A), UUID(B)}, "stats": {UUID(id) for id in stored}})
    assert found == ([failed] if failed else [])


def test_a_rate_counts_every_answer_once() -> None:
    done = Result.of(Answers([str(uuid4()) for _ in range(8)], 1, ["500"]), [0.001] * 9, 2.0)
    assert (done.n, done.rate, done.p50) == (10, 5.0, 1.0)


def test_growth_is_from_the_middle_of_the_run_to_its_end() -> None:
    memory = Memory([{"intake": megabytes} for megabytes in (60.0, 100.0, 104.0, 105.0)])
    assert memory.figures() == {"memory_mb_intake": Spread(105, 105, 105), "memory_growth_intake": Spread(5, 5, 5)}
