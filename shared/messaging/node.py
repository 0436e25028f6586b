"""A node: one running process of a service, from its store and the log to its background loops, in the right order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.directory import Directory
from shared.contracts.registry import DIRECTORY
from shared.messaging import topics
from shared.messaging.directory import DirectoryCache
from shared.messaging.engine import Engine, Stop
from shared.messaging.login import Login
from shared.messaging.recover import own_topics, recover
from shared.messaging.relay import Relay
from shared.messaging.spec import Spec
from shared.messaging.tally import Tally
from shared.messaging.tasks import count, measure, supervise, ticks, watch
from shared.messaging.transport import Observer, Producer, Subscription, Unreachable
from shared.messaging.tx import Tx
from shared.runtime import metrics, migrate
from shared.runtime.app import Readiness
from shared.runtime.clock import parse_clock
from shared.runtime.db import Database, retryable, transient
from shared.runtime.errors import Problem
from shared.runtime.settings import Settings

log = structlog.get_logger()
T = TypeVar("T")

RACES = 5
"""How often a transaction that lost a race (40001, 40P01) is run again whole."""
FROZEN_MS = 20_000
"""For which a process may stand still inside a command and keep the complaint locked; longer than any that runs is idle."""


class Node:
    """One process of a service. Handlers get transactions from the engine; HTTP commands and loops from `run`."""

    def __init__(self, spec: Spec, settings: Settings, purpose: str = "main") -> None:
        self.spec, self.settings = spec, settings
        self.clock = parse_clock(settings.clock)
        url, name, idle_ms = settings.database_url, f"wasl-{spec.name}", settings.kafka_session_timeout_ms * 2 // 3
        self.db = Database(
            url, settings.pool_size, application_name=name, statement_ms=15_000, idle_in_transaction_ms=FROZEN_MS, opening=spec.opening
        )
        # What a crash of the store takes from a batch, it takes from its positions too: it is read again. And what a batch tells
        # leaves only after a commit of the relay's, which takes the batch to the disk.
        self._consumer_db = Database(
            url,
            3,
            application_name=f"{name}-log",
            idle_in_transaction_ms=idle_ms,
            opening=spec.batch_opening or spec.opening,
            patient=not spec.durable,
        )
        self.cache = DirectoryCache(self.db)
        self.readiness = Readiness("store", "recovered", "log", "directory")
        self.consumer = f"{spec.name}.{purpose}"
        self.engine = Engine(spec, self.consumer, self._consumer_db, self.clock, self.cache, self.wake, self.fail)
        self.login = Login.of(settings)
        self.topic_ids: dict[str, str] = {}
        self.relay: Relay | None = None
        self._tally = Tally(settings.state_dir, spec.name, settings.replica) if settings.state_dir and settings.replica else None
        self._observer: Observer | None = None
        self.recovered = False
        self.failed: Stop | None = None
        self.on_failure: Callable[[Stop], None] = lambda stop: None
        self._producer: Producer | None = None
        self.on_commit: Callable[[], None] = lambda: None
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Runs `work` in one transaction, whole or not at all; again if it lost a race. What it published leaves at once after."""
        for left in range(RACES, 0, -1):
            # Before the transaction: whoever holds one connection and waits for a second can wait for ever.
            directory = await self.cache.get()
            try:
                async with self.db.begin() as conn:
                    tx = Tx(conn, self.spec.name, self.clock.now(), directory)
                    done = await work(tx)
                    await tx.flush()
                break
            except Exception as error:
                if not retryable(error) or left == 1:
                    raise
        self.wake()
        return done

    async def command(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """As run, for a request: 503 while the store may be a restored, older one, on which nothing must be decided."""
        if not self.recovered:
            raise Problem(503, "starting", "The service is starting: send the same request again.", headers={"Retry-After": "2"})
        return await self.run(work)

    @asynccontextmanager
    async def read(self, *, snapshot: bool = False) -> AsyncIterator[AsyncConnection]:
        """snapshot: everything read is of one instant."""
        async with self.db.begin(snapshot=snapshot) as conn:
            yield conn

    async def directory(self) -> Directory:
        return await self.cache.get()

    def wake(self, tells: bool = True) -> None:
        """A transaction of this service was committed: what waits for its rows need not wait for the next look."""
        if tells and self.relay:
            self.relay.wake()
        self.on_commit()

    def fail(self, stop: Stop) -> None:
        """Ends the process with the stop's code, once everything in flight has been put down."""
        if self.failed is None:
            self.failed = stop
            self.on_failure(stop)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """A loop that must not end: if it raises, the process ends with the reason."""
        self._tasks.append(asyncio.create_task(supervise(name, work, self.fail), name=name))

    async def start(self) -> None:
        """Starts in the background, in order: store, log, recover, relay, consumer, loops. Readiness says how far it is.

        A store that is known to be no restored one takes commands at once; should the log then not answer, the node is ready without it.
        """
        self.spawn("start", self._start())

    async def stop(self) -> None:
        """Puts everything down: loops and relay first, then the consumer, the store last."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.relay:
            with suppress(Exception):
                await self.relay.release()
        for part in (self.engine.subscription, self._producer, self._observer):
            if part:
                with suppress(Exception):
                    async with asyncio.timeout(10):
                        await part.stop()
        await self.db.close()
        await self._consumer_db.close()

    async def open(self) -> None:
        """Store and log, as far as a command needs them that runs while the service is stopped."""
        await self._open_store()
        await self._open_log()

    async def _start(self) -> None:
        if await self._open_store():
            await self._until("store", self._accept, transient)
        await self._open_log()
        await self._until("recovered", self._recover, lambda error: isinstance(error, Unreachable) or transient(error))
        if self._producer:
            self.relay = Relay(self.db, self._producer, self.topic_ids, self._tally)
            self.spawn("relay", self.relay.run())
        await self._subscribe()
        for task in self.spec.tasks:
            self.spawn(getattr(task, "__name__", "task"), task(self))
        self.spawn("ticks", ticks(self))
        self.spawn("watch", watch(self))
        self.spawn("measure", measure(self))
        self.spawn("count", count(self))
        await self._until("directory", self._until_directory, transient)

    async def _accept(self) -> None:
        """From here on commands are taken."""
        self.recovered = True
        self.readiness.set("recovered", True)
        if not self._needs_directory or (await self.cache.get()).ready:
            self.readiness.set("directory", True)
        log.info("commands are taken: this store holds all that ever left it")

    async def _recover(self) -> None:
        await recover(self.spec, self.db, self.clock, self.cache, self.observer, self.topic_ids)
        if self._tally:
            async with self.db.begin() as conn:
                count = await self._tally.raised(conn)
            await self._tally.note(count)
        self.recovered = True
        self.readiness.set("recovered", True)

    async def _open_store(self) -> bool:
        """Whether it is known to be no restored one."""

        async def look() -> bool:
            # Without the spec's opening, which may need a schema at its head.
            async with self.db.engine.begin() as conn:
                if not await migrate.at_head(conn, self.spec.name):
                    raise Stop(2, f"the schema of {self.spec.name} is not at its head: run `python -m services.{self.spec.name} migrate`")
                try:
                    await migrate.stamp_clock(conn, self.clock.mode)
                except migrate.ClockMismatch as mismatch:
                    raise Stop(2, str(mismatch)) from mismatch
                return await self._tally.complete(conn) if self._tally else False

        complete = await self._until("store", look, transient)
        self.readiness.set("store", True)
        return complete

    async def _open_log(self) -> None:
        """A new client object for each try: one that failed to start cannot be started again."""

        async def connect() -> None:
            own = own_topics(self.spec.name)
            if self._observer is None:
                observer = Observer(self.login)
                await observer.start()
                self._observer = observer
            if own and self._producer is None:
                # A user without a topic to write may not even be given a producer id.
                producer = Producer(self.login)
                await producer.start()
                self._producer = producer
            names = {*self.spec.topics, *own}
            self.topic_ids = await asyncio.to_thread(topics.topic_ids, self.login.servers, self.login.user, self.login.password, names)
            self.engine.topic_ids = self.topic_ids
            metrics.BROKER_UNREACHABLE.set(0)

        await self._until("log", connect, lambda error: isinstance(error, (Unreachable, topics.AdminError, OSError)))

    async def _subscribe(self) -> None:
        if not self.spec.topics:
            self.readiness.set("log", True)
            return
        member = f"{self.consumer}.{self.settings.replica}" if self.settings.replica else None

        async def join() -> None:
            session_ms = self.settings.kafka_session_timeout_ms
            subscription = Subscription(
                self.login, self.spec.topics, self.consumer, member, session_ms, self.engine, self.spec.gather_seconds
            )
            self.engine.subscription = subscription
            await subscription.start()

        self.readiness.set("log", "log" not in self.readiness.reasons, "joining the consumer group")
        await self._until("log", join, lambda error: isinstance(error, (Unreachable, OSError)))
        await self.engine.ready.wait()
        self.readiness.set("log", True)

    @property
    def _needs_directory(self) -> bool:
        return DIRECTORY in {*self.spec.topics, *own_topics(self.spec.name)}

    async def _until_directory(self) -> None:
        while self._needs_directory and not (await self.cache.get()).ready:
            self.readiness.set("directory", False, "the directory has not been read to its end")
            await asyncio.sleep(0.1)
        self.readiness.set("directory", True)

    async def _until(self, name: str, step: Callable[[], Awaitable[T]], may_pass: Callable[[Exception], bool]) -> T:
        """Tries a step of the start until it succeeds, 0.5 to 5 s apart."""
        delay, tries = 0.5, 0
        while True:
            try:
                return await step()
            except Exception as error:
                if not may_pass(error):
                    raise
                tries += 1
                why = self._cause(name, error)
                # Who takes commands already does so without the log too, as when the broker ends later.
                self.readiness.set(name, self.recovered, why)
                metrics.BROKER_UNREACHABLE.set(name == "log")
                if tries in (1, 5):
                    log.warning("start waits", part=name, why=why, error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5)

    def _cause(self, name: str, error: Exception) -> str:
        # A wrong password and an absent broker raise the same error.
        log_away = name == "log" or isinstance(error, Unreachable)
        return f"kafka: not reached or login refused (user {self.login.user})" if log_away else "the database does not answer"

    @property
    def observer(self) -> Observer:
        """Reads ends and stretches of topics; there once the log was reached."""
        assert self._observer
        return self._observer

    @property
    def producer(self) -> Producer:
        assert self._producer
        return self._producer
