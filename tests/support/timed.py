"""Complaints of Noria as deadlines hears of them, and time that a test lets pass."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.deadlines.loop import fire_due
from services.deadlines.settings import DeadlinesSettings
from services.deadlines.watermark import Watermarks
from shared.contracts.complaint import Header
from shared.contracts.directory import CalendarRecord, DirectoryRecord
from shared.contracts.states import Case, Clocks, ClockState, Filing
from shared.messaging import registers
from shared.messaging.node import Node
from shared.runtime.ids import new_reference, uuid7
from tests.support.stores import Bench, fact

FILED = "2026-03-02T10:00:00Z"
PARTITIONS = range(12)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def header(procedure: str = "complaint@1", filed: str = FILED, recorded: str | None = None) -> Header:
    return Header(
        id=uuid7(at(filed)),
        reference=new_reference(),
        procedure=procedure,
        filed_at=at(filed),
        recorded_at=at(recorded or filed),
        channel="web",
        territory="010010101",
    )


def filing(**given: Any) -> Filing:
    return Filing.model_validate({"language": "fr"} | given)


def case(body: str = "water-office", **given: Any) -> Case:
    custody = [{"body": body, "since": "2026-03-02T11:00:00Z"}]
    return Case.model_validate({"status": "with_body", "kind": "complaint", "body": body, "custody": custody} | given)


def answered(when: str) -> Case:
    response = {"id": uuid7(at(when)), "outcome": "favourable", "body": "water-office", "posted_at": when}
    return case(status="answered", response=response, outcome="favourable", closed_at=when, qualified_at="2026-03-03T10:00:00Z")


@dataclass
class Deadlines:
    """The service on a bench."""

    bench: Bench

    async def file(self, given: Header | None = None, **coded: str) -> Header:
        made = given or header()
        await self.bench.deliver(fact("intake", made, 1, filing(coded=coded)))
        return made

    async def routed(self, to: Header, version: int, state: Case) -> None:
        await self.bench.deliver(fact("routing", to, version, state))

    async def told(self) -> list[tuple[str, int, str | None]]:
        """What was told since the last time: (fact, version, reason)."""
        return [(name, body.version, body.change.reason) for name, body in await self.bench.take_outbox()]

    async def clocks(self, of: Header) -> dict[str, ClockState]:
        async with self.bench.node.read() as conn:
            found = await registers.find(conn, of.reference, lock=False)
        known: Clocks = (found and found.deadlines) or ()
        return {clock.code: clock for clock in known}

    async def rows(self) -> list[tuple[Any, ...]]:
        found = await self.bench.execute(
            "select code, breach_at, alert_at, calendar, calendar_version from clock order by complaint_id, code"
        )
        return [tuple(row) for row in found]

    async def pass_time(self, until: str) -> None:
        """Legal time goes on, and every fact up to it is known."""
        self.bench.at(until)
        await fire_due(self.bench.node, known_up_to(until))

    async def learn(self, *records: DirectoryRecord) -> None:
        """Directory records arrive; returns when the node's snapshot, which may be a second old, has them."""
        await self.bench.deliver(*records)
        await self.until(lambda known: all(known.get(r.key, r).version == r.version and r.key in known for r in records))

    async def forget(self, *keys: str) -> None:
        """As if these records had never come."""
        await self.bench.execute("delete from directory_record where key = any(:keys)", keys=list(keys))
        await self.bench.execute(
            "update directory_record set stamp = nextval('directory_stamp') where key = (select min(key) from directory_record)"
        )
        await self.until(lambda known: not known.keys() & set(keys))

    async def until(self, holds: Callable[[Mapping[str, DirectoryRecord]], bool]) -> None:
        while not holds((await self.bench.node.directory()).records):
            await asyncio.sleep(0.05)

    def another_node(self) -> Node:
        """A second process of the service on the same store."""
        settings = self.bench.node.settings
        assert isinstance(settings, DeadlinesSettings)
        return self.bench.service.node(settings)


def known_up_to(until: str) -> Watermarks:
    marks = Watermarks(grace=at(until) - at(until), real_grace=0)
    marks.until = dict.fromkeys(PARTITIONS, at(until))
    return marks


def with_days_off(record: CalendarRecord, days: Sequence[str]) -> CalendarRecord:
    """The next version of a calendar, with exceptional days off."""
    added = [{"date": day, "label": {"fr": "Jour chômé"}, "kind": "exceptional"} for day in days]
    data = record.calendar.model_dump(mode="json")
    later = type(record.calendar).model_validate(data | {"version": data["version"] + 1, "days_off": [*data["days_off"], *added]})
    return record.model_copy(update={"version": later.version, "calendar": later})
