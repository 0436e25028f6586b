"""Warnings and breaches as time passes."""

from dataclasses import replace
from typing import Any

from services.deadlines.domain import Timed, clocks_of
from services.deadlines.passing import alert_at, breach_at, passed
from shared.contracts.states import Case
from tests.deadlines import worlds
from tests.deadlines.worlds import answered, at, case, filing, request, rule

ALERTS = [
    {"code": "d-15", "before": {"n": 15, "unit": "calendar_days"}},
    {"code": "d-5", "before": {"n": 5, "unit": "calendar_days"}},
    {"code": "late-15", "after": {"n": 15, "unit": "calendar_days"}},
]
DUE = "2026-05-01T23:00:00Z"


def clock(state: Case | None = None, **given: Any) -> Timed:
    directory = worlds.directory(worlds.law(rule(alerts=ALERTS, **given)), worlds.calendar())
    (found,) = clocks_of(worlds.header(), filing(), state or case(), directory) or ()
    return found


def fire(given: Timed, when: str) -> tuple[Timed, list[tuple[str, str]]]:
    told = list(passed(given, at(when), at(when)))
    after = replace(given, state=told[-1].clock) if told else given
    return after, [(fired.type, fired.reason) for fired in told]


def test_each_thing_at_its_time_and_once() -> None:
    """Last day 1 May: D-15 begins on 16 April, D-5 on 26 April, D+15 on 16 May, local midnight."""
    seen, now = [], clock()
    steps = ("2026-04-15T22:59:59Z", "2026-04-15T23:00:00Z", "2026-04-15T23:00:00Z", "2026-04-25T23:00:00Z")
    for when in (*steps, "2026-05-01T22:59:59.999Z", DUE, DUE, "2026-05-15T22:59:59Z", "2026-05-15T23:00:00Z", "2026-07-01T00:00:00Z"):
        now, told = fire(now, when)
        seen.append([reason for _, reason in told])
    assert seen == [[], ["answer/d-15"], [], ["answer/d-5"], [], ["answer"], [], [], ["answer/late-15"], []]
    assert (now.state.breached_at, [sent.code for sent in now.state.alerts]) == (at(DUE), ["d-15", "d-5", "late-15"])
    assert (breach_at(now), alert_at(now)) == (None, None)


def test_the_next_moment_is_known_ahead() -> None:
    assert (breach_at(clock()), alert_at(clock())) == (at(DUE), at("2026-04-15T23:00:00Z"))


def test_nothing_is_announced_of_what_is_over() -> None:
    _, told = fire(clock(), DUE)
    assert told == [("deadline-breached", "answer")]


def test_a_breach_and_an_overdue_warning_found_together_come_in_order() -> None:
    _, told = fire(clock(), "2026-06-01T00:00:00Z")
    assert told == [("deadline-breached", "answer"), ("deadline-approaching", "answer/late-15")]


def test_a_clock_that_stopped_in_time_does_nothing_more() -> None:
    stopped = clock(answered("2026-04-01T10:00:00Z"))
    assert (breach_at(stopped), alert_at(stopped)) == (None, None)
    assert fire(stopped, "2026-12-01T00:00:00Z")[1] == []


def test_a_clock_that_stopped_too_late_is_breached_all_the_same_but_warns_no_more() -> None:
    assert fire(clock(answered("2026-05-02T10:00:00Z")), "2026-12-01T00:00:00Z")[1] == [("deadline-breached", "answer")]


def test_no_warning_ahead_while_the_citizen_is_waited_for_but_a_breach_if_nothing_ends_the_pause() -> None:
    """Asked on day 49, 20 April; out to 6 May local: day 60 is 17 May, D-15 would be 2 May, in the pause."""
    open_ = clock(case(requests=[request("a", "2026-04-20T09:00:00Z", "2026-05-05T23:00:00Z")]))
    assert (open_.state.state, open_.state.last_day, alert_at(open_)) == (
        "paused",
        at("2026-05-17T10:00:00Z").date(),
        at("2026-05-31T23:00:00Z"),
    )
    assert fire(open_, "2026-05-03T00:00:00Z")[1] == []
    assert fire(open_, "2026-05-17T23:00:00Z")[1] == [("deadline-breached", "answer")]


def test_a_warning_is_given_again_for_a_later_due_date_and_not_again_for_the_same() -> None:
    warned, _ = fire(clock(), "2026-04-16T10:00:00Z")
    paused = clock(case(requests=[request("a", "2026-04-20T09:00:00Z", "2026-05-05T23:00:00Z", supplied="2026-04-30T09:00:00Z")]))
    later = replace(paused, state=paused.state.model_copy(update={"alerts": warned.state.alerts}))
    assert alert_at(later) == at("2026-04-25T23:00:00Z")  # 11 May, 15 days ahead
    again, told = fire(later, "2026-04-26T10:00:00Z")
    assert told == [("deadline-approaching", "answer/d-15")]
    assert len(again.state.alerts) == 1
    back = replace(clock(), state=clock().state.model_copy(update={"alerts": warned.state.alerts}))
    assert alert_at(back) == at("2026-04-25T23:00:00Z")  # d-5 of 1 May: d-15 has been given


def test_working_days_ahead() -> None:
    alerts = [{"code": "d-5", "before": {"n": 5, "unit": "working_days", "calendar": "ma"}}]
    given = rule(span={"n": 20, "unit": "working_days", "calendar": "ma"}, alerts=alerts, paused_by_requests=False)
    (found,) = (
        clocks_of(worlds.header("2026-06-01T10:00:00Z"), filing(), case(), worlds.directory(worlds.law(given), worlds.calendar())) or ()
    )
    # Last day Monday 29 June; back over 26, 25, 24, 23 to Monday 22.
    assert (found.state.last_day, alert_at(found)) == (at("2026-06-29T10:00:00Z").date(), at("2026-06-21T23:00:00Z"))
