"""Whatever way facts arrive, a store ends with the same registers, and each service with the same rows."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings

from shared.contracts.events import Fact
from shared.messaging.registers import WRITERS, Change, Registers, newest
from tests.messaging.derived import five
from tests.messaging.histories import ACTS, BEGIN, Delivery, deliveries, history

AFTER_ALL = BEGIN + timedelta(days=90)


class Stores:
    """The engine's registers, as the upsert in registers.py keeps them, and five services behind them."""

    def __init__(self) -> None:
        self.registers: dict[UUID, Registers] = {}
        self.services = five(AFTER_ALL)

    def batch(self, facts: Iterable[Fact]) -> list[Change]:
        rows = newest((0, one) for one in facts)
        changes = [change for row in rows if (change := self._upsert(row))]
        for service in self.services.values():
            for change in changes:
                service.take(change)
        return changes

    def _upsert(self, row: Registers) -> Change | None:
        before = after = self.registers.get(row.complaint_id)
        for writer in WRITERS:
            if row.version(writer) > (after.version(writer) if after else 0):
                after = (after or Registers.new(row.header, 0)).with_state(writer, getattr(row, writer), row.version(writer))
        if after is None or after == before:
            return None
        self.registers[row.complaint_id] = after
        return Change(row.complaint_id, after)


def delivered(batches: Sequence[Sequence[Fact]]) -> Stores:
    stores = Stores()
    for facts in batches:
        stores.batch(facts)
    return stores


@settings(max_examples=400, deadline=None)
@given(deliveries())
def test_shuffled_repeated_cut_anywhere_and_one_parked(delivery: Delivery) -> None:
    told = delivered([[one] for one in delivery.told])
    arrived = delivered([*delivery.batches, delivery.late])
    assert arrived.registers == told.registers
    for name in told.services:
        assert arrived.services[name].rows() == told.services[name].rows(), name


@settings(max_examples=100, deadline=None)
@given(deliveries())
def test_what_is_there_already_changes_nothing(delivery: Delivery) -> None:
    stores = delivered([delivery.told])
    for facts in delivery.batches:
        assert stores.batch(facts) == []


def test_the_histories_reach_every_fact_and_every_ending() -> None:
    """What the strategy draws from is worth something only if a life can get everywhere."""
    long = ["move to water-office", "take up", "count", "ask", "warn", "supply", "receive", "extend", "count", "breach or correct"]
    told = history(0, [*long, "breach or correct", "answer", "rate", "withdraw", "close", "erase"])
    assert {type(one).__name__ for one in told} == {"IntakeFact", "RoutingFact", "DeadlinesFact"}
    assert len(told) == 17
    assert set(ACTS) - {*long, "answer", "rate", "withdraw", "close", "erase"} == {"move to commune-prima", "move to commune-quarta"}
    withdrawn = delivered([history(1, ["withdraw", "close"])])
    assert [known.routing and known.routing.status for known in withdrawn.registers.values()] == ["withdrawn"]


@pytest.mark.parametrize("service", five(AFTER_ALL))
def test_every_service_derives_something(service: str) -> None:
    """Empty equals empty: so each is shown to hold rows that differ before and after an answer."""
    begun = ["move to water-office", "count"]
    before = delivered([history(0, begun)]).services[service].rows()
    after = delivered([history(0, [*begun, "answer"])]).services[service].rows()
    assert len(before) == len(after) == 1
    assert before != after


def test_a_service_that_counts_arrivals_is_caught() -> None:
    """The harness can fail: a derivation that looks at what arrived, not at what is."""

    class Arrivals:
        def __init__(self) -> None:
            self.seen: dict[UUID, int] = {}

        def take(self, change: Change) -> None:
            self.seen[change.complaint_id] = self.seen.get(change.complaint_id, 0) + 1

    facts = history(0, ["move to water-office", "answer"])
    apart, together = Arrivals(), Arrivals()
    for stores, batches, arrivals in ((Stores(), [[one] for one in facts], apart), (Stores(), [facts], together)):
        for batch in batches:
            for change in stores.batch(batch):
                arrivals.take(change)
    assert apart.seen != together.seen
