"""When the wall clock is believed: held against a monotonic clock and the database's, all three in the test's hands."""

import pytest

from shared.runtime.jumps import STEP_SECONDS, WallWatch

AGREED = 60.0
HOUR = 3600.0


class Times:
    """True time passes for all; `set_by` is what somebody has set the wall clock by."""

    def __init__(self) -> None:
        self.true, self.set_by = 1_000_000.0, 0.0
        self.watch = WallWatch(self.wall, AGREED, monotonic=lambda: self.true)

    def wall(self) -> float:
        return self.true + self.set_by

    def round(self, seconds: float = 0.2, confirmed: float | None = None) -> bool:
        """As the loop does it; returns whether the clock is believed."""
        self.true += seconds
        self.watch.look()
        if self.watch.doubted:
            self.watch.compare(self.wall(), self.true, confirmed)
        return not self.watch.doubted


@pytest.fixture
def times() -> Times:
    times = Times()
    assert times.watch.doubted
    assert times.round()
    return times


@pytest.mark.parametrize("jump", [HOUR, -HOUR, STEP_SECONDS + 0.1, -STEP_SECONDS - 0.1])
def test_a_jump_is_doubted_until_both_have_agreed_for_long(times: Times, jump: float) -> None:
    times.set_by = jump
    assert not times.round()
    assert times.watch.jump == pytest.approx(jump)
    assert not any(times.round(10) for _ in range(30))
    times.set_by = 0
    assert not times.round()
    assert [times.round(10) for _ in range(7)] == [False] * 5 + [True] * 2


def test_agreement_that_is_interrupted_begins_anew(times: Times) -> None:
    times.set_by = HOUR
    times.round()
    for set_by, seconds in ((0, 50), (HOUR, 0.2), (0, 50), (0, 50)):
        times.set_by = set_by
        assert not times.round(seconds)
    assert times.round(20)


def test_an_operators_word_ends_the_doubt_and_holds_for_the_jump_before_it_only(times: Times) -> None:
    before = times.true
    times.set_by = -HOUR
    assert not times.round(confirmed=before)
    word = times.true + 1
    assert times.round(2, confirmed=word)
    times.set_by = 0
    assert not times.round(confirmed=word)


def test_time_that_only_passes_drifts_or_is_slewed_is_believed(times: Times) -> None:
    assert times.round(HOUR)  # a process that was frozen
    for _ in range(100):
        times.set_by += STEP_SECONDS * 0.9
        assert times.round()


def test_a_clock_that_is_wrong_from_the_start_is_doubted() -> None:
    times = Times()
    times.set_by = HOUR
    assert not times.round()
    assert times.watch.jump == pytest.approx(HOUR)
    times.set_by = 0
    assert [times.round(30) for _ in range(3)] == [False, False, True]


def test_a_look_during_which_the_process_stood_still_is_repeated() -> None:
    stops = iter([0.0, 8.0])
    times = Times()

    def wall() -> float:
        read = times.wall()
        times.true += next(stops, 0.0)
        return read

    times.watch.wall = wall
    assert times.watch.look() == 0.0
    assert times.watch.look() == 0.0
