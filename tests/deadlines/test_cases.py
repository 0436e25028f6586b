"""Every due date that was worked out by hand, against the code and against the slow model."""

import ast
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.deadlines.domain import clocks_of
from shared.contracts.calendars import WEEKDAYS, Calendar
from shared.contracts.states import Request
from tests.deadlines import slow, worlds
from tests.deadlines.slow import SlowClock, SlowRequest, SlowSpan, slow_end

TABLE = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
CASES = TABLE["cases"]
REASONS = ({"code": "many-documents", "label": {"fr": "Nombreux documents"}},)


@cache
def the_calendar() -> Calendar:
    return worlds.calendar(TABLE["calendar"]["days_off"], weekly_off=tuple(TABLE["calendar"]["weekly_off"]))


def test_the_table_is_there_and_each_case_is_another() -> None:
    assert len(CASES) >= 40
    assert len({case["name"] for case in CASES}) == len(CASES)
    assert all(len(case["hand"]) > 10 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_code_agrees_with_the_hand(case: dict[str, Any]) -> None:
    extension = case.get("extension")
    rule = worlds.rule(
        span=case["span"],
        first_day_counts=case.get("first_day_counts", False),
        paused_by_requests=case.get("paused_by_requests", True),
        extension={**extension, "reasons": REASONS} if extension else None,
    )
    state = worlds.case(
        requests=[_request(n, given) for n, given in enumerate(case.get("requests", ()))],
        extensions=[worlds.granted(when) for when in case.get("granted", ())],
    )
    header = worlds.header().model_copy(update={"filed_at": case["start"]})
    clocks = clocks_of(header, worlds.filing(), state, worlds.directory(worlds.law(rule), the_calendar()))
    assert clocks is not None
    (clock,) = clocks
    assert (clock.state.last_day, clock.state.due_at, clock.state.state) == (case["last_day"], case["due_at"], case.get("state", "running"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_slow_model_agrees_with_the_hand(case: dict[str, Any]) -> None:
    extension = case.get("extension")
    clock = SlowClock(
        zone=TABLE["calendar"]["time_zone"],
        weekly_off=frozenset(WEEKDAYS.index(day) for day in TABLE["calendar"]["weekly_off"]),
        days_off=frozenset(TABLE["calendar"]["days_off"]),
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


def test_the_slow_model_shares_nothing_with_the_code() -> None:
    tree = ast.parse(Path(slow.__file__).read_text(encoding="utf-8"))
    plain = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert plain | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} == {"dataclasses", "datetime", "zoneinfo"}
