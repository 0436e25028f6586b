"""What must hold in the stores and the log of a world at rest, whatever was done to it.

Each checker gives its findings; none means that it holds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from deploy.local.environment import SERVICES
from shared.contracts.registry import DEADLINES, INTAKE, ROUTING
from tests.reliability import expected
from tests.reliability.findings import Finding, doubled, lost, of_number
from tests.reliability.life import Life
from tests.reliability.topics import Log
from tests.reliability.world import World

_REGISTERS = """
    select complaint_id, intake_version as intake, routing_version as routing, deadlines_version as deadlines,
           coalesce(routing->>'status', 'triage') as status, routing->'response'->>'id' as response from register"""
_STATUSES = "select coalesce(routing->>'status', 'triage') as status, count(*) as n from register group by 1"
_COUNTED = "select status, count(*) as n from complaint_fact group by 1"
_PARKED = "select topic, reason from dead_letters where replayed_at is null"


def lives_went_on(lives: Iterable[Life]) -> list[Finding]:
    """Every act was answered in the end, and none refused."""
    return [Finding(f"life {life.number} ({life.plan}) could not go on: {life.failed}", life.id) for life in lives if life.failed]


async def nothing_lost_in_stores(world: World, lives: Sequence[Life]) -> list[Finding]:
    """Every accepted act is in the registers of all five, and nothing else is."""
    known = {life.id: life for life in lives if life.id}
    found: list[Finding] = []
    deadlines: dict[UUID, set[int]] = {id: set() for id in known}
    for service in SERVICES:
        rows = {row["complaint_id"]: row for row in await world.rows(service, _REGISTERS)}
        found += [doubled(f"{service} knows a complaint that nobody filed", id) for id in rows.keys() - known.keys()]
        found += [lost(f"{service} does not know what was filed", id) for id in known.keys() - rows.keys()]
        for id in rows.keys() & known.keys():
            deadlines[id].add(rows[id]["deadlines"])
            found += _differences(service, rows[id], known[id])
    return found + [Finding(f"deadlines' versions differ: {seen}", id) for id, seen in deadlines.items() if len(seen) > 1 or 0 in seen]


def _differences(service: str, row: Mapping[str, Any], life: Life) -> list[Finding]:
    states = {"status": expected.status(life), "response": life.response_id or None}
    wrong = [Finding(f"{service} has {name} {row[name]}, not {value}", life.id) for name, value in states.items() if row[name] != value]
    for writer, version in expected.versions(life).items():
        wrong += of_number(f"{service} has {writer}", row[writer], version, life.id)
    return wrong


def nothing_lost_in_log(lives: Sequence[Life], logs: Mapping[str, Log]) -> list[Finding]:
    """Each fact topic has the versions 1..n of each complaint, once, in order, n as counted by hand; and nobody else's."""
    found: list[Finding] = []
    known = {life.id: life for life in lives if life.id}
    for topic, writer in ((INTAKE, "intake"), (ROUTING, "routing"), (DEADLINES, "deadlines")):
        found += [Finding(f"{topic}: {what}", id) for what, id in logs[topic].broken]
        found += [doubled(f"{topic} has a complaint that nobody filed", id) for id in logs[topic].versions.keys() - known.keys()]
        for id, life in known.items():
            versions = logs[topic].versions.get(id, [])
            wanted = list(range(1, expected.versions(life).get(writer, max(versions, default=1)) + 1))
            if versions != wanted:
                told = lost if set(wanted) - set(versions) else doubled
                found.append(told(f"{topic} has versions {versions}, not 1 to {len(wanted)}", id))
    return found


async def versions_never_went_back(world: World) -> list[Finding]:
    """In each store and slot, each change of a register raised at least one version and lowered none: no effect came twice."""
    found: list[Finding] = []
    for service in SERVICES:
        last: dict[tuple[str, UUID], tuple[int, ...]] = {}
        for row in await world.rows(service, "select slot, complaint_id, intake, routing, deadlines from witness order by n"):
            place, now = (row["slot"], row["complaint_id"]), (row["intake"], row["routing"], row["deadlines"])
            before = last.get(place, (0, 0, 0))
            if now == before or any(new < old for new, old in zip(now, before, strict=True)):
                found.append(doubled(f"{service} went from versions {before} to {now}", row["complaint_id"]))
            last[place] = now
        if not last:
            found.append(lost(f"{service} saw nothing at all"))
    return found


async def conservation(world: World, lives: Sequence[Life]) -> list[Finding]:
    """filed = open + answered + refused + withdrawn + lapsed, the same in all five and as counted by hand; stats has one row for each."""
    wanted = Counter(expected.status(life) for life in lives if life.id)
    wanted_rows = Counter(status if status in expected.CLOSED else "open" for status in wanted.elements())
    found: list[Finding] = []
    for service in SERVICES:
        counted = {row["status"]: row["n"] for row in await world.rows(service, _STATUSES)}
        found += [Finding(f"{service} counts {counted}, not {dict(wanted)}")] if counted != wanted else []
    rows = {row["status"]: row["n"] for row in await world.rows("stats", _COUNTED)}
    return found + ([Finding(f"stats has the rows {rows}, not {dict(wanted_rows)}")] if rows != wanted_rows else [])


async def nothing_parked(world: World) -> list[Finding]:
    parked = {service: await world.rows(service, _PARKED) for service in SERVICES}
    return [lost(f"{service} parked {len(rows)} records, the first: {dict(rows[0])}") for service, rows in parked.items() if rows]
