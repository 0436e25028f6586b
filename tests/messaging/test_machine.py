"""Thousands of histories of complaints through a platform to which everything happens, and proof that a broken one is found out.

Hypothesis takes fixed seeds in CI; elsewhere new ones each time, and it prints how to repeat a failure.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from services.deadlines.watermark import Watermarks
from shared.messaging.registers import WRITERS, Change, Registers
from tests.messaging.machine import Machine
from tests.messaging.memory import State, put_in_place_of_sql
from tests.messaging.simulated import World

EXAMPLES, STEPS = 420, 16
AS_FEW = settings(
    max_examples=120,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def finished() -> Iterator[list[World]]:
    with pytest.MonkeyPatch.context() as patch:
        put_in_place_of_sql(patch)
        Machine.finished = []
        yield Machine.finished


@pytest.mark.timeout(400)
def test_whatever_happens_nothing_is_lost_doubled_or_too_early(finished: list[World]) -> None:
    many = settings(AS_FEW, max_examples=EXAMPLES, print_blob=True, phases=list(Phase), derandomize=settings().derandomize)
    run_state_machine_as_test(Machine, settings=many)
    acts = Counter(name for world in finished for name, _, _ in world.accepted)
    kinds = Counter(step.kind for world in finished for step in world.steps)
    print(f"{len(finished)} runs: {dict(acts)}, {dict(kinds)}")
    assert acts["file"] > 1_000
    assert min(acts[act] for act in ("withdraw", "supply", "rate", "erase", "take up", "ask", "extend", "transfer", "answer", "amend")) > 5
    assert min(kinds[kind] for kind in ("batch", "cut", "deed", "fire", "replay")) > 50


def by_arrival(self: State, row: Registers) -> Change | None:
    before = self.registers.get(row.complaint_id)
    after = before or Registers.new(row.header, row.partition)
    for writer in WRITERS:
        if row.version(writer):
            after = after.with_state(writer, getattr(row, writer), row.version(writer))
    self.registers[row.complaint_id] = after
    return None if after == before else Change(row.complaint_id, after)


def keeping(rows: str) -> Callable[[State], State]:
    """A transaction in which these rows are not taken back with the others."""
    copy = State.copy

    def leaking(self: State) -> State:
        made = copy(self)
        setattr(made, rows, getattr(self, rows))
        return made

    return leaking


def at_once(self: Watermarks, machine: float, legal: datetime, ends: Any) -> None:
    self.until |= dict.fromkeys({partition for _, partition in ends}, legal)


def forgetting(self: State, ids: Sequence[Any], at: datetime) -> set[Any]:
    self.private = {key: doc for key, doc in self.private.items() if key[1] not in ids}
    return set(ids)


def lazily(self: State, rows: Sequence[Any]) -> None:
    """Rows of what has closed already are left as they are."""
    self.facts |= {row.complaint_id: row for row in rows if row.complaint_id not in self.facts or row.status == "open"}


@pytest.mark.parametrize(
    ("owner", "name", "broken"),
    [
        pytest.param(State, "_fold", by_arrival, id="registers fold by arrival"),
        pytest.param(State, "copy", keeping("positions"), id="positions are not rolled back"),
        pytest.param(State, "copy", keeping("outbox"), id="facts are told that were rolled back"),
        pytest.param(Watermarks, "look", at_once, id="clocks are breached before the watermark"),
        pytest.param(State, "private_erase", forgetting, id="the erased are not remembered"),
        pytest.param(State, "stats_upsert", lazily, id="rows are not derived anew"),
    ],
)
def test_a_broken_platform_is_found_out(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, broken: Any) -> None:
    monkeypatch.setattr(owner, name, broken)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Machine, settings=AS_FEW)
