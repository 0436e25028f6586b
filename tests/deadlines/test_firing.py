"""What time does to a clock as it was told is what it does to the clock counted anew: the same facts, byte for byte the same meaning."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from services.deadlines import handlers
from services.deadlines.firing import Chunk
from services.deadlines.models import ClockRow
from services.deadlines.store import Ripe
from shared.contracts.directory import Directory
from shared.contracts.events import DeadlinesFact
from shared.contracts.states import Case, Clocks
from shared.messaging.registers import Registers
from shared.messaging.tx import Tx
from tests.deadlines import worlds
from tests.deadlines.histories import History, random_history
from tests.deadlines.worlds import QUALIFY, answered, at, case, filing, header, rule

ALERTS = [
    {"code": "d-15", "before": {"n": 15, "unit": "calendar_days"}},
    {"code": "w-3", "before": {"n": 3, "unit": "working_days", "calendar": "ma"}},
    {"code": "late-15", "after": {"n": 15, "unit": "calendar_days"}},
]
CLOCKS = TypeAdapter(Clocks)
DIRECTORY = worlds.directory(worlds.law(QUALIFY, rule(alerts=ALERTS)), worlds.calendar())


def transaction(now: datetime, directory: Directory = DIRECTORY) -> Tx:
    return Tx(cast(Any, None), "deadlines", now, directory)


def told(registers: Registers, now: datetime, directory: Directory = DIRECTORY) -> handlers.Known:
    tx = transaction(now, directory)
    return handlers._told(handlers._known(registers, tx), tx)


def complaint(state: Case | None = None, **filed: str) -> Registers:
    made = header(**filed)
    return Registers(made.id, 3, made, filing(), 1, state, 1 if state else 0)


def due(known: handlers.Known, until: datetime, directory: Directory = DIRECTORY) -> list[ClockRow]:
    rows = handlers._rows(known, directory)
    return [row for row in rows if any(moment and moment <= until for moment in (row.breach_at, row.alert_at))]


def as_stored(known: handlers.Known, rows: list[ClockRow]) -> Ripe:
    one = known.registers
    states = CLOCKS.dump_json(one.deadlines or (), by_alias=True).decode()
    header = one.header.model_dump_json()
    named = (one.header.reference, one.header.procedure, one.header.recorded_at)
    return Ripe(rows, one.complaint_id, one.partition, *named, header, states, one.deadlines_version)


def facts(tx_told: Any) -> Iterator[tuple[DeadlinesFact, Any]]:
    for one in tx_told:
        yield DeadlinesFact.model_validate_json(one.record.value), one.record.headers


def compare(known: handlers.Known, until: datetime, directory: Directory = DIRECTORY) -> tuple[handlers.Known, int]:
    """Both ways, which must agree where the quick one takes it on itself; the complaint after it, and how many facts it told."""
    tx, rows = transaction(until, directory), due(known, until, directory)
    anew = handlers._passed(handlers._told(handlers._known(known.registers, tx), tx), until, tx)
    chunk = Chunk(tx, until)
    moved = chunk.fire(as_stored(known, rows))
    if moved:
        after = {row.code: row for row in handlers._rows(anew, directory)}
        assert list(facts(chunk.told)) == list(facts(tx._told))
        assert moved == [after[row.code] for row in rows]
    return anew, len(chunk.told)


def lived(known: handlers.Known, start: datetime, directory: Directory = DIRECTORY) -> int:
    """So many facts as time tells quickly in a hundred days, looked at every third."""
    count = 0
    for days in range(0, 100, 3):
        known, quick = compare(known, start + timedelta(days=days, hours=12), directory)
        count += quick
    return count


@pytest.mark.parametrize("state", [None, case(), case(qualified_at="2026-03-03T10:00:00Z")])
def test_an_open_complaint_is_told_of_as_if_it_were_counted_anew(state: Case | None) -> None:
    start = at("2026-03-02T10:00:00Z")
    assert lived(told(complaint(state), start), start) == (5 if state is None or state.qualified_at is None else 4)


def test_random_histories_agree() -> None:
    quick = 0
    for seed in range(60):
        made: History = random_history(seed)
        law = worlds.law(made.rule.model_copy(update={"alerts": rule(alerts=ALERTS[-1:]).alerts}))
        directory = worlds.directory(law, made.calendar)
        known = told(complaint(made.case, filed=made.start.isoformat()), made.start, directory)
        quick += lived(known, made.start, directory)
    assert quick > 60


def test_one_that_was_answered_too_late_is_counted_anew_where_a_warning_would_follow() -> None:
    late = told(complaint(answered("2026-05-02T10:00:00Z")), at("2026-05-02T10:00:00Z"))
    until = at("2026-05-20T10:00:00Z")
    (row,) = [row for row in due(late, until) if row.code == "answer"]
    assert row.alert_at is None
    assert Chunk(transaction(until), until).fire(as_stored(late, [row])) == []


def test_on_a_newer_calendar_or_without_its_law_a_complaint_is_counted_anew() -> None:
    known, until = told(complaint(case()), at("2026-03-02T10:00:00Z")), at("2026-06-01T10:00:00Z")
    stored = as_stored(known, due(known, until))
    law = worlds.law(QUALIFY, rule(alerts=ALERTS))
    for directory in (worlds.directory(law, worlds.calendar(version=2)), worlds.directory(None, worlds.calendar())):
        assert Chunk(transaction(until, directory), until).fire(stored) == []
    assert Chunk(transaction(until), until).fire(stored)


def test_a_row_that_says_otherwise_than_the_fact_is_not_believed() -> None:
    known, until = told(complaint(case()), at("2026-03-02T10:00:00Z")), at("2026-06-01T10:00:00Z")
    rows = due(known, until)
    early = [replace(row, breach_at=row.breach_at and row.breach_at - timedelta(days=1)) for row in rows]
    assert Chunk(transaction(until), until).fire(as_stored(known, early)) == []
