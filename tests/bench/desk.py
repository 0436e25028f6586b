"""A desk beside 200,000 cases of two years, over HTTP: its queue, its search, and what triage asks of the cases that came before.

Words are looked for among the last 90 days of the desk that asks. What is sent is the worst of a day's work: the body with two fifths
of all cases, filters that leave few of them, and the national desk, which sees all.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import asyncpg

from shared.contracts.registry import PAPERS
from tests.bench.bench import Bench
from tests.bench.desk_cases import BODY, FREQUENT, RARE, fill, person_of
from tests.bench.spread import Figures, of_latencies
from tests.support.wire import Wire

SIZE, TRIES = 200_000, 120
Get = Callable[[str], Awaitable[Any]]
Questions = dict[str, Callable[[int], str]]

_OWN = """
    select c.reference, d.doc from desk_case c join private_document d using (complaint_id)
    where body = $1 and c.filed_at > $2 and d.topic = $3 and d.doc->'person'->>'phone' <> '' order by c.complaint_id desc limit 400"""


async def desk(bench: Bench, size: int = SIZE) -> Figures:
    """Its cases are routing's alone: this phase is the last of a run."""
    store, platform = await bench.world.store("routing"), bench.world.platform
    began = time.monotonic()
    await fill(store, size, datetime.now(UTC))
    bench.say(f"{size} cases are at the desks, {time.monotonic() - began:.0f} s after the first")
    figures: Figures = {}
    wire, own = Wire(platform.url("routing")), await _own(store)
    try:
        for token, questions in (
            (platform.token("body-agent", BODY), {**_queue(), **_search(own), **_case(own)}),
            (platform.token("national-desk"), _national(own)),
        ):
            figures |= await _measured(wire, {"Authorization": f"Bearer {token}"}, questions, bench.say)
    finally:
        wire.close()
    return figures


def _queue() -> Questions:
    month = quote((datetime.now(UTC) - timedelta(days=30)).isoformat())
    return {
        "desk_queue": lambda n: "/v1/cases?sort=due&limit=50",
        "desk_queue_mine": lambda n: "/v1/cases?assigned=me",
        "desk_queue_filtered": lambda n: f"/v1/cases?status=with_body&overdue=true&public_service=water-bill&filed_from={month}",
        "desk_queue_none_fits": lambda n: "/v1/cases?public_service=dams",
        "desk_counts": lambda n: "/v1/cases/counts",
    }


def _search(own: list[tuple[str, str, str]]) -> Questions:
    since = quote((datetime.now(UTC) - timedelta(days=90)).isoformat())
    return {
        "desk_reference": lambda n: f"/v1/search?q={own[n % len(own)][0]}",
        "desk_phone": lambda n: f"/v1/search?q={own[n % len(own)][1]}",
        "desk_name": lambda n: f"/v1/search?q={quote(own[n % len(own)][2])}",
        "desk_frequent_word": lambda n: f"/v1/search?q={FREQUENT}&filed_from={since}",
        "desk_rare_word": lambda n: f"/v1/search?q={RARE}&filed_from={since}",
        "desk_two_words": lambda n: f"/v1/search?q={FREQUENT}+marani7&filed_from={since}",
    }


def _case(own: list[tuple[str, str, str]]) -> Questions:
    return {
        "desk_case": lambda n: f"/v1/cases/{own[n % len(own)][0]}",
        "desk_duplicates": lambda n: f"/v1/cases/{own[n % len(own)][0]}/duplicates",
    }


def _national(own: list[tuple[str, str, str]]) -> Questions:
    return {
        "national_queue": lambda n: "/v1/cases?sort=due&limit=50",
        "national_queue_filtered": lambda n: "/v1/cases?status=with_body&overdue=true&territory=02&public_service=order",
        "national_triage": lambda n: "/v1/cases?status=triage",
        "national_counts": lambda n: "/v1/cases/counts",
        "national_suggestions": lambda n: f"/v1/cases/{own[n % len(own)][0]}/suggestions",
        "national_duplicates": lambda n: f"/v1/cases/{own[n % len(own)][0]}/duplicates",
    }


async def _own(store: asyncpg.Connection) -> list[tuple[str, str, str]]:
    """Reference, phone and name of cases of this desk's last months."""
    rows = await store.fetch(_OWN, BODY, datetime.now(UTC) - timedelta(days=90), PAPERS)
    found = [(row["reference"], person_of(row["doc"])) for row in rows]
    return [(reference, person.phone or "", person.name or "") for reference, person in found]


async def _measured(wire: Wire, token: dict[str, str], questions: Questions, say: Callable[[str], None]) -> Figures:
    """p50 and p99 of each question, the second try on."""
    figures: Figures = {}
    for name, question in questions.items():
        took = []
        for n in range(TRIES + 1):
            sent = time.perf_counter()
            reply = await wire.request("GET", question(n), None, token)
            took.append((time.perf_counter() - sent) * 1000)
            assert reply.status == 200, reply.body
        found = of_latencies(name, took[1:])
        figures |= found
        say(", ".join(f"{key} {spread.mid:.1f}" for key, spread in found.items()))
    return figures
