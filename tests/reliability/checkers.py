"""What must hold in a world at rest, whatever was done to it. Each checker gives its findings; none means that it holds.

What is expected is counted from the acts that got a 2xx, by the tables below, never by asking the platform's own code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deploy.local.environment import SERVICES
from shared.contracts.registry import DEADLINES, INTAKE, NOTICES, ROUTING
from tests.reliability.life import Life
from tests.reliability.topics import Log, read
from tests.reliability.world import World

INTAKE_FACTS = ("file", "information", "rating", "withdrawal", "erasure")
"""Acts that make intake tell one fact each."""
ROUTING_FACTS = ("file", "assignment", "take-up", "information-requests", "information", "response", "withdrawal")
"""Acts upon which routing tells one fact each: it routes what was filed, and takes what was supplied or withdrawn."""

FILER_ONCE = {"file": "receipt", "response": "answered", "withdrawal": "withdrawn"}
"""Acts of which the filer is told exactly once."""
FILER_PASSING = {
    "file": {"routed"},
    "assignment": {"routed", "transferred"},
    "information-requests": {"information-requested", "due-changed"},
}
"""Acts of which the filer is told at most once: a notice that no longer holds when its turn comes is dropped."""

_REGISTERS = """
    select complaint_id, intake_version as intake, routing_version as routing, deadlines_version as deadlines,
           coalesce(routing->>'status', 'triage') as status, routing->'response'->>'id' as response from register"""


@dataclass(frozen=True)
class Finding:
    what: str
    complaint: UUID | None = None

    def __str__(self) -> str:
        return f"{self.what} ({self.complaint})" if self.complaint else self.what


def expected_versions(life: Life) -> dict[str, int]:
    return {"intake": sum(act in INTAKE_FACTS for act in life.done), "routing": sum(act in ROUTING_FACTS for act in life.done)}


def expected_status(life: Life) -> str:
    if "response" in life.done:
        return "refused" if life.plan == "triaged" else "answered"
    if "withdrawal" in life.done:
        return "withdrawn"
    if "information-requests" in life.done and "information" not in life.done:
        return "waiting_for_citizen"
    return "triage" if life.plan == "triaged" and "assignment" not in life.done else "with_body"


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
        found += [Finding(f"{service} knows a complaint that nobody filed", id) for id in rows.keys() - known.keys()]
        found += [Finding(f"{service} does not know what was filed", id) for id in known.keys() - rows.keys()]
        for id in rows.keys() & known.keys():
            deadlines[id].add(rows[id]["deadlines"])
            found += [Finding(f"{service} has {wrong}", id) for wrong in _differences(rows[id], known[id])]
    return found + [Finding(f"deadlines' versions differ: {seen}", id) for id, seen in deadlines.items() if len(seen) > 1 or 0 in seen]


def _differences(row: Mapping[str, Any], life: Life) -> list[str]:
    wanted = {**expected_versions(life), "status": expected_status(life), "response": life.response_id or None}
    return [f"{name} {row[name]}, not {value}" for name, value in wanted.items() if row[name] != value]


def nothing_lost_in_log(lives: Sequence[Life], logs: dict[str, Log]) -> list[Finding]:
    """Each fact topic has the versions 1..n of each complaint, once, in order, n as counted by hand; and nobody else's."""
    found: list[Finding] = []
    known = {life.id: life for life in lives if life.id}
    for topic, writer in ((INTAKE, "intake"), (ROUTING, "routing"), (DEADLINES, "deadlines")):
        found += [Finding(f"{topic}: {what}", id) for what, id in logs[topic].broken]
        found += [Finding(f"{topic} has a complaint that nobody filed", id) for id in logs[topic].versions.keys() - known.keys()]
        for id, life in known.items():
            versions = logs[topic].versions.get(id, [])
            n = expected_versions(life).get(writer, max(versions, default=1))
            if versions != list(range(1, n + 1)):
                found.append(Finding(f"{topic} has versions {versions}, not 1 to {n}", id))
    return found


async def versions_never_went_back(world: World) -> list[Finding]:
    """In each store, each change of a register raised at least one version and lowered none: no effect came twice."""
    found: list[Finding] = []
    for service in SERVICES:
        last: dict[UUID, tuple[int, ...]] = {}
        for row in await world.rows(service, "select complaint_id, intake, routing, deadlines from witness order by n"):
            id, now = row["complaint_id"], (row["intake"], row["routing"], row["deadlines"])
            before = last.get(id, (0, 0, 0))
            if now == before or any(new < old for new, old in zip(now, before, strict=True)):
                found.append(Finding(f"{service} went from versions {before} to {now}", id))
            last[id] = now
        if not last:
            found.append(Finding(f"{service} saw nothing at all"))
    return found


async def notices_once(world: World, lives: Sequence[Life], notices: Log) -> list[Finding]:
    """The filer was told exactly once of what stands, at most once of what passes; and mails and facts name the same notices.

    A mail whose answer was lost and that no longer holds at its second turn is not sent again: it was perhaps taken, and is not told.
    """
    mailed = dict(world.mails())
    ledger = await world.ledger()
    told = {id for id, row in ledger.items() if id in notices.values or (id in mailed and (row["given_up"] or id in world.given_up))}
    found = [Finding(f"notices: {what}", id) for what, id in notices.broken]
    found += [Finding(f"notice {id} was told and is not in the ledger") for id in notices.values.keys() - ledger.keys()]
    found += [Finding(f"notice {id} was told and no mail was taken") for id in notices.values.keys() - mailed.keys()]
    found += [Finding(f"mail {id} to {mailed[id]} was taken and never told") for id in mailed.keys() - told]
    codes: dict[UUID, Counter[str]] = defaultdict(Counter)
    for row in (ledger[id] for id in told):
        codes[row["complaint_id"]][row["code"]] += row["audience"] == "filer"
    boxes = Counter(mailed.values())
    for life in lives:
        if life.id:
            mine = +codes[life.id]
            found += [Finding(what, life.id) for what in _notices_of(life, mine)]
            if boxes[life.email] != mine.total():
                found.append(Finding(f"{life.email} got {boxes[life.email]} mails for {mine.total()} notices", life.id))
    return found


def _notices_of(life: Life, told: Counter[str]) -> list[str]:
    once = {notice for act, notice in FILER_ONCE.items() if act in life.done}
    passing = {notice for act, notices in FILER_PASSING.items() if act in life.done for notice in notices}
    if life.plan == "open":
        once.add("routed")
    wrong = [f"the filer was told {told[notice]} times: {notice}" for notice in once if told[notice] != 1]
    wrong += [f"the filer was told {n} times: {notice}" for notice, n in told.items() if notice in passing - once and n > 1]
    return wrong + [f"the filer was told what nobody did: {notice}" for notice in told.keys() - once - passing]


async def conservation(world: World, lives: Sequence[Life]) -> list[Finding]:
    """filed = open + answered + refused + withdrawn + lapsed, the same in all five and as counted by hand; stats has one row for each."""
    wanted = Counter(expected_status(life) for life in lives if life.id)
    wanted_rows = Counter(status if status in ("answered", "refused", "withdrawn") else "open" for status in wanted.elements())
    found: list[Finding] = []
    for service in SERVICES:
        query = "select coalesce(routing->>'status', 'triage') as status, count(*) as n from register group by 1"
        counted = {row["status"]: row["n"] for row in await world.rows(service, query)}
        found += [Finding(f"{service} counts {counted}, not {dict(wanted)}")] if counted != wanted else []
    rows = {row["status"]: row["n"] for row in await world.rows("stats", "select status, count(*) as n from complaint_fact group by 1")}
    return found + ([Finding(f"stats has the rows {rows}, not {dict(wanted_rows)}")] if rows != wanted_rows else [])


async def nothing_parked(world: World) -> list[Finding]:
    counted = {
        service: await world.rows(service, "select topic, reason from dead_letters where replayed_at is null") for service in SERVICES
    }
    return [Finding(f"{service} parked {len(rows)} records, the first: {dict(rows[0])}") for service, rows in counted.items() if rows]


@dataclass(frozen=True)
class Result:
    findings: list[Finding]
    facts: int
    sent_again: int
    mails: int
    copies: int

    def __str__(self) -> str:
        return (
            f"{self.facts} facts, {self.sent_again} sent again by relays; {self.mails} mails, {self.copies} copies handed over; "
            f"{len(self.findings)} findings"
        )


async def check(world: World, lives: Sequence[Life]) -> Result:
    """All of it."""
    logs = {topic: read(await world.records(topic)) for topic in (INTAKE, ROUTING, DEADLINES, NOTICES)}
    notices = logs.pop(NOTICES)
    findings = [
        *lives_went_on(lives),
        *await nothing_lost_in_stores(world, lives),
        *nothing_lost_in_log(lives, logs),
        *await versions_never_went_back(world),
        *await notices_once(world, lives, notices),
        *await conservation(world, lives),
        *await nothing_parked(world),
    ]
    mails = world.mails()
    facts = sum(len(log.values) for log in logs.values())
    return Result(findings, facts, sum(log.again for log in (*logs.values(), notices)), len(dict(mails)), len(mails))
