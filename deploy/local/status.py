"""`wasl status`: one page on which an operator sees what stands still, and what to do about it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import httpx

from deploy.local.environment import SERVICES
from deploy.local.home import Refusal
from deploy.local.platform import Platform
from deploy.local.stores import instant, open_store
from deploy.local.tables import table
from shared.contracts.registry import TOPICS
from shared.messaging.login import Login
from shared.messaging.positions import Place
from shared.messaging.transport import Unreachable, observing
from shared.runtime.clock import parse_clock

OLD_SECONDS = 30
"""An outbox row or a lag that is older than this is no moment's."""
LATE = timedelta(hours=1)
"""A clock fires some minutes after it is due: once all facts of before are known."""

_POSITIONS = "select topic, partition, next_offset from consumer_position where consumer = $1"
_OUTBOX = "select count(*), coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::int from outbox"
_LETTERS = "select count(*) from dead_letters where replayed_at is null"
_STUCK = "select count(*) from consumer_position where consumer = $1 and bad_in_row > 0"
_LEASE = "select case when until > clock_timestamp() then 'held' else 'expired' end from lease where name = 'relay'"
_UNFIRED = "select count(*), min(fires_at) from clock where fires_at <= $1"

WRITES = {topic.writer for topic in TOPICS.values()}


@dataclass
class Page:
    """One service's line, and what of it wants a person."""

    service: str
    ready: str = "no answer"
    behind: int | None = None
    outbox: int | None = None
    oldest: int | None = None
    letters: int | None = None
    lease: str | None = None
    wrong: list[str] = field(default_factory=list)


async def status(platform: Platform, say: Callable[[str], None]) -> bool:
    """Whether nothing wants a person."""
    pages = await asyncio.gather(*(_page(platform, name) for name in SERVICES))
    head = ["", "ready", "behind", "outbox", "oldest s", "dead letters", "relay"]
    say(table([head, *([p.service, p.ready, p.behind, p.outbox, p.oldest, p.letters, p.lease] for p in pages)]))
    clocks, wrong = await _clocks(platform)
    say(f"\n  {clocks}")
    wrong += [f"{page.service}: {line}" for page in pages for line in page.wrong]
    say("\n" + "\n".join(wrong) if wrong else "\nall is well")
    return not wrong


async def _page(platform: Platform, service: str) -> Page:
    page = Page(service)
    await _ready(platform, page)
    try:
        store = await open_store(platform, service)
    except Refusal as refused:
        page.wrong.append(str(refused))
        return page
    try:
        await _stored(page, store)
        await _lag(platform, page, store)
    finally:
        await store.close()
    return page


async def _ready(platform: Platform, page: Page) -> None:
    log = platform.home / "logs" / f"{page.service}.log"
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(f"{platform.url(page.service)}/readyz")
    except httpx.HTTPError:
        page.wrong.append(f"does not answer; its last words are in {log}")
        return
    page.ready = "yes" if answer.status_code == 200 else "no"
    if answer.status_code != 200:
        page.wrong.append(f"is not ready: {_reasons(answer)}")


def _reasons(answer: httpx.Response) -> str:
    try:
        return json.dumps({name: why for name, why in answer.json().items() if name != "ready"})
    except (ValueError, AttributeError):
        return answer.text[:300]


async def _stored(page: Page, store: asyncpg.Connection) -> None:
    async with instant(store):
        page.outbox, page.oldest = await store.fetchrow(_OUTBOX)
        page.letters = await store.fetchval(_LETTERS)
        stuck = await store.fetchval(_STUCK, f"{page.service}.main")
        lease = await store.fetchval(_LEASE)
    page.lease = (lease or "free") if page.service in WRITES else None
    if page.letters:
        page.wrong.append(
            f'{page.letters} dead letters: eval "$(wasl env {page.service})"; python -m services.{page.service} dead-letters list'
        )
    if stuck and page.ready != "yes":
        page.wrong.append(f"its last records could not be taken; mend the cause, or python -m services.{page.service} dead-letters resume")
    if page.oldest and page.oldest > OLD_SECONDS:
        page.wrong.append(f"{page.outbox} facts have waited up to {page.oldest} s to be sent: is Kafka reached, is the relay's lease held?")
    if page.lease == "expired" and page.outbox:
        page.wrong.append("nobody holds the relay's lease, so nothing is sent: is the service running?")


async def _lag(platform: Platform, page: Page, store: asyncpg.Connection) -> None:
    """How many records the service has not taken: of what stands in the log now."""
    async with instant(store):
        rows = await store.fetch(_POSITIONS, f"{page.service}.main")
    reached: dict[Place, int] = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    try:
        async with observing(Login(platform.kafka_bootstrap, page.service, platform.kafka_password(page.service))) as log:
            ends = await log.ends(sorted(reached))
    except (Unreachable, OSError) as error:
        page.wrong.append(f"Kafka on {platform.kafka_bootstrap} does not answer ({type(error).__name__}); see {platform.home / 'logs'}")
        return
    page.behind = sum(max(0, ends[place] - offset) for place, offset in reached.items())
    if page.behind and page.ready != "yes":
        page.wrong.append(f"{page.behind} records wait until it runs")


async def _clocks(platform: Platform) -> tuple[str, list[str]]:
    """The oldest clock on which time should have acted, by the platform's legal time."""
    now = parse_clock(platform.clock).now()
    try:
        store = await open_store(platform, "deadlines")
    except Refusal:
        return "clocks: unknown", []
    try:
        async with instant(store):
            due, oldest = await store.fetchrow(_UNFIRED, now)
    finally:
        await store.close()
    if not due:
        return f"clocks: none due and unfired at {now:%Y-%m-%d %H:%M:%SZ} legal time", []
    stands = platform.clock == "real" and now - oldest > LATE
    line = f"clocks: {due} due and unfired, the oldest since {oldest:%Y-%m-%d %H:%M:%SZ} (legal time now {now:%Y-%m-%d %H:%M:%SZ})"
    return line, ["deadlines: time does not act; is the service ready, and has it caught up?"] if stands else []
