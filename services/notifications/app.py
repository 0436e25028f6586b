"""Notifications decides who was told what: it reads the facts, keeps the ledger, sends, and says what it sent."""

from functools import partial
from typing import cast

from services.notifications import api
from services.notifications.channels.choice import open_channel
from services.notifications.handlers import Handlers
from services.notifications.sender import Sender
from services.notifications.settings import NotificationsSettings
from services.notifications.weekly.loop import keep_listing
from shared.contracts.registry import CONTACTS, DEADLINES, DIRECTORY, INTAKE, NOTICES, ROUTING
from shared.messaging.node import Node
from shared.messaging.service import Service
from shared.messaging.spec import Spec
from shared.messaging.tasks import caught_up
from shared.runtime.settings import Settings


def build_spec(settings: Settings) -> Spec:
    handlers = Handlers(cast(NotificationsSettings, settings))
    return Spec(
        name="notifications",
        topics=(INTAKE, ROUTING, DEADLINES, DIRECTORY, CONTACTS, NOTICES),
        handle=handlers.handle,
        on_private=handlers.on_private,
        on_directory=handlers.on_directory,
        on_notices=handlers.on_notices,
        tasks=(sending, partial(listing, handlers)),
        gather_seconds=0.05,
    )


def sender(node: Node) -> Sender:
    """The sender of a node; from now on each commit wakes it."""
    settings = cast(NotificationsSettings, node.settings)
    made = Sender(node, settings, open_channel(settings), Handlers(settings).decide_again)
    node.on_commit = made.wake
    return made


async def sending(node: Node) -> None:
    """Quiet until the store has caught up: what a later fact takes back is not told."""
    await caught_up(node)
    await sender(node).run()


async def listing(handlers: Handlers, node: Node) -> None:
    """As quiet: a store that was away must not list what has been answered meanwhile."""
    await caught_up(node)
    await keep_listing(node, handlers)


SERVICE = Service("notifications", settings=NotificationsSettings, spec=build_spec, mount=api.mount)
