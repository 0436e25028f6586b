"""A sweep of deadlines as a process of its own, to be killed; settings come from WASL_ variables. The node is not started."""

import asyncio

from services.deadlines.app import SERVICE
from services.deadlines.loop import sweep
from services.deadlines.settings import DeadlinesSettings
from shared.runtime.settings import load


async def main() -> None:
    node = SERVICE.node(load(DeadlinesSettings))
    await sweep(node)
    await node.stop()


if __name__ == "__main__":
    asyncio.run(main())
