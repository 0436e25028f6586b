"""The sender: claims notices, sends them, says that they were sent. No transaction is open while a mail server is awaited.

A notice whose sender died, or whose answer was lost, is sent again with the same Message-ID: at least once, and to be known
as the same. A notice known as sent is never sent again.
"""

import asyncio
import random
from contextlib import suppress
from email.message import EmailMessage

import structlog

from services.notifications import store
from services.notifications.channels.base import Channel, Later, Refused
from services.notifications.claims import Addressed, Claims
from services.notifications.letters import Letters
from services.notifications.models import Claimed
from services.notifications.settings import NotificationsSettings
from shared.contracts.directory import Directory
from shared.contracts.notices import NoticeSent
from shared.messaging.node import Node
from shared.messaging.tx import Tx
from shared.runtime import metrics
from shared.runtime.db import transient

log = structlog.get_logger()

POLL_SECONDS = 0.5
"""Only a net under the wake-up that every commit gives: for back-offs that end and for rows of another replica."""
PUT_DOWN_SECONDS = 5.0


class Sender:
    """One loop a process; several processes share the work, each row being held by one."""

    def __init__(self, node: Node, settings: NotificationsSettings, channel: Channel) -> None:
        self._node, self._settings, self._channel = node, settings, channel
        self._letters = Letters(settings)
        self._claims = Claims(node, settings, channel.name)
        self._wake = asyncio.Event()
        self._in_flight: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Runs until cancelled; a store that is away is waited for. What is on its way at the end gets a few seconds."""
        try:
            while True:
                self._wake.clear()
                await self._round()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
        finally:
            if self._in_flight:
                await asyncio.wait(self._in_flight, timeout=PUT_DOWN_SECONDS)

    async def _round(self) -> None:
        """Fills the free places."""
        free = self._settings.in_flight - len(self._in_flight)
        try:
            directory = await self._node.directory()
            taken, more = await self._claims.take(free, directory) if free else ([], False)
        except Exception as error:
            if not transient(error):
                raise
            log.info("sender waits for the store", error=type(error).__name__)
            return
        if more:
            self._wake.set()
        for addressed in taken:
            task = asyncio.create_task(self._deliver(addressed, directory))
            self._in_flight.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("a notice was not settled; it is taken again when its claim ends", exc_info=error)

    async def _deliver(self, addressed: Addressed, directory: Directory) -> None:
        """One notice to its end. Whatever goes wrong concerns it alone; a store that is away leaves it to the next claim."""
        notice = addressed.notice
        if notice.again:
            self._count(notice, "uncertain")
        try:
            await self._send(addressed, directory)
        except Exception as error:
            if not transient(error):
                raise
            log.info("a notice waits for the store to be settled", id=str(notice.id), error=type(error).__name__)

    async def _send(self, addressed: Addressed, directory: Directory) -> None:
        notice = addressed.notice
        try:
            await self._hand_over(self._letters.message(notice, addressed.to, addressed.language, directory))
        except Later as why:
            await self._try_again(notice, str(why))
        except Refused as why:
            await self._give_up(notice, str(why))
        except Exception as error:
            log.exception("a notice could not be written", code=notice.code, language=addressed.language)
            await self._give_up(notice, type(error).__name__)
        else:
            await self._node.run(lambda tx: self._settle(notice, tx))
            self._count(notice, "sent")

    async def _hand_over(self, message: EmailMessage) -> None:
        """Ends before the claim does, so that this process never sends beside the next holder."""
        try:
            async with asyncio.timeout(self._settings.claim_seconds * 0.8):
                await self._channel.send(message)
        except TimeoutError:
            raise Later(f"{self._channel.name}: no answer in time") from None

    async def _settle(self, notice: Claimed, tx: Tx) -> None:
        if await store.sent(tx.conn, notice.id, self._channel.name, tx.now):
            told = NoticeSent(
                id=notice.id,
                complaint_id=notice.complaint_id,
                code=notice.code,
                subject=notice.subject,
                audience=notice.audience,
                channel=self._channel.name,
                sent_at=tx.now,
            )
            tx.publish_notice(told, notice.reference)

    async def _try_again(self, notice: Claimed, why: str) -> None:
        await self._node.run(lambda tx: store.again(tx.conn, notice, why, self._delay(notice)))

    async def _give_up(self, notice: Claimed, why: str) -> None:
        await self._node.run(lambda tx: store.failed(tx.conn, notice, why))
        self._count(notice, "failed")

    def _delay(self, notice: Claimed) -> float:
        doubled = self._settings.retry_first * 2.0 ** min(notice.attempts, 30)
        return min(doubled, self._settings.retry_most) * random.uniform(0.75, 1.25)

    def _count(self, notice: Claimed, result: str) -> None:
        metrics.NOTICES.labels(notice.code, self._channel.name, result).inc()
