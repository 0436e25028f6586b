"""A sender of notifications as a process of its own, to be killed; settings come from WASL_ variables. The node is not started."""

import asyncio

from services.notifications.app import SERVICE, sender
from services.notifications.settings import NotificationsSettings
from shared.runtime.settings import load


async def main() -> None:
    node = SERVICE.node(load(NotificationsSettings))
    await sender(node).run()


if __name__ == "__main__":
    asyncio.run(main())
