"""The slow median itself, against numbers computed by hand."""

import pytest

from tests.stats.slow import median


@pytest.mark.parametrize(
    ("answered", "waiting", "expected"),
    [
        ([], [5], None),
        ([3], [], 3),
        ([1, 2, 3, 4], [], 2),
        ([1, 2, 3], [], 2),
        ([4, 10, 70], [10, 27, 71], 70),  # 5/6 · 4/5 · 1/2 = 1/3
        ([1], [1, 1], None),  # those who wait until day 1 are still at risk on it: 2/3
        ([5], [1, 1, 1], 5),  # of those who wait on day 5 all are answered
    ],
)
def test_by_hand(answered: list[int], waiting: list[int], expected: int | None) -> None:
    assert median(answered, waiting) == expected
