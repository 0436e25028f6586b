"""The loops beside a node's consumer: watching its topics, and the ticks that let quiet compacted partitions forget."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.registry import PRIVATE_TOPICS, TICK, TOPICS
from shared.contracts.states import CLOSED, OPEN
from shared.messaging import dead_letters, outbox, positions, topics
from shared.messaging.engine import Stop
from shared.messaging.positions import Place
from shared.messaging.records import tombstone
from shared.messaging.transport import Unreachable
from shared.runtime import metrics
from shared.runtime.db import transient

if TYPE_CHECKING:
    from shared.messaging.node import Node

log = structlog.get_logger()
T = TypeVar("T")

WATCH_SECONDS = 30
METRICS_SECONDS, SELDOM_SECONDS = 2, 60
EXPIRED_AT_ONCE, EXPIRED_EVERY_S = 1_000, 600
MEASURE_SHARE, COUNT_SHARE = 0.05, 0.01
"""Of the time goes into each, once a minute at least: one count of a million complaints takes seconds, in every process."""
STATUSES = (*OPEN, *CLOSED)

_STATUSES = text("select coalesce(routing->>'status', 'triage') as status, count(*) as n from register where intake_version > 0 group by 1")
_BY_ONE = text("select set_config('max_parallel_workers_per_gather', '0', true)")
_RESEND = text("""
    update erased set resent_at = clock_timestamp()
    where resent_at is null and at < :before returning complaint_id""")


async def supervise(name: str, work: Coroutine[Any, Any, None], fail: Callable[[Stop], None]) -> None:
    """Runs a loop; one that raises ends the process with its reason."""
    try:
        await work
    except Stop as stop:
        fail(stop)
    except Exception as error:
        log.exception("a loop ended", loop=name)
        fail(Stop(5, f"{name}: {type(error).__name__}: {error}"))


async def patiently(work: Callable[[], Awaitable[T]], waits: str, seconds: float) -> T:
    """What `work` gives, tried again so many seconds apart while the store is away, of which the line `waits` tells: no loop dies of it."""
    while True:
        try:
            return await work()
        except Exception as error:
            if not transient(error):
                raise
            log.info(waits, error=type(error).__name__)
        await asyncio.sleep(seconds)


async def caught_up(node: "Node") -> None:
    """Returns once this store has taken all that its topics held at the call.

    For loops that act outwards: in a store that was away or restored, what is long over looks for a moment as if it were still so.
    """
    ends: dict[Place, int] = {}
    while True:
        try:
            ends = ends or await node.observer.held(await node.observer.places(node.spec.topics))
            async with node.db.begin() as conn:
                known = await positions.read(conn, node.consumer)
            if all(known.get(place, 0) >= end for place, end in ends.items()):
                return
        except Exception as error:
            if not transient(error) and not isinstance(error, (Unreachable, OSError)):
                raise
        await asyncio.sleep(0.2)


async def watch(node: "Node") -> None:
    """Every 30 s: topics created anew, or a log that ends before our position, end the process; its restart does the rest.

    What a store has forgotten in a crash is read again.
    """
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        try:
            await _compare(node)
            await node.engine.read_lost_again()
        except (Unreachable, topics.AdminError, OSError) as error:
            metrics.BROKER_UNREACHABLE.set(1)
            log.info("the broker was not reached", error=type(error).__name__)
        except Exception as error:
            if not transient(error):
                raise


async def _compare(node: "Node") -> None:
    ids = await asyncio.to_thread(topics.topic_ids, node.login.servers, node.login.user, node.login.password, list(node.topic_ids))
    changed = sorted(name for name, id in node.topic_ids.items() if ids[name] != id)
    if changed:
        raise Stop(7, f"topics were created anew while running: {', '.join(changed)}; start again")
    async with node.db.begin() as conn:
        known = await positions.read(conn, node.consumer)
    ends = await node.observer.ends(sorted(known))
    metrics.BROKER_UNREACHABLE.set(0)
    lag: Counter[str] = Counter()
    for place, offset in known.items():
        lag[place[0]] += max(0, ends[place] - offset)
        if ends[place] < offset:
            raise Stop(
                7, f"{place[0]}/{place[1]} ends at {ends[place]}, before our position {offset}: was the broker's data lost? See `republish`"
            )
    for topic, behind in lag.items():
        metrics.LAG.labels(node.consumer, topic).set(behind)


async def ticks(node: "Node") -> None:
    """Every tick, one empty record on each partition of the own restricted topics, and erasures of a day ago told again.

    A compacted segment rolls only when something is appended, so without ticks an erased value could stay for ever.
    """
    own = [name for name in PRIVATE_TOPICS if TOPICS[name].writer == node.spec.name]
    while own:
        try:
            for topic in own:
                await node.producer.tick(topic, TICK)
            await node.run(lambda tx: _resend(tx, own, node.settings.erasure_resend_seconds))
        except Exception as error:
            if not transient(error) and not isinstance(error, (Unreachable, OSError)):
                raise
        await asyncio.sleep(node.settings.tick_seconds)


async def _resend(tx: Any, own: list[str], seconds: float) -> None:
    result = await tx.conn.execute(_RESEND, {"before": tx.now - timedelta(seconds=seconds)})
    await outbox.insert(tx.conn, [tombstone(topic, id) for id in sorted(result.scalars()) for topic in own])


async def forget_expired(node: "Node", forget: Callable[[AsyncConnection, int], Awaitable[int]]) -> None:
    """Deletes what has run out, a bounded number a transaction, every ten minutes of machine time. `forget` says how many went."""

    async def some() -> int:
        async with node.db.begin() as conn:
            return await forget(conn, EXPIRED_AT_ONCE)

    while True:
        gone = await patiently(some, "what has expired waits for the store", EXPIRED_EVERY_S)
        await asyncio.sleep(0 if gone == EXPIRED_AT_ONCE else EXPIRED_EVERY_S)


async def measure(node: "Node") -> None:
    """Keeps the gauges of what waits in the store: outbox depth and age, dead letters."""
    await repeatedly(node, _measured, MEASURE_SHARE)


async def _measured(conn: AsyncConnection) -> None:
    depth, age = await outbox.depth(conn)
    metrics.OUTBOX_DEPTH.set(depth)
    metrics.OUTBOX_AGE.set(age)
    metrics.DEAD_LETTERS_WAITING.set(await dead_letters.count(conn))


async def count(node: "Node") -> None:
    """Keeps the gauge of complaints by status, for which the whole register is read."""
    await repeatedly(node, _counted, COUNT_SHARE)


async def _counted(conn: AsyncConnection) -> None:
    counted = dict.fromkeys(STATUSES, 0) | {row.status: row.n for row in await conn.execute(_STATUSES)}
    for status, n in counted.items():
        metrics.COMPLAINTS.labels(status=status).set(n)


async def repeatedly(node: "Node", look: Callable[[AsyncConnection], Awaitable[None]], share: float) -> None:
    """Looks at the store again and again, for that share of the time if once a minute allows it; while it is away, no gauge changes.

    However much there is to count, the server lends a look no further processes: those are for who is waiting.
    """
    while True:
        began = time.monotonic()
        try:
            async with node.db.begin() as conn:
                await conn.execute(_BY_ONE)
                await look(conn)
        except Exception as error:
            if not transient(error):
                raise
        await asyncio.sleep(pause(time.monotonic() - began, share, METRICS_SECONDS))


def pause(took: float, share: float, least: float) -> float:
    """Seconds to wait after a look that took so many, for it to have that share of the time: `least` at least, a minute at most."""
    return min(SELDOM_SECONDS, max(least, took / share))
