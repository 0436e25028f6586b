"""make bench: the platform and its yardstick on this machine, in one run, in about four minutes on a quiet one.

Ratios and processor time are what to compare between runs; rates are of this machine and this hour. docs/benchmarks.md says what
each line means.

  due        one due date with its reasons, as the pure function that it is, in microseconds
  rule       one decision of the rules where a filing goes, likewise
  idle       one filing after another, followed: to the observer, to its due date on the page, into the figures
  lives      whole lives through all five services; processor time and memory of each
  half       as idle, while lives are begun at half of the measured rate
  filing     filings at saturation and at half of it, against the bare insert
  spike      twenty times 5 % of the filings' saturation with all five at work, then (a flood) of that of intake alone
  rebuild    the figures derived anew, against a bare upsert of the same facts
  stored     lives beside SIZE stored complaints, against lives before they came (with --size only)
  scan       one look at what is due among 10,000 and 1,000,000 open clocks, in pages of the store (half a minute)
  desk       a desk beside SIZE cases, or 200,000: its queue, its search, its triage (with --size, or --only desk)
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from deploy.local.home import Refusal
from deploy.local.platform import Platform
from tests.bench import desk, filing, latency, lives, rebuilding, scan, spike, stored
from tests.bench.bench import SHORT, WHOLE, Bench
from tests.bench.due import due_us
from tests.bench.processes import yardstick_beside
from tests.bench.report import BASELINE, circumstances, save, table
from tests.bench.rule import rule_us
from tests.bench.spread import Figures, Spread
from tests.reliability.world import NORIA, World


async def due(bench: Bench) -> Figures:
    """Beside nothing: what it costs is processor time."""
    return {f"due_us_{name}": Spread.of([took]) for name, took in (await asyncio.to_thread(due_us)).items()}


async def rule(bench: Bench) -> Figures:
    """As due."""
    return {f"rule_us_{name}": Spread.of([took]) for name, took in (await asyncio.to_thread(rule_us)).items()}


PHASES: Mapping[str, Callable[[Bench], Awaitable[Figures]]] = {
    "due": due,
    "rule": rule,
    "idle": latency.idle,
    "lives": lives.lives,
    "half": latency.under_half_load,
    "filing": filing.filing,
    "spike": spike.spike,
    "rebuild": rebuilding.rebuild,
    "scan": scan.scan,
}
"""In this order: what a phase needs to know of another comes after it."""
SURROUNDINGS = NORIA | {"notifications": {"WASL_IN_FLIGHT": "64"}}
"""Thousands of receipts are waited for between the phases: the sender's usual pace, 16 at once, suits a mail server."""
ALONE = "desk"
"""Run where it is asked for, and last: it leaves a store with cases that the others know nothing of."""


async def measure(arguments: argparse.Namespace, folder: Path) -> None:
    phases = _phases(arguments)
    platform = Platform(folder, fast=False, environment=SURROUNDINGS, say=_say)
    await asyncio.to_thread(platform.start)
    figures: Figures = {}
    try:
        async with AsyncExitStack() as stack:
            world = await World(platform).connect(stack)
            about = await circumstances(world, "whole" if arguments.whole else "short")
            _say(", ".join(f"{name} {value}" for name, value in about.items()))
            yard = await stack.enter_async_context(yardstick_beside(platform))
            await world.steady()
            bench = Bench(world, yard, WHOLE if arguments.whole else SHORT, _say)
            for name, phase in phases.items():
                _say(f"--- {name}")
                figures |= await phase(bench)
    finally:
        await asyncio.to_thread(platform.stop)
        print(f"\n{table(figures)}", flush=True)
    if arguments.save:
        save(figures, about, phases)
        print(f"saved in {BASELINE.name}")


def _phases(arguments: argparse.Namespace) -> dict[str, Callable[[Bench], Awaitable[Figures]]]:
    alone: dict[str, Callable[[Bench], Awaitable[Figures]]] = {ALONE: partial(desk.desk, size=arguments.size or desk.SIZE)}
    if arguments.only:
        return {name: phase for name, phase in {**PHASES, **alone}.items() if name in arguments.only}
    if arguments.size:
        return {"lives": lives.lives, "stored": partial(stored.stored, size=arguments.size), **alone}
    return dict(PHASES)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=[*PHASES, ALONE], help="what to measure (without it all but the desk)")
    parser.add_argument("--whole", action="store_true", help="5 pairs of 20 s, a spike of 60 s and a flood: about half an hour")
    parser.add_argument("--size", type=int, default=0, metavar="N", help="lives, then N stored complaints, lives again, and a desk")
    parser.add_argument("--save", action="store_true", help="put this run's figures into the committed baseline")
    return parser.parse_args()


def _say(line: str) -> None:
    print(f"{time.strftime('%X')} {line}", flush=True)


def main() -> int:
    arguments, folder = _arguments(), Path(tempfile.mkdtemp(prefix="wasl-bench-"))
    try:
        asyncio.run(measure(arguments, folder))
    except (Refusal, RuntimeError, AssertionError) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
