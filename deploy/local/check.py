"""`wasl check`: nothing is lost between the five. Each store's complaints are counted at equal positions and must be the same.

A partition is compared at a moment when all five stand at the same offsets of its three topics and its writers have nothing
left to send; on a busy platform that moment comes for one partition after the other.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import asyncpg

from deploy.local.environment import SERVICES
from deploy.local.platform import Platform
from deploy.local.stores import instant, open_stores
from deploy.local.tables import table
from shared.contracts.registry import INTAKE, WRITERS
from shared.contracts.states import OPEN
from shared.messaging import topics
from shared.messaging.positions import Place

FIGURES = "figures"
"""The rows of stats that the public figures are counted from, beside its registers."""
CLOSED = ("answered", "refused", "withdrawn", "lapsed")
SHOWN = 5

_POSITIONS = "select topic, partition, next_offset from consumer_position where consumer = $1"
_OWN = "select topic, partition, next_offset from own_position"
_WAITING = "select topic, partition, count(*) from outbox join register using (complaint_id) group by 1, 2"
_COUNTS = """
    select partition, coalesce(routing->>'status', 'triage'), count(*), sum(intake_version), sum(routing_version), sum(deadlines_version)
    from register group by 1, 2"""
_FIGURES = "select partition, status, count(*) from complaint_fact join register using (complaint_id) group by 1, 2"
_EACH = """
    select reference, intake_version, routing_version, deadlines_version, coalesce(routing->>'status', 'triage') as status
    from register where partition = any($1::int[])"""
_EACH_FIGURE = """
    select reference, case when f.status is null then 'missing' else f.status end as status,
           case when routing->>'status' = any($2::text[]) then routing->>'status' else 'open' end as wanted
    from register left join complaint_fact f using (complaint_id) where partition = any($1::int[])"""

Counts = Counter[str]


@dataclass(frozen=True)
class View:
    """One store at one instant: how far it has come, what it has left to send, and its complaints, by partition."""

    reached: Mapping[Place, int]
    waiting: Mapping[Place, int]
    counts: Mapping[int, Counts]
    figures: Mapping[int, Counts]


async def check(platform: Platform, seconds: float, say: Callable[[str], None]) -> bool:
    """Whether all partitions were compared within these seconds, and equal in all five."""
    partitions = set(range(topics.load().topics[INTAKE].partitions))
    compared: dict[int, dict[str, Counts]] = {}
    async with open_stores(platform) as stores:
        until = time.monotonic() + seconds
        while True:
            views = dict(zip(SERVICES, await asyncio.gather(*(_view(name, stores[name]) for name in SERVICES)), strict=True))
            compared |= {p: _counted(views, p) for p in partitions - compared.keys() if not behind(views, p)}
            if compared.keys() == partitions or time.monotonic() > until:
                break
            await asyncio.sleep(0.2)
        differing = sorted(p for p, counted in compared.items() if differences(counted))
        suspects = await _suspects(stores, differing) if differing else []
    say(_shown(compared.values()))
    for p in sorted(partitions - compared.keys()):
        say(f"partition {p} was never at rest: {'; '.join(behind(views, p))}")
    for p in differing:
        say(f"partition {p} differs: {'; '.join(differences(compared[p]))}")
    say(_verdict(len(compared), len(partitions), suspects, differing))
    return compared.keys() == partitions and not differing


def behind(views: Mapping[str, View], partition: int) -> list[str]:
    """Who has not read, or not sent, what another has; in words."""
    found = []
    for writer, topic in WRITERS.items():
        place = (topic, partition)
        end = max(view.reached.get(place, 0) for view in views.values())
        found += [f"{name} is {end - at} behind in {topic}" for name, view in views.items() if (at := view.reached.get(place, 0)) < end]
        if left := views[writer].waiting.get(place, 0):
            found.append(f"{writer} has {left} to send to {topic}")
    return found


def differences(counted: Mapping[str, Counts]) -> list[str]:
    """What the columns say that is not the same; and where filed is not the sum of what became of it."""
    found = []
    for name in sorted({name for counts in counted.values() for name in counts}):
        seen = {column: counts[name] for column, counts in counted.items() if column != FIGURES or name in ("filed", "open", *CLOSED)}
        if len(set(seen.values())) > 1:
            found.append(f"{name}: {', '.join(f'{column} {n}' for column, n in seen.items())}")
    for column, counts in counted.items():
        if counts["filed"] != counts["open"] + sum(counts[status] for status in CLOSED):
            found.append(f"{column} has complaints of a status that nobody knows")
    return found


async def _view(service: str, store: asyncpg.Connection) -> View:
    async with instant(store):
        reached = {(row[0], row[1]): row[2] for row in await store.fetch(_POSITIONS, f"{service}.main")}
        reached |= {(row[0], row[1]): row[2] for row in await store.fetch(_OWN)}
        waiting = {(row[0], row[1]): row[2] for row in await store.fetch(_WAITING)}
        counts: dict[int, Counts] = {}
        for partition, status, n, *facts in await store.fetch(_COUNTS):
            counted = counts.setdefault(partition, Counter())
            counted.update({"filed": n, status: n, "open": n if status in OPEN else 0})
            counted.update({f"facts of {writer}": int(sum_) for writer, sum_ in zip(WRITERS, facts, strict=True)})
        figures: dict[int, Counts] = {}
        for partition, status, n in await store.fetch(_FIGURES) if service == "stats" else ():
            figures.setdefault(partition, Counter()).update({"filed": n, status: n})
    return View(reached, waiting, counts, figures)


def _counted(views: Mapping[str, View], partition: int) -> dict[str, Counts]:
    counted = {name: view.counts.get(partition, Counter()) for name, view in views.items()}
    return counted | {FIGURES: views["stats"].figures.get(partition, Counter())}


async def _suspects(stores: Mapping[str, asyncpg.Connection], partitions: list[int]) -> list[str]:
    """References of complaints that are not the same in all five, a few."""
    known = {name: {row["reference"]: tuple(row) for row in await _each(store, _EACH, partitions)} for name, store in stores.items()}
    everyone = set[str]().union(*known.values())
    found = {ref for ref in everyone if len({rows.get(ref) for rows in known.values()}) > 1}
    found |= {
        row["reference"] for row in await _each(stores["stats"], _EACH_FIGURE, partitions, list(CLOSED)) if row["status"] != row["wanted"]
    }
    return sorted(found)[:SHOWN]


async def _each(store: asyncpg.Connection, query: str, *values: object) -> list[Mapping[str, str]]:
    async with instant(store):
        return list(await store.fetch(query, *values))


def _shown(compared: Iterable[Mapping[str, Counts]]) -> str:
    total: dict[str, Counts] = {name: Counter() for name in (*SERVICES, FIGURES)}
    for counted in compared:
        for name, counts in counted.items():
            total[name].update(counts)
    both, stores = ("filed", "open", *CLOSED), (*OPEN, *(f"facts of {writer}" for writer in WRITERS))
    rows = [[line, *(counts[line] for counts in total.values())] for line in both]
    rows += [[line, *(None if name == FIGURES else counts[line] for name, counts in total.items())] for line in stores]
    return table([["", *total], *rows])


def _verdict(compared: int, all_: int, suspects: list[str], differing: list[int]) -> str:
    if differing:
        named = (
            f"for example {', '.join(suspects)}; `wasl trace {suspects[0]}` shows where" if suspects else "look again: it may have passed"
        )
        return f"NOT equal in {len(differing)} of {compared} partitions compared: {named}"
    if compared < all_:
        return f"equal as far as compared, {all_ - compared} of {all_} partitions were not: see `wasl status`, or give --wait more seconds"
    return f"equal: {all_} of {all_} partitions, each at the same offsets in all five"
