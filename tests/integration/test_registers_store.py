"""The same as the property test of the registers, through the engine and PostgreSQL: the upsert keeps what the pure fold keeps."""

import random
from uuid import UUID

from services.stats.domain import FactRow, fact_row
from services.stats.models import COLUMNS
from shared.contracts.events import Fact
from shared.messaging import registers
from shared.messaging.registers import Registers, newest
from tests.messaging.histories import ACTS, history, is_last
from tests.support.lives import noria
from tests.support.stores import Bench, Opener


async def test_forty_lives_shuffled_repeated_and_parked_end_as_they_were_told(open_store: Opener) -> None:
    bench: Bench = await open_store("stats")
    draw = random.Random(20260105)
    told = [fact for number in range(40) for fact in history(number, draw.choices(list(ACTS), k=14))]
    arriving = [fact for fact in told if is_last(fact, told) or draw.random() > 0.1]
    assert len(arriving) < len(told), "nothing was parked"
    arriving += draw.sample(told, 60)
    draw.shuffle(arriving)
    while arriving:
        size = draw.randrange(1, 40)
        await bench.deliver(*arriving[:size])
        del arriving[:size]
    expected = _fold(told)
    async with bench.node.read() as conn:
        stored = await registers.load(conn, list(expected), lock=False)
    assert {id: _without_place(known) for id, known in stored.items()} == expected
    assert await _fact_rows(bench) == {id: fact_row(known, noria()) for id, known in expected.items()}


async def test_any_text_for_a_reference_stays_in_its_own_row(open_store: Opener) -> None:
    """What parts the values of a column on their way to the store may stand in what another service wrote."""
    bench: Bench = await open_store("stats")
    first, second = history(1, ["take up"])[0], history(2, ["take up"])[0]
    odd = first.complaint.model_copy(update={"reference": "A\x1fB\x1f"})
    await bench.deliver(first.model_copy(update={"complaint": odd}), second)
    async with bench.node.read() as conn:
        stored = await registers.load(conn, [odd.id, second.complaint.id], lock=False)
    assert {id: known.header for id, known in stored.items()} == {odd.id: odd, second.complaint.id: second.complaint}
    assert all(known.intake and not known.routing for known in stored.values())


def _fold(facts: list[Fact]) -> dict[UUID, Registers]:
    return {known.complaint_id: known for known in newest((0, fact) for fact in facts)}


def _without_place(known: Registers) -> Registers:
    return Registers(**{**vars(known), "partition": 0})


async def _fact_rows(bench: Bench) -> dict[UUID, FactRow]:
    rows = await bench.execute(f"select {', '.join(COLUMNS)} from complaint_fact")
    return {row.complaint_id: FactRow(**row._mapping) for row in rows}
