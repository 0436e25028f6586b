"""The citizen's total and each body's custody: one follows the other, and together they are the whole."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.elapsed import elapsed
from tests.deadlines import worlds
from tests.deadlines.worlds import at

CALENDAR = worlds.calendar()


def test_a_transfer_starts_a_body_s_clock_and_not_the_citizen_s() -> None:
    """Filed 2 March; routed at once; passed on on 10 March; in triage from 12 to 15 March; answered on 1 April."""
    custody = [
        {"body": "a", "since": "2026-03-02T10:00:00Z", "until": "2026-03-10T10:00:00Z", "reason": "competence"},
        {"body": "b", "since": "2026-03-10T10:00:00Z", "until": "2026-03-12T10:00:00Z", "reason": "competence"},
        {"body": "c", "since": "2026-03-15T10:00:00Z", "until": "2026-04-01T10:00:00Z", "reason": "answered"},
    ]
    found = elapsed(
        worlds.header(), worlds.filing(), worlds.answered("2026-04-01T10:00:00Z", custody=custody), CALENDAR, at("2026-06-01T00:00:00Z")
    )
    assert found.days == 30
    assert [(turn.body, turn.days) for turn in found.turns] == [("a", 8), ("b", 2), (None, 3), ("c", 17)]
    assert found.until == found.turns[-1].until == at("2026-04-01T10:00:00Z")


def test_before_anybody_has_it_the_total_runs_already() -> None:
    found = elapsed(worlds.header(recorded="2026-03-20T10:00:00Z"), worlds.filing(), None, CALENDAR, at("2026-03-20T10:00:00Z"))
    assert (found.days, found.until, [(turn.body, turn.days, turn.until) for turn in found.turns]) == (18, None, [(None, 18, None)])


def test_a_day_is_a_local_date() -> None:
    """In Ramadan local time is UTC, else an hour ahead: 31 March 23:30 UTC is 1 April."""
    before, after = (
        elapsed(worlds.header("2026-03-31T22:30:00Z"), worlds.filing(), None, CALENDAR, at(now)).days
        for now in ("2026-03-31T22:59:59Z", "2026-03-31T23:30:00Z")
    )
    assert (before, after) == (0, 1)


def test_a_withdrawal_ends_it_before_routing_has_recorded_it() -> None:
    found = elapsed(
        worlds.header(), worlds.filing(withdrawn_at="2026-03-05T10:00:00Z"), worlds.case(), CALENDAR, at("2026-04-01T10:00:00Z")
    )
    assert (found.days, found.until) == (3, at("2026-03-05T10:00:00Z"))


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 3000)), max_size=5), st.booleans(), st.integers(0, 90_000)
)
def test_turns_follow_one_another_and_add_up(drawn: list[tuple[int, int, int]], closed: bool, passed: int) -> None:
    start, custody = at("2026-03-02T10:00:00Z"), []
    moment = start
    for gap, length, _ in drawn:
        since = moment + timedelta(minutes=gap)
        moment = since + timedelta(minutes=length)
        custody.append({"body": "a", "since": since, "until": moment, "reason": "competence"})
    if custody and not closed:
        custody[-1] |= {"until": None, "reason": None}
    case = worlds.case(custody=custody, **({"status": "answered", "closed_at": moment} if closed else {}))
    found = elapsed(worlds.header(), worlds.filing(), case, CALENDAR, start + timedelta(minutes=passed))
    assert found.days == sum(turn.days for turn in found.turns)
    assert found.turns[0].since == start
    assert all(one.until == other.since for one, other in pairwise(found.turns))
    assert found.turns[-1].until == found.until
