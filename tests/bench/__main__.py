"""make bench: the platform and its yardstick on this machine, in one run, in about three minutes on a quiet one.

Ratios and processor time are what to compare between runs; rates are of this machine and this hour.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from deploy.local.home import Refusal
from deploy.local.platform import Platform
from tests.bench.phases import Bench, Spread
from tests.bench.processes import yardstick_beside
from tests.bench.report import BASELINE, circumstances, save, table
from tests.reliability.world import NORIA, World

PHASES = ("lives", "filing")


async def measure(arguments: argparse.Namespace, folder: Path) -> None:
    platform = Platform(folder, fast=False, environment=NORIA, say=_say)
    await asyncio.to_thread(platform.start)
    try:
        async with AsyncExitStack() as stack:
            world = await World(platform).connect(stack)
            about = await circumstances(world)
            _say(", ".join(f"{name} {value}" for name, value in about.items()))
            yard = await stack.enter_async_context(yardstick_beside(platform))
            await world.steady()
            bench = Bench(world, yard, arguments.pairs, arguments.seconds, _say)
            figures: dict[str, Spread] = {}
            if "lives" in arguments.only:
                figures |= await bench.lives() | bench.memory()
            if "filing" in arguments.only:
                figures |= await bench.filing()
    finally:
        await asyncio.to_thread(platform.stop)
    print(f"\n{table(figures)}", flush=True)
    if arguments.save:
        save(figures, about)
        print(f"saved as {BASELINE.name}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=4, help="how many blocks of each kind, each between two of the yardstick (4)")
    parser.add_argument("--seconds", type=float, default=9, help="length of a block of lives; filings take half, the yardstick a third (9)")
    parser.add_argument("--only", nargs="+", choices=PHASES, default=PHASES, help="what to measure (all)")
    parser.add_argument("--save", action="store_true", help="make this run the committed baseline")
    return parser.parse_args()


def _say(line: str) -> None:
    print(f"{time.strftime('%X')} {line}", flush=True)


def main() -> int:
    arguments, folder = _arguments(), Path(tempfile.mkdtemp(prefix="wasl-bench-"))
    try:
        asyncio.run(measure(arguments, folder))
    except (Refusal, RuntimeError) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
