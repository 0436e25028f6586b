"""Every due date that was worked out by hand, against the code and against the slow model."""

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.deadlines.domain import Timed, clocks_of, settled
from shared.contracts.calendars import WEEKDAYS, Calendar
from shared.contracts.clocks import shown
from shared.contracts.states import Case, Request
from tests.deadlines import worlds
from tests.deadlines.slow import SlowClock, SlowRequest, SlowSpan, slow_end

TABLE = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
CASES = TABLE["cases"]
NAMES = [case["name"] for case in CASES]
CHANGES = [case for case in CASES if "calendar_change" in case]
REASONS = ({"code": "many-documents", "label": {"fr": "Nombreux documents"}},)


@cache
def the_calendar() -> Calendar:
    return _calendar(TABLE["calendar"]["days_off"], version=1)


def changed(case: dict[str, Any]) -> list[date]:
    """The days off as the case has them in the end: those of the table, and what its change adds and takes away."""
    change = case.get("calendar_change", {})
    return sorted({*TABLE["calendar"]["days_off"], *change.get("add", ())} - set(change.get("remove", ())))


def test_the_table_is_there_and_each_case_is_another() -> None:
    assert len(CASES) >= 60
    assert len({case["name"] for case in CASES}) == len(CASES)
    assert all(len(case["hand"]) > 10 for case in CASES)


def test_each_case_names_where_its_rule_comes_from_and_each_source_is_used() -> None:
    assert all(case["source"] for case in CASES)
    assert {source for case in CASES for source in case["source"]} == set(TABLE["sources"])


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_code_agrees_with_the_hand(case: dict[str, Any]) -> None:
    (clock,) = _clocks(case, _calendar(changed(case), version=2))
    assert (clock.state.last_day, clock.state.due_at, clock.state.state) == (case["last_day"], case["due_at"], case.get("state", "running"))


@pytest.mark.parametrize("case", CHANGES, ids=[case["name"] for case in CHANGES])
def test_what_a_change_of_the_calendar_moves(case: dict[str, Any]) -> None:
    (before,) = _clocks(case, the_calendar())
    assert before.state.last_day == case["before"]
    breached = before.state.model_copy(update={"breached_at": case.get("breached_at")})
    (after,) = settled((breached,), _clocks(case, _calendar(changed(case), version=2)), datetime(2026, 12, 1, tzinfo=UTC))
    assert after.state.last_day == case["last_day"]
    assert shown(after.state, after.stop) == case.get("status", "running")
    assert (after.state.corrected_at is not None) == ("breached_at" in case and case["last_day"] != case["before"])


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_slow_model_agrees_with_the_hand(case: dict[str, Any]) -> None:
    extension = case.get("extension")
    clock = SlowClock(
        zone=TABLE["calendar"]["time_zone"],
        weekly_off=frozenset(WEEKDAYS.index(day) for day in TABLE["calendar"]["weekly_off"]),
        days_off=frozenset(changed(case)),
        start=case["start"],
        span=_span(case["span"]),
        first_day_counts=case.get("first_day_counts", False),
        paused=case.get("paused_by_requests", True),
        requests=tuple(SlowRequest(r["asked"], r["lapses"], r.get("supplied") or r.get("lapsed")) for r in case.get("requests", ())),
        extension=_span(extension["span"]) if extension else None,
        before_due=extension.get("before_due", True) if extension else True,
        granted=tuple(case.get("granted", ())),
    )
    end = slow_end(clock)
    assert (end.last_day, end.due_at, "paused" if end.paused else "running") == (
        case["last_day"],
        case["due_at"],
        case.get("state", "running"),
    )


def test_instants_of_the_table_are_in_utc() -> None:
    assert all(case["due_at"].tzinfo == UTC and isinstance(case["due_at"], datetime) for case in CASES)
    assert all(type(case["last_day"]) is date for case in CASES)


def _calendar(days_off: list[date], version: int) -> Calendar:
    return worlds.calendar(days_off, version, tuple(TABLE["calendar"]["weekly_off"]))


def _clocks(case: dict[str, Any], calendar: Calendar) -> tuple[Timed, ...]:
    extension = case.get("extension")
    rule = worlds.rule(
        span=case["span"],
        first_day_counts=case.get("first_day_counts", False),
        paused_by_requests=case.get("paused_by_requests", True),
        extension={**extension, "reasons": REASONS} if extension else None,
    )
    header = worlds.header().model_copy(update={"filed_at": case["start"]})
    return clocks_of(header, worlds.filing(), _history(case), worlds.directory(worlds.law(rule), calendar)) or ()


def _history(case: dict[str, Any]) -> Case:
    parts: dict[str, Any] = {
        "requests": [_request(n, given) for n, given in enumerate(case.get("requests", ()))],
        "extensions": [worlds.granted(when) for when in case.get("granted", ())],
    }
    return worlds.answered(case["answered_at"].isoformat(), **parts) if "answered_at" in case else worlds.case(**parts)


def _span(given: dict[str, Any]) -> SlowSpan:
    return SlowSpan(given["n"], given["unit"], given.get("roll") == "next_working_day")


def _request(n: int, given: dict[str, Any]) -> Request:
    return Request(
        id=worlds.uuid5(worlds.NAMES, str(n)),
        asked_at=given["asked"],
        lapses_at=given["lapses"],
        supplied_at=given.get("supplied"),
        lapsed_at=given.get("lapsed"),
    )
