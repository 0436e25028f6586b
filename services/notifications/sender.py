"""The sender: claims notices, sends them, says that they were sent. No transaction is open while a mail server is awaited.

A notice whose sender died, or whose answer was lost, is sent again with the same Message-ID if it still holds: at least once, and
to be known as the same. A notice known as sent is never sent again.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

from services.notifications import store
from services.notifications.channels.base import Channel, Later, Refused
from services.notifications.claims import Addressed, Claims
from services.notifications.letters import Letters
from services.notifications.mail import Mail
from services.notifications.models import FAILED, PENDING, SENT, Claimed, Outcome
from services.notifications.settings import NotificationsSettings
from shared.contracts.directory import Directory
from shared.messaging.node import Node
from shared.messaging.tasks import pause
from shared.messaging.tx import Tx
from shared.runtime import metrics
from shared.runtime.db import transient

log = structlog.get_logger()

POLL_SECONDS = 0.5
"""Only a net under the wake-up that every commit gives: for back-offs that end and for rows of another replica."""
MOMENT_SECONDS = 0.1
"""How long what has come is held for what comes beside it: both then share a transaction."""
PUT_DOWN_SECONDS = 5.0
LOOK_SECONDS, LOOK_SHARE = 2.0, 0.02
"""A look for abandoned notices comes so long after the last one, and has no more than that share of the time: it reads all that is due,
which may be a hundred thousand where the mail server was away."""

DecideAgain = Callable[[Tx], Awaitable[list[str]]]


class Sender:
    """One loop a process; several processes share the work, each row being held by one."""

    def __init__(self, node: Node, settings: NotificationsSettings, channel: Channel, decide_again: DecideAgain) -> None:
        self._node, self._settings, self._channel, self._decide_again = node, settings, channel, decide_again
        self._letters = Letters(settings)
        self._claims = Claims(node, settings, channel.name)
        self._wake = asyncio.Event()
        self._in_flight: set[asyncio.Task[Outcome]] = set()
        self._landed: list[Outcome] = []
        self._more = False
        self._look_at = 0.0

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Runs until cancelled; a store that is away is waited for. What is on its way at the end gets a few seconds."""
        try:
            while True:
                await self._round()
                await self._moment()
        finally:
            if self._in_flight:
                await asyncio.wait(self._in_flight, timeout=PUT_DOWN_SECONDS)
            with suppress(Exception):
                await self._settle()
            self._channel.close()

    async def _round(self) -> None:
        """Says what became of those that landed, then fills the free places."""
        try:
            await self._settle()
            # What is committed from here on wakes again; what was committed before is seen by the claim.
            self._wake.clear()
            await self._let_go()
            await self._take()
        except Exception as error:
            if not transient(error):
                raise
            self._more = False
            log.info("sender waits for the store", error=type(error).__name__)

    async def _moment(self) -> None:
        """Until there is something to do, and a moment longer, or until all that is on its way has landed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=MOMENT_SECONDS)
        elif not self._more:
            await asyncio.sleep(MOMENT_SECONDS)

    async def _let_go(self) -> None:
        """Now and then: what others held and never spoke of again is decided anew, so that nothing goes again that no longer holds."""
        if (began := time.monotonic()) >= self._look_at:
            for code in await self._node.run(self._decide_again):
                metrics.NOTICES.labels(code, self._channel.name, "uncertain").inc()
            ended = time.monotonic()
            self._look_at = ended + pause(ended - began, LOOK_SHARE, LOOK_SECONDS)

    async def _take(self) -> None:
        """Fills the free places, as long as anything is due."""
        directory, self._more = await self._node.directory(), True
        while self._more and (free := self._settings.in_flight - len(self._in_flight)):
            taken, self._more = await self._claims.take(free, directory)
            for addressed in taken:
                task = asyncio.create_task(self._deliver(addressed, directory))
                self._in_flight.add(task)
                task.add_done_callback(self._land)

    def _land(self, task: asyncio.Task[Outcome]) -> None:
        self._in_flight.discard(task)
        self._wake.set()
        if not task.cancelled():
            self._landed.append(task.result())

    async def _deliver(self, addressed: Addressed, directory: Directory) -> Outcome:
        """One notice to its end. Whatever goes wrong concerns it alone."""
        notice = addressed.notice
        try:
            await self._hand_over(self._letters.mail(notice, addressed.to, addressed.language, directory))
        except Later as why:
            return Outcome(notice, PENDING, str(why), self._delay(notice))
        except Refused as why:
            return Outcome(notice, FAILED, str(why))
        except Exception as error:
            log.exception("a notice could not be written", code=notice.code, language=addressed.language)
            return Outcome(notice, FAILED, type(error).__name__)
        return Outcome(notice, SENT)

    async def _hand_over(self, mail: Mail) -> None:
        """Ends before the claim does, so that this process never sends beside the next holder."""
        try:
            async with asyncio.timeout(self._settings.claim_seconds * 0.8):
                await self._channel.send(mail)
        except TimeoutError:
            raise Later(f"{self._channel.name}: no answer in time") from None

    async def _settle(self) -> None:
        """All that landed, in one transaction; while the store is away it is kept, and as long as it is kept its claim may end."""
        landed = tuple(self._landed)
        if landed:
            await self._node.run(lambda tx: self._told(landed, tx))
            del self._landed[: len(landed)]
            for outcome in landed:
                if outcome.state != PENDING:
                    self._count(outcome.notice, outcome.state)

    async def _told(self, landed: Sequence[Outcome], tx: Tx) -> None:
        sent = await store.settle(tx.conn, landed, self._channel.name, tx.now)
        for notice in (outcome.notice for outcome in landed if outcome.notice.id in sent):
            tx.publish_notice(notice.sent(self._channel.name, tx.now), notice.reference)

    def _delay(self, notice: Claimed) -> float:
        doubled = self._settings.retry_first * 2.0 ** min(notice.attempts, 30)
        return min(doubled, self._settings.retry_most) * random.uniform(0.75, 1.25)

    def _count(self, notice: Claimed, result: str) -> None:
        metrics.NOTICES.labels(notice.code, self._channel.name, result).inc()
