"""Whole lives beside very many stored complaints, brought into all five stores with COPY, against the same lives before they came."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from deploy.local.environment import SERVICES
from shared.contracts.directory import Directory
from shared.messaging.murmur import partition_of
from shared.runtime.ids import new_reference, uuid7
from tests.bench.bench import Bench, Clock
from tests.bench.lives import lives
from tests.bench.rows import COLUMNS, Tables, rows
from tests.bench.spread import Figures, Spread
from tests.bench.templates import Template, copy_of, templates
from tests.reliability.population import directory_of

CHUNK = 5_000
TELL_EVERY = 50_000


async def stored(bench: Bench, size: int) -> Figures:
    """After `lives`: so many complaints come, then lives again."""
    await _bring_in(bench, size)
    beside = await lives(bench, "stored")
    ratio = bench.known["lives_inserts"] / bench.known["stored_inserts"]
    return {f"stored_{name}": spread for name, spread in beside.items()} | {"stored_to_empty": Spread.of([ratio])}


async def _bring_in(bench: Bench, size: int) -> None:
    now, clock, made = datetime.now(UTC), Clock(), 0
    directory = await directory_of(bench.world.stores["routing"])
    copies = islice(_copies(templates(now, directory)), size)
    while chunk := list(islice(copies, CHUNK)):
        tables = await asyncio.to_thread(_together, chunk, directory, now)
        await asyncio.gather(*(_copy(bench, service, tables[service]) for service in SERVICES))
        made += len(chunk)
        if made % TELL_EVERY == 0 or made == size:
            bench.say(f"{made} of {size} complaints are in all five stores, {clock.seconds:.0f} s after the first")
    for service in SERVICES:
        await bench.world.stores[service].execute("vacuum analyze")


def _copies(of: list[Template]) -> Iterator[Template]:
    """Without end: each template in its turn, under an id and a reference that no other has."""
    references: set[str] = set()
    while True:
        for template in of:
            reference = new_reference()
            while reference in references:
                reference = new_reference()
            references.add(reference)
            id = uuid7(template.registers.header.filed_at)
            yield copy_of(template, id, reference, partition_of(str(id)))


def _together(chunk: list[Template], directory: Directory, now: datetime) -> dict[str, Tables]:
    found = defaultdict[str, Tables](lambda: defaultdict(list))
    for one in chunk:
        for service, tables in rows(one, directory, now).items():
            for table, given in tables.items():
                found[service][table] += given
    return found


async def _copy(bench: Bench, service: str, tables: Tables) -> None:
    store = await bench.world.store(service)
    async with store.transaction():
        for table, given in tables.items():
            await store.copy_records_to_table(table, records=given, columns=COLUMNS[table])
