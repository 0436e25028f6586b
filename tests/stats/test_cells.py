"""What the public may not see, and cannot compute."""

from hypothesis import assume, given
from hypothesis import strategies as st

from services.stats.cells import Cell, cover


def cells(**counts: int) -> dict[str, Cell]:
    return {key: Cell(n, 1000) for key, n in counts.items()}


def test_rows_of_five_and_more_are_shown() -> None:
    found = cover(cells(a=5, b=6), 5)
    assert (found.hidden, found.dropped) == (set(), set())


def test_one_small_row_takes_the_next_smallest_with_it() -> None:
    assert cover(cells(a=2, b=30, c=8, d=9), 5).hidden == {"a", "c"}


def test_two_rows_of_one_would_be_told_by_their_sum() -> None:
    assert cover(cells(a=1, b=1, c=20, d=30), 5).hidden == {"a", "b", "c"}


def test_two_small_rows_that_hold_a_cell_together_are_enough() -> None:
    assert cover(cells(a=2, b=3, c=20), 5).hidden == {"a", "b"}


def test_what_a_filter_leaves_out_is_protected_too() -> None:
    # 10 of 12: the two others would follow from the row's total without the filter.
    assert cover({"a": Cell(10, 12), "b": Cell(20, 40), "c": Cell(30, 60)}, 5).hidden == {"a", "b"}
    assert cover({"a": Cell(12, 12), "b": Cell(20, 40)}, 5).hidden == set()


def test_rows_that_share_another_total_hide_by_themselves() -> None:
    found = cover({"p": Cell(2, 2, "north"), "q": Cell(40, 40, "north"), "r": Cell(7, 7, "south"), "s": Cell(8, 8, "south")}, 5)
    assert found.hidden == {"p", "q"}


def test_rows_that_hold_less_than_a_cell_all_together_are_not_listed() -> None:
    found = cover(cells(a=1, b=2), 5)
    assert (found.hidden, found.dropped) == (set(), {"a", "b"})


def test_the_least_cell_is_the_procedures() -> None:
    assert cover(cells(a=9, b=10, c=11), 10).hidden == {"a", "b"}


@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.integers(1, 12), min_size=1, max_size=8))
def test_no_small_row_follows_from_the_total(counts: dict[str, int]) -> None:
    """Whoever knows the total, the rows shown and the rule has at least two ways to fill each hidden small row."""
    found = cover(cells(**counts), 5)
    shown = counts.keys() - found.hidden - found.dropped
    assert all(counts[key] >= 5 for key in shown)
    small = [key for key in found.hidden if counts[key] < 5]
    assume(small)
    together = sum(counts[key] for key in found.hidden)
    assert together >= 5
    assert len(found.hidden) >= 2
    assert together > len(found.hidden)  # not all of them are 1
