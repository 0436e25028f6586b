"""Which clocks there are, who holds them, when they stop, what takes a breach back."""

from typing import Any

import pytest

from services.deadlines.domain import Timed, clocks_of, settled, told
from services.deadlines.passing import passed
from shared.contracts.clocks import shown
from shared.contracts.states import Case, ClockState
from tests.deadlines import worlds
from tests.deadlines.worlds import QUALIFY, SUPPLY, answered, at, case, filing, granted, request, rule

ANSWER = rule()
LAPSES = "2026-03-25T23:00:00Z"
ASKED = "2026-03-10T09:00:00Z"


def clocks(*rules: Any, state: Case | None = None, filed: Any = None, calendar: bool = True) -> dict[str, Timed]:
    directory = worlds.directory(worlds.law(*rules), worlds.calendar() if calendar else None)
    found = clocks_of(worlds.header(), filed or filing(), state, directory)
    assert found is not None
    return {clock.rule.code: clock for clock in found}


def one(*given: Any, **more: Any) -> Timed:
    (clock,) = clocks(*given, **more).values()
    return clock


def breached(clock: Timed, when: str) -> ClockState:
    (fired,) = [fired for fired in passed(clock, at(when), at(when)) if fired.type == "deadline-breached"]
    return fired.clock


def test_a_silent_routing_stops_no_clock_and_the_platform_holds_it() -> None:
    answer = one(ANSWER).state
    assert (answer.holder, answer.body, answer.due_at) == ("platform", None, at("2026-05-01T23:00:00Z"))


def test_a_clock_without_its_calendar_is_pending_and_one_without_its_law_is_not_there() -> None:
    answer = one(ANSWER, calendar=False).state
    assert (answer.state, answer.due_at, answer.starts_at) == ("pending", None, at("2026-03-02T10:00:00Z"))
    assert clocks_of(worlds.header(), filing(), None, worlds.directory(None, worlds.calendar())) is None


@pytest.mark.parametrize(("coded", "codes"), [({"urgent": "yes"}, ["urgent"]), ({"urgent": "no"}, ["calm"]), ({}, ["calm"])])
def test_a_condition_chooses_the_clock(coded: dict[str, str], codes: list[str]) -> None:
    urgent = rule(code="urgent", when={"field": "urgent", "operator": "==", "value": "yes"})
    calm = rule(code="calm", when={"field": "urgent", "operator": "!=", "value": "yes"})
    assert list(clocks(urgent, calm, filed=filing(coded=coded))) == codes


def test_the_body_is_the_one_that_had_the_case_when_the_clock_fell_due() -> None:
    custody = [
        {"body": "first", "since": "2026-03-02T11:00:00Z", "until": "2026-03-05T10:00:00Z"},
        {"body": "second", "since": "2026-03-05T10:00:00Z", "until": "2026-05-03T10:00:00Z"},
        {"body": "too-late-to-blame", "since": "2026-05-03T10:00:00Z"},
    ]
    assert one(ANSWER, state=case(custody=custody[:2])).state.body == "second"
    assert one(ANSWER, state=case(custody=custody)).state.body == "second"
    assert one(ANSWER, state=answered("2026-03-04T10:00:00Z", custody=custody[:1])).state.body == "first"


def test_a_breach_in_triage_stays_with_the_national_desk() -> None:
    late = case(custody=[{"body": "commune", "since": "2026-05-20T10:00:00Z"}])
    assert (one(ANSWER, state=late).state.holder, one(ANSWER, state=late).state.body) == ("platform", None)


@pytest.mark.parametrize(
    ("state", "filed", "stop", "status"),
    [
        (case(), filing(), None, "running"),
        (answered("2026-05-01T22:59:59.999Z"), filing(), "2026-05-01T22:59:59.999Z", "met"),
        (answered("2026-05-01T23:00:00Z"), filing(), "2026-05-01T23:00:00Z", "breached"),
        (
            case(status="withdrawn", closed_at="2026-03-09T10:00:00Z"),
            filing(withdrawn_at="2026-03-08T10:00:00Z"),
            "2026-03-08T10:00:00Z",
            "ended",
        ),
        (case(), filing(withdrawn_at="2026-03-08T10:00:00Z"), "2026-03-08T10:00:00Z", "ended"),
        (None, filing(withdrawn_at="2026-03-08T10:00:00Z"), "2026-03-08T10:00:00Z", "ended"),
        (case(status="lapsed", closed_at="2026-04-09T10:00:00Z"), filing(), "2026-04-09T10:00:00Z", "ended"),
        (
            answered("2026-03-08T10:00:01Z", withdrawn_after_answer=True),
            filing(withdrawn_at="2026-03-08T10:00:00Z"),
            "2026-03-08T10:00:01Z",
            "met",
        ),
        (answered("2026-03-07T10:00:00Z", status="refused"), filing(), "2026-03-07T10:00:00Z", "met"),
    ],
)
def test_what_stops_the_answer_clock(state: Case | None, filed: Any, stop: str | None, status: str) -> None:
    clock = one(ANSWER, state=state, filed=filed)
    assert (clock.stop.at if clock.stop else None) == (at(stop) if stop else None)
    assert shown(clock.state, clock.stop) == status


def test_qualification_stops_its_clock_and_no_other() -> None:
    found = clocks(QUALIFY, ANSWER, state=case(qualified_at="2026-03-10T10:00:00Z"))
    assert {code: shown(clock.state, clock.stop) for code, clock in found.items()} == {"qualify": "met", "answer": "running"}


def test_what_had_happened_before_a_clock_began_stops_it_at_once() -> None:
    clock = one(rule(starts="qualified", stops=["assigned"]), state=case(qualified_at="2026-03-10T10:00:00Z"))
    assert clock.stop
    assert (clock.stop.at, shown(clock.state, clock.stop)) == (at("2026-03-10T10:00:00Z"), "met")


def test_a_clock_that_stopped_stays_as_things_stood_then() -> None:
    open_then = request("a", ASKED, LAPSES, supplied="2026-04-01T10:00:00Z")
    later = request("b", "2026-03-21T10:00:00Z", "2026-04-05T22:00:00Z")
    clock = one(ANSWER, state=answered("2026-03-20T10:00:00Z", requests=[open_then, later]))
    assert (clock.state.state, clock.state.due_at) == ("paused", at("2026-05-17T23:00:00Z"))
    assert clock.state.paused_since == at(ASKED)


class TestRequestClock:
    def test_is_due_when_the_request_lapses_and_belongs_to_the_citizen(self) -> None:
        clock = one(SUPPLY, state=case(requests=[request("a", ASKED, LAPSES)])).state
        assert (clock.holder, clock.body, clock.due_at, clock.starts_at) == ("citizen", None, at(LAPSES), at(ASKED))

    def test_no_request_no_clock(self) -> None:
        assert clocks(SUPPLY, state=case()) == {}

    def test_says_how_it_is_counted_only_where_that_gives_the_same_day(self) -> None:
        same = one(SUPPLY, state=case(requests=[request("a", ASKED, LAPSES)])).state
        other = one(SUPPLY, state=case(requests=[request("a", ASKED, "2026-03-20T12:00:00Z")])).state
        assert [step.code for step in same.why] == ["start", "first_day_out", "span", "last_day"]
        assert [step.code for step in other.why] == ["start", "last_day"]

    def test_follows_the_open_request_that_lapses_first_then_the_next(self) -> None:
        second = request("b", "2026-03-12T09:00:00Z", "2026-03-28T00:00:00Z")
        both = case(requests=[request("a", ASKED, LAPSES), second])
        done = case(requests=[request("a", ASKED, LAPSES, supplied="2026-03-13T09:00:00Z"), second])
        assert one(SUPPLY, state=both).state.starts_at == at(ASKED)
        assert one(SUPPLY, state=done).state.starts_at == second.asked_at

    def test_stays_with_the_request_that_ended_last(self) -> None:
        lapsed = request("a", ASKED, LAPSES, lapsed=LAPSES)
        quick = request("b", "2026-03-12T09:00:00Z", "2026-03-28T00:00:00Z", supplied="2026-03-13T09:00:00Z")
        clock = one(SUPPLY, state=case(requests=[lapsed, quick]))
        assert (clock.state.starts_at, shown(clock.state, clock.stop)) == (at(ASKED), "breached")

    def test_is_met_by_what_intake_has_even_while_routing_is_silent(self) -> None:
        asked = request("a", ASKED, LAPSES)
        clock = one(SUPPLY, state=case(requests=[asked]), filed=filing(supplied=[{"request_id": asked.id, "at": "2026-03-25T22:59:00Z"}]))
        assert shown(clock.state, clock.stop) == "met"
        assert list(passed(clock, at("2026-04-30T00:00:00Z"), at("2026-04-30T00:00:00Z"))) == []


class TestCustodyClock:
    RULE = rule(code="custody", starts="assigned", span={"n": 10, "unit": "calendar_days"}, paused_by_requests=False)

    def test_begins_anew_with_each_custody_and_forgets_the_former_breach(self) -> None:
        first = case(custody=[{"body": "a", "since": "2026-03-02T11:00:00Z"}])
        late = breached(one(self.RULE, state=first), "2026-03-20T10:00:00Z")
        moved = case(
            custody=[
                {"body": "a", "since": "2026-03-02T11:00:00Z", "until": "2026-03-21T10:00:00Z"},
                {"body": "b", "since": "2026-03-21T10:00:00Z"},
            ]
        )
        (clock,) = settled((late,), [one(self.RULE, state=moved)], at("2026-03-21T10:00:00Z"))
        assert (clock.state.body, clock.state.breached_at, clock.state.corrected_at) == ("b", None, None)
        assert clock.state.last_day == at("2026-03-31T10:00:00Z").date()

    def test_ends_where_nobody_has_the_case(self) -> None:
        back = case(custody=[{"body": "a", "since": "2026-03-02T11:00:00Z", "until": "2026-03-05T10:00:00Z"}])
        clock = one(self.RULE, state=back)
        assert (shown(clock.state, clock.stop), clock.state.body) == ("ended", "a")


class TestCorrection:
    NOW = "2026-05-04T10:00:00Z"

    def settle(self, before: Timed, after: Timed) -> ClockState:
        late = breached(before, "2026-05-02T00:00:00Z")
        (clock,) = settled((late,), [after], at(self.NOW))
        return clock.state

    def test_an_answer_in_time_that_was_heard_of_late(self) -> None:
        state = self.settle(one(ANSWER, state=case()), one(ANSWER, state=answered("2026-05-01T22:00:00Z")))
        assert (state.breached_at, state.corrected_at) == (None, at(self.NOW))

    def test_a_late_answer_corrects_nothing(self) -> None:
        state = self.settle(one(ANSWER, state=case()), one(ANSWER, state=answered("2026-05-02T10:00:00Z")))
        assert (state.breached_at, state.corrected_at) == (at("2026-05-02T00:00:00Z"), None)

    @pytest.mark.parametrize(("when", "stands"), [("2026-04-30T10:00:00Z", False), ("2026-05-02T10:00:00Z", True)])
    def test_an_extension_granted_in_time_and_heard_of_late(self, when: str, stands: bool) -> None:
        extendable = rule(extension={"span": {"n": 20, "unit": "calendar_days"}, "reasons": [{"code": "any", "label": worlds.WORDS}]})
        state = self.settle(one(extendable, state=case()), one(extendable, state=case(extensions=[granted(at(when))])))
        assert (state.breached_at is not None) is stands

    def test_a_corrected_clock_can_be_breached_again(self) -> None:
        paused = case(requests=[request("a", ASKED, LAPSES, supplied="2026-03-20T09:00:00Z")])
        before, after = one(ANSWER, state=case()), one(ANSWER, state=paused)
        late = breached(before, "2026-05-02T00:00:00Z")
        (clock,) = settled((late,), [after], at(self.NOW))
        again = breached(clock, "2026-05-12T00:00:00Z")
        assert (again.breached_at, again.corrected_at) == (at("2026-05-12T00:00:00Z"), at(self.NOW))


def test_reasons_and_warnings_alone_are_not_told() -> None:
    state = one(ANSWER, state=case()).state
    assert told([state]) == told([state.model_copy(update={"why": (), "calendar_version": 7})])
    assert told([state]) != told([state.model_copy(update={"body": "other"})])
