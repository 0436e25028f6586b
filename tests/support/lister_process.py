"""The loop of weekly lists as a process of its own, to be killed; settings come from WASL_ variables. The node is not started."""

import asyncio

from services.notifications.app import SERVICE
from services.notifications.handlers import Handlers
from services.notifications.settings import NotificationsSettings
from services.notifications.weekly.loop import keep_listing
from shared.runtime.settings import load


async def main() -> None:
    settings = load(NotificationsSettings)
    await keep_listing(SERVICE.node(settings), Handlers(settings))


if __name__ == "__main__":
    asyncio.run(main())
