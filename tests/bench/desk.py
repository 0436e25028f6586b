"""A desk beside 200,000 cases of two years: its queue, and the search by reference, phone, name and words, over HTTP.

The body asked has two fifths of all cases; words are looked for among its last 90 days. frequent is in a third of the complaints,
rare in one of some thousand.
"""

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg

from services.routing.desk.names import name_key
from shared.contracts.registry import PAPERS
from shared.messaging.transport import partition_of
from shared.runtime.ids import new_reference, uuid7
from tests.bench.bench import Bench
from tests.bench.spread import Figures, of_latencies
from tests.support.wire import Wire

SIZE, DAYS, CHUNK, TRIES = 200_000, 730, 10_000, 120
BODY = "water-office"
BODIES = (BODY, BODY, "ministry-waters", "commune-prima", "ministry-towns")
FIRST = ("Amal", "Nour", "Omar", "Salma", "Hajar", "Karim", "Imane", "Fatima", "Mohamed", "Khadija", "محمد", "فاطمة", "أحمد", "خديجة")
LAST = [
    f"{a}{b}" for a in ("Ben", "Al", "El", "Ou", "Tah", "Zer", "Kab", "Fas") for b in ("nani", "aoui", "bari", "ssef", "iri", "mlal", "idi")
]
VOCABULARY = [f"{a}{b}{c}" for a in ("mar", "ser", "pla", "vil") for b in ("ani", "oto", "ure", "ibe") for c in range(100)]
FREQUENT, RARE = "compteur", "hydrologie"
Get = Callable[[str], Awaitable[Any]]

_STAGE = """
    create temp table if not exists stage (
        id uuid, reference text, partition int, status text, body text, filed_at timestamptz, due_at timestamptz,
        name text, name_key text, phone_tail text, words text, doc text)"""
_FILL = (
    "insert into register (complaint_id, partition, reference, header) select id, partition, reference, '{}' from stage",
    """insert into desk_case (complaint_id, reference, status, body, public_service, territory, procedure, filed_at, due_at, version)
       select id, reference, status, body, 'water-bill', '010010101', 'complaint@1', filed_at, due_at, 1 from stage""",
    f"insert into private_document (topic, complaint_id, version, doc) select '{PAPERS}', id, 1, doc::jsonb from stage",
    """insert into desk_search (complaint_id, name_key, phone_tail, words)
       select id, name_key, phone_tail, setweight(to_tsvector('wasl', unaccent(name)), 'A') || to_tsvector('wasl', unaccent(words))
       from stage""",
    "truncate stage",
)
# Made anew once all is in, as a bulk load does.
_INDEXES = "select indexname, indexdef from pg_indexes where tablename = 'desk_search' and indexdef like '%gin%'"
_OWN = "select c.reference, d.doc from desk_case c join private_document d using (complaint_id) where body = $1 limit 400"


async def desk(bench: Bench) -> Figures:
    """Its cases are routing's alone: this phase is the last of a run."""
    store, platform = await bench.world.store("routing"), bench.world.platform
    began = time.monotonic()
    await fill(store, SIZE, datetime.now(UTC))
    bench.say(f"{SIZE} cases are at the desks, {time.monotonic() - began:.0f} s after the first")
    wire, token = Wire(platform.url("routing")), {"Authorization": f"Bearer {platform.token('body-agent', BODY)}"}

    async def get(path: str) -> Any:
        reply = await wire.request("GET", path, None, token)
        assert reply.status == 200, reply.body
        return reply.json()

    try:
        return await measured(get, store, bench.say)
    finally:
        wire.close()


async def fill(store: asyncpg.Connection, size: int, now: datetime) -> None:
    cases = islice(_cases(Random(1), now), size)
    indexes = await store.fetch(_INDEXES)
    await store.execute(_STAGE + "".join(f"; drop index {row['indexname']}" for row in indexes))
    while chunk := list(islice(cases, CHUNK)):
        async with store.transaction():
            await store.copy_records_to_table("stage", records=chunk)
            for statement in _FILL:
                await store.execute(statement, timeout=600)
    for row in indexes:
        await store.execute(row["indexdef"], timeout=600)
    await store.execute("vacuum analyze", timeout=600)


async def measured(get: Get, store: asyncpg.Connection, say: Callable[[str], None]) -> Figures:
    """p50 and p99 of each question, the second try on."""
    own = await store.fetch(_OWN, BODY)
    known = [(row["reference"], json.loads(row["doc"])["person"]) for row in own]
    since = quote((datetime.now(UTC) - timedelta(days=90)).isoformat())
    questions: dict[str, Callable[[int], str]] = {
        "desk_queue": lambda n: "/v1/cases?sort=due&limit=50",
        "desk_counts": lambda n: "/v1/cases/counts",
        "desk_reference": lambda n: f"/v1/search?q={known[n % len(known)][0]}",
        "desk_phone": lambda n: f"/v1/search?q={known[n % len(known)][1]['phone']}",
        "desk_name": lambda n: f"/v1/search?q={quote(known[n % len(known)][1]['name'])}",
        "desk_frequent_word": lambda n: f"/v1/search?q={FREQUENT}&filed_from={since}",
        "desk_rare_word": lambda n: f"/v1/search?q={RARE}&filed_from={since}",
        "desk_two_words": lambda n: f"/v1/search?q={FREQUENT}+marani7&filed_from={since}",
    }
    figures: Figures = {}
    for name, question in questions.items():
        took = []
        for n in range(TRIES + 1):
            sent = time.perf_counter()
            await get(question(n))
            took.append((time.perf_counter() - sent) * 1000)
        found = of_latencies(name, took[1:])
        figures |= found
        say(", ".join(f"{key} {spread.mid:.1f}" for key, spread in found.items()))
    return figures


def _cases(rng: Random, now: datetime) -> Iterator[tuple[Any, ...]]:
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(VOCABULARY))))
    references: set[str] = set()
    while True:
        filed_at = now - timedelta(seconds=rng.randrange(DAYS * 86_400))
        id, reference = uuid7(filed_at), new_reference()
        if reference in references:
            continue
        references.add(reference)
        yield _case(
            rng, id, reference, filed_at, now, f"{rng.choice(FIRST)} {rng.choice(LAST)}", rng.choices(VOCABULARY, cum_weights=weights, k=30)
        )


def _case(rng: Random, id: UUID, reference: str, filed_at: datetime, now: datetime, name: str, words: list[str]) -> tuple[Any, ...]:
    text = " ".join((*words, *([FREQUENT] if rng.random() < 1 / 3 else []), *([RARE] if rng.random() < 1 / 4000 else [])))
    phone, open_ = f"+2126{rng.randrange(10**8):08}", rng.random() < (0.6 if now - filed_at < timedelta(days=60) else 0.03)
    person = {"name": name, "phone": phone, "language": "fr"}
    doc = {"complaint_id": str(id), "reference": reference, "version": 1, "person": person, "subject": text[:60], "narrative": text}
    due_at = filed_at + timedelta(days=60) if open_ else None
    where = (partition_of(str(id)), "with_body" if open_ else "answered", rng.choice(BODIES))
    return (id, reference, *where, filed_at, due_at, name, name_key(name), phone[-8:], text, json.dumps(doc))
