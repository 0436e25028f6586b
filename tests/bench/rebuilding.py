"""The figures derived anew from the whole log, against a bare upsert of the same facts into the same register by one connection."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

import asyncpg

from deploy.local.home import REPO
from deploy.local.processes import clean_environment
from shared.contracts.registry import DEADLINES, INTAKE, ROUTING
from shared.messaging.records import RawRecord
from shared.messaging.tables import CREATE
from tests.bench.bench import AT_ONCE, FILINGS, Bench
from tests.bench.filing import CATCH_UP_SECONDS
from tests.bench.jobs import Posts
from tests.bench.processes import DATABASE
from tests.bench.spread import Figures, Spread

CHUNK = 500
STATES = {INTAKE: ("intake", "filing"), ROUTING: ("routing", "case"), DEADLINES: ("deadlines", "clocks")}
"""Columns of the register by topic, and what a fact calls them."""

_UPSERT = """
    insert into register as r (complaint_id, partition, reference, header, {0}, {0}_version)
    select * from unnest($1::uuid[], $2::int[], $3::text[], $4::jsonb[], $5::jsonb[], $6::int[]) order by 1
    on conflict (complaint_id) do update set {0} = excluded.{0}, {0}_version = excluded.{0}_version
    where excluded.{0}_version > r.{0}_version"""

Row = tuple[UUID, int, str, str, str, int]
Chunks = list[tuple[str, list[Row]]]


async def rebuild(bench: Bench) -> Figures:
    """Facts a second of both, in turns; the register is emptied each time."""
    chunks = await _facts(bench)
    facts = sum(len(rows) for _, rows in chunks)
    bares, rates, fixed = [await _bare(bench, chunks)], [], []
    for n in range(1, bench.form.rebuilds + 1):
        rate, besides = await _rebuilt(bench)
        rates.append(rate)
        fixed.append(besides)
        bares.append(await _bare(bench, chunks))
        told = f"{rate:.0f} facts/s of {facts} and {besides:.1f} s besides, bare upsert {bares[-1]:.0f}/s"
        bench.say(f"rebuild {n}/{bench.form.rebuilds}: {told}")
    beside = [(before + after) / 2 for before, after in pairwise(bares)]
    return {
        "rebuild_facts_per_s": Spread.of(rates),
        "rebuild_besides_s": Spread.of(fixed),
        "bare_upserts_per_s": Spread.of(bares),
        "rebuild_to_bare": Spread.of([rate / bare for rate, bare in zip(rates, beside, strict=True)]),
    }


async def _facts(bench: Bench) -> Chunks:
    """Every fact of the log, read and taken apart beforehand, in the order in which partitions are read."""
    while await bench.facts() < bench.form.facts:
        await bench.measured("filling the log:", "filings", Posts(bench.intake, FILINGS, bench.form.filing_seconds, AT_ONCE))
        await bench.steady(CATCH_UP_SECONDS)
    logs = {topic: await bench.world.records(topic) for topic in STATES}
    return list(_chunks([record for records in logs.values() for record in records]))


def _chunks(records: Sequence[RawRecord]) -> Iterator[tuple[str, list[Row]]]:
    """Of one writer each. One statement cannot write a row twice: a fact whose complaint is in the chunk already begins the next one."""
    ordered = sorted(records, key=lambda record: (record.partition, record.topic, record.offset))
    for topic, group in groupby(ordered, key=lambda record: record.topic):
        held: dict[UUID, Row] = {}
        for row in map(_row, group):
            if len(held) == CHUNK or row[0] in held:
                yield STATES[topic][0], list(held.values())
                held = {}
            held[row[0]] = row
        yield STATES[topic][0], list(held.values())


def _row(record: RawRecord) -> Row:
    fact: dict[str, Any] = json.loads(record.value or b"")
    complaint = fact["complaint"]
    state = json.dumps(fact[STATES[record.topic][1]])
    return UUID(complaint["id"]), record.partition, complaint["reference"], json.dumps(complaint), state, fact["version"]


async def _bare(bench: Bench, chunks: Chunks) -> float:
    store = await asyncpg.connect(bench.world.platform.pg_url(DATABASE, "postgres", "postgresql"))
    try:
        await store.execute("drop table if exists register")
        for statement in CREATE.split(";")[:2]:
            await store.execute(statement)
        began = time.perf_counter()
        for column, rows in chunks:
            await store.execute(_UPSERT.format(column), *map(list, zip(*rows, strict=True)))
        return sum(len(rows) for _, rows in chunks) / (time.perf_counter() - began)
    finally:
        await store.close()


async def _rebuilt(bench: Bench) -> tuple[float, float]:
    """Facts a second as the command itself says it, from its begin at the facts to the last one taken; and the seconds besides.

    These are of the whole command, from its call to its end: Python's start, connecting, the directory, the switch, the emptying.
    """
    environment = clean_environment() | bench.world.platform.env("stats") | {"WASL_LOG_FORMAT": "json"}
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "services.stats", "rebuild"]
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, cwd=REPO, env=environment, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    out, _ = await process.communicate()
    took = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"the rebuild ended with {process.returncode}: {out.decode()[-500:]}")
    told = [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")]
    rebuilt = next(line for line in reversed(told) if line.get("event") == "rebuilt")
    rate = float(rebuilt["records_per_second"])
    return rate, took - rebuilt["records"] / rate
