"""How far all facts are known: late at worst, never early."""

from datetime import timedelta

from services.deadlines.watermark import Watermarks
from tests.deadlines.worlds import at

INTAKE, ROUTING = ("complaints-intake", 3), ("complaints-routing", 3)
OTHER = ("complaints-intake", 4)
T = at("2026-05-02T00:00:00Z")
GRACE = timedelta(minutes=15)


def marks() -> Watermarks:
    return Watermarks(GRACE, real_grace=2.0)


def second(n: float) -> timedelta:
    return timedelta(seconds=n)


def test_nothing_is_known_before_the_real_grace_has_passed() -> None:
    seen = marks()
    seen.look(100.0, T, {INTAKE: 0})
    seen.look(101.9, T + second(1.9), {INTAKE: 0})
    seen.reach({})
    assert seen.until == {}
    seen.look(102.0, T + second(2), {INTAKE: 0})
    seen.reach({})
    assert seen.until == {3: T + second(2) - GRACE}


def test_on_a_clock_that_jumps_the_real_grace_counts() -> None:
    seen = marks()
    seen.look(100.0, T, {INTAKE: 0})
    for machine in (103.0, 104.9):
        seen.look(machine, T + timedelta(days=60), {INTAKE: 0})
        seen.reach({})
        assert seen.until[3] <= T
    seen.look(105.1, T + timedelta(days=60), {INTAKE: 0})
    seen.reach({})
    assert seen.until[3] == T + timedelta(days=60) - GRACE


def test_a_store_behind_the_ends_holds_the_watermark_where_they_were_seen() -> None:
    seen = marks()
    seen.look(100.0, T, {INTAKE: 5, ROUTING: 7})
    seen.look(102.0, T + second(2), {INTAKE: 5, ROUTING: 7})
    seen.reach({INTAKE: 5, ROUTING: 6})
    assert seen.until == {}
    # The log runs on; it is the ends of the first look that must be reached.
    seen.look(110.0, T + second(10), {INTAKE: 50, ROUTING: 70})
    seen.reach({INTAKE: 5, ROUTING: 7})
    assert seen.until == {3: T + second(2) - GRACE}
    seen.reach({INTAKE: 49, ROUTING: 70})
    assert seen.until == {3: T + second(2) - GRACE}
    seen.look(111.0, T + second(11), {INTAKE: 60, ROUTING: 70})
    seen.reach({INTAKE: 60, ROUTING: 70})
    assert seen.until == {3: T + second(11) - GRACE}


def test_each_partition_has_its_own() -> None:
    seen = marks()
    seen.look(100.0, T, {INTAKE: 1, OTHER: 0})
    seen.look(102.0, T + second(2), {INTAKE: 1, OTHER: 0})
    seen.reach({OTHER: 0})
    assert set(seen.until) == {4}
