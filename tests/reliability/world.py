"""The platform of one fault test, with a mail server, and looks into its stores and its log that no service takes part in."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from typing import Any, Self

import asyncpg

from deploy.local.environment import SERVICES
from deploy.local.home import REPO
from deploy.local.platform import Platform
from services.deadlines.models import RESTORED
from shared.contracts.registry import DEADLINES, INTAKE, NOTICES, ROUTING
from shared.messaging.login import Login
from shared.messaging.positions import Place
from shared.messaging.records import RawRecord
from shared.messaging.transport import Observer, observing
from shared.runtime.db import Row
from shared.runtime.settings import Settings
from tests.support.apps import service_named
from tests.support.mail import MailServer, mail_server

NORIA = {
    "routing": {"WASL_PACK": str(REPO / "tests" / "packs" / "noria")},
    "intake": {"WASL_FILING_PER_MINUTE": "0"},  # all filings come from one address
}
"""Settings of a world: an invented country, and no limit on what one address may file."""
TOLD = (INTAKE, ROUTING, DEADLINES, NOTICES)
"""What every reader of facts reads."""
STEADY_SECONDS = 90
"""From the end of the load to nothing left to do anywhere: longer is a failure."""
MANY = 5_000
"""Things left to do, which nobody does within the two seconds until they are counted again."""

_WITNESS = """
    create table witness (n bigint generated always as identity, slot text, complaint_id uuid, intake int, routing int, deadlines int);
    create function witnessed() returns trigger language plpgsql security definer as $$ begin
      insert into public.witness (slot, complaint_id, intake, routing, deadlines)
      values (tg_table_schema, new.complaint_id, new.intake_version, new.routing_version, new.deadlines_version);
      return null;
    end $$;
    create function forgotten() returns trigger language plpgsql security definer as $$ begin
      delete from public.witness where slot = tg_table_schema;
      return null;
    end $$;"""
_WITNESSED = """
    create trigger witnessed after insert or update on {0}.register for each row execute function public.witnessed();
    create trigger forgotten after truncate on {0}.register for each statement execute function public.forgotten();"""
_SLOTS = "select schemaname as slot from pg_tables where tablename = 'register'"
_LIVE = "select set_config('search_path', slot || ', public', false) from public.live"
SLOTTED = ("stats",)
"""Services that can derive all they know anew in a second slot, and then use that one."""
_POSITIONS = "select topic, partition, next_offset from consumer_position where consumer = $1"
_OUTBOX = "select count(*) from outbox"
_NOTICES = "select count(*) from notices where state in ('held', 'pending', 'sending')"
_UNCOUNTED = "select count(distinct complaint_id) from clock where calendar = $1"
_EARLY = "select count(*) from complaint_fact where not law_known"
_LEDGER = "select id, complaint_id, code, audience, attempts > 0 and state in ('skipped', 'failed') as given_up from notices"
_TRANSACTIONS = "select count(*) from pg_stat_activity where application_name = any($1) and xact_start is not null"


class World:
    """Started by `world`. `stores` are one superuser's connections, by service; `given_up` is what `ledger` adds."""

    def __init__(self, platform: Platform, mail: MailServer | None = None) -> None:
        self.platform = platform
        self.given_up: dict[str, asyncpg.Record] = {}
        self.stores: dict[str, asyncpg.Connection] = {}
        self._logs: dict[str, Observer] = {}
        self._mails: dict[str, tuple[str, str]] = {}
        self._past: dict[str, list[RawRecord]] = {}
        self.mail = mail

    async def connect(self, stack: AsyncExitStack) -> Self:
        for name in SERVICES:
            await self.enter(name)
            stack.push_async_callback(self.leave, name)
            login = Login(self.platform.kafka_bootstrap, name, self.platform.kafka_password(name))
            self._logs[name] = await stack.enter_async_context(observing(login))
        return self

    async def enter(self, service: str) -> None:
        """The superuser's look into a store; again after its server was away."""
        self.stores[service] = await asyncpg.connect(self.platform.pg_url(f"wasl_{service}", "postgres", "postgresql"), record_class=Row)

    async def leave(self, service: str) -> None:
        await self.stores[service].close()

    async def witness(self, *services: str) -> None:
        """From now on every change of a register leaves a row of its own, which nothing makes unique: a doubled effect is a second row."""
        for store in (self.stores[service] for service in services or SERVICES):
            await store.execute(_WITNESS)
            for row in await store.fetch(_SLOTS):
                await store.execute(_WITNESSED.format(row["slot"]))

    async def store(self, service: str) -> asyncpg.Connection:
        """The superuser's connection, in the slot that the service uses now."""
        if service in SLOTTED:
            await self.stores[service].execute(_LIVE)
        return self.stores[service]

    async def rows(self, service: str, query: str, *values: Any) -> list[asyncpg.Record]:
        return list(await (await self.store(service)).fetch(query, *values))

    async def ends(self, service: str) -> dict[Place, int]:
        """Where the partitions that this service reads end now; of those that it has not come to yet, where they hold anything."""
        log = self._logs[service]
        begun = [(row["topic"], row["partition"]) for row in await self.rows(service, _POSITIONS, f"{service}.main")]
        others = sorted(set(await log.places(_topics(service))) - set(begun))
        return await log.ends(begun) | (await log.held(others) if others else {})

    async def behind(self, service: str, ends: Mapping[Place, int]) -> int:
        """Records before these ends that the service has not taken yet."""
        found = {(row["topic"], row["partition"]): row["next_offset"] for row in await self.rows(service, _POSITIONS, f"{service}.main")}
        return sum(max(0, end - found.get(place, 0)) for place, end in ends.items())

    async def outbox(self, service: str) -> int:
        return int(await self.stores[service].fetchval(_OUTBOX))

    async def transactions(self, service: str) -> int:
        """Transactions of its application role that are open now."""
        return int(await self.stores[service].fetchval(_TRANSACTIONS, [f"wasl-{service}", f"wasl-{service}-log"]))

    async def left_to_do(self) -> dict[str, int]:
        """What is still under way, by where; empty when all is done."""
        left: Counter[str] = Counter()
        for name in SERVICES:
            left[f"{name} behind"] = await self.behind(name, await self.ends(name))
            left[f"{name} outbox"] = await self.outbox(name)
        left["clocks to be counted after a restore"] = int(await self.stores["deadlines"].fetchval(_UNCOUNTED, RESTORED))
        left["rows of figures made before the directory was read"] = int(await (await self.store("stats")).fetchval(_EARLY))
        left["notices waiting"] = int(await self.stores["notifications"].fetchval(_NOTICES))
        return dict(+left)

    async def steady(self, limit: float = STEADY_SECONDS, seen: Callable[[Mapping[str, int]], None] = lambda left: None) -> float:
        """Seconds until two looks in a row found nothing left to do; fails past the limit. `seen` is told what each look found."""
        began, quiet = time.monotonic(), 0
        while quiet < 2:
            left = await self.left_to_do()
            seen(left)
            quiet = 0 if left else quiet + 1
            assert time.monotonic() - began < limit, f"not steady after {limit:.0f} s: {left}"
            # A look counts all that waits, which takes of the time that it is looked at for: the more there is, the rarer.
            await asyncio.sleep(0.1 if sum(left.values()) < MANY else 2)
        return time.monotonic() - began

    async def records(self, topic: str, reader: str = "stats") -> list[RawRecord]:
        """The whole topic, partition by partition in order."""
        async with observing(Login(self.platform.kafka_bootstrap, reader, self.platform.kafka_password(reader))) as log:
            start = dict.fromkeys(await log.places([topic]), 0)
            found = [record async for batch in log.stretch(start) for record in batch]
        return sorted(found, key=lambda record: (record.partition, record.offset))

    async def keep_past(self) -> None:
        """Before all topics are deleted: what was told stays told, and what comes again must be the same to the byte."""
        self._past = {topic: await self.told(topic) for topic in TOLD}

    async def told(self, topic: str) -> list[RawRecord]:
        """Of a topic of facts or notices: also what stood there before it was deleted."""
        return self._past.get(topic, []) + await self.records(topic)

    async def note_given_up(self) -> None:
        """Before a restore of the ledger: which mails were perhaps taken and never told. No log holds that, so the ledger forgets it."""
        self.given_up |= {id: row for id, row in (await self.ledger()).items() if row["given_up"]}

    async def ledger(self) -> dict[str, asyncpg.Record]:
        """The notices by id; and those that a ledger before a restore had given up after a first try."""
        return self.given_up | {str(row["id"]): row for row in await self.rows("notifications", _LEDGER)}

    def mails(self) -> list[tuple[str, str]]:
        """Every message that the mail server has taken, each copy for itself: its Message-ID's left half, and to whom."""
        assert self.mail
        files = {path.name: path for path in self.mail.folder.glob("*.eml")}
        self._mails = {name: self._mails.get(name) or _envelope(path) for name, path in sorted(files.items())}
        return list(self._mails.values())

    async def start(self, service: str) -> None:
        await asyncio.to_thread(self.platform.start_service, service)


@cache
def _topics(service: str) -> tuple[str, ...]:
    return service_named(service).spec(Settings.model_construct()).topics


def _envelope(file: Path) -> tuple[str, str]:
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    return mail["Message-ID"].strip("<>").partition("@")[0], mail["To"].addresses[0].addr_spec


@asynccontextmanager
async def world(folder: Path, clock: str = "real", environment: Mapping[str, Mapping[str, str]] = {}) -> AsyncIterator[World]:
    """All five services on free ports in this folder, in the invented country Noria, with a mail server that sometimes fails."""
    folder.mkdir(parents=True, exist_ok=True)
    with mail_server(folder / "mails", "--busy-every", "31", "--drop-every", "47") as mail:
        platform = Platform(folder / "platform", clock, environment=_merged(_usual(mail), environment))
        await asyncio.to_thread(platform.start)
        try:
            async with AsyncExitStack() as stack:
                yield await World(platform, mail).connect(stack)
        finally:
            await asyncio.to_thread(platform.stop)


def _usual(mail: MailServer) -> dict[str, dict[str, str]]:
    """Seconds for minutes, so that what a killed sender held is taken again while the test looks."""
    sending = mail.settings | {"claim_seconds": 5, "retry_first": 0.2}
    return NORIA | {"notifications": {f"WASL_{name.upper()}": str(value) for name, value in sending.items()}}


def _merged(*parts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {name: {key: value for part in parts for key, value in part.get(name, {}).items()} for name in SERVICES}
