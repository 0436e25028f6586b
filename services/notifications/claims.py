"""Claiming: which notices leave now, where each goes, and which can no longer be sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications import store
from services.notifications.models import ERASED, NO_ADDRESS, TOO_OLD, Claimed
from services.notifications.notice import FILER, NATIONAL, body_of
from services.notifications.settings import NotificationsSettings
from services.notifications.words import reading_language
from shared.contracts.directory import Directory
from shared.messaging.node import Node

CONTACT_LOOK_SECONDS = 5.0
"""How often an address that has not come is looked for; its coming wakes the notice anyway."""


@dataclass(frozen=True)
class Addressed:
    """A claimed notice with where it goes. The address is held for as long as it is on its way."""

    notice: Claimed
    to: str
    language: str


class Claims:
    """One short transaction a round: what it returns is held for `claim_seconds`, then anybody may take it again."""

    def __init__(self, node: Node, settings: NotificationsSettings, channel: str) -> None:
        self._node, self._settings, self._channel = node, settings, channel

    async def take(self, limit: int, directory: Directory) -> tuple[list[Addressed], bool]:
        """At most `limit` notices that are due and can be addressed, and whether more may be due."""
        async with self._node.db.begin() as conn:
            due = await store.due(conn, limit)
            going = await self._sorted_out(conn, due, directory)
            languages = {addressed.notice.id: addressed.language for addressed in going}
            await store.hold(conn, languages, self._channel, self._settings.claim_seconds)
        return going, len(due) == limit

    async def _sorted_out(self, conn: AsyncConnection, due: Sequence[Claimed], directory: Directory) -> list[Addressed]:
        """Those that can go; the others are ended, or looked at later."""
        going, waiting, ended = [], [], []
        for notice in due:
            reason = ERASED if notice.erased else TOO_OLD if notice.expired else None
            found = None if reason else self._addressed(notice, directory)
            if found:
                going.append(found)
            elif reason or not self._may_come(notice):
                ended.append((notice.id, "failed" if notice.attempts else "skipped", reason or NO_ADDRESS))
            else:
                waiting.append(notice.id)
        await store.end(conn, ended)
        await store.postpone(conn, waiting, CONTACT_LOOK_SECONDS)
        return going

    def _may_come(self, notice: Claimed) -> bool:
        """Whether the filer's address may still be on its way."""
        return notice.audience == FILER and notice.filer is None and notice.waited < self._settings.contact_wait

    def _addressed(self, notice: Claimed, directory: Directory) -> Addressed | None:
        """None where nobody can be written to: no e-mail address, no mailbox."""
        if notice.audience == FILER:
            to, language = (notice.filer.email, notice.filer.language) if notice.filer else (None, "")
        else:
            to, language = self._desk(notice, directory)
        return Addressed(notice, to, reading_language(language or notice.language, directory)) if to else None

    def _desk(self, notice: Claimed, directory: Directory) -> tuple[str | None, str]:
        """A body reads what has reached a level where it has said."""
        first = directory.pack.languages[0] if directory.pack else ""
        if notice.audience == NATIONAL:
            return self._settings.national_mailbox, first
        body = directory.bodies.get(body_of(notice.audience) or "")
        inbox = body.inbox(notice.params.get("level", 1)) if body else None
        return (inbox.mailbox, inbox.language or first) if inbox else (None, first)
