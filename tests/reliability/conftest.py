"""One world for all tests of a fault, how long a form they take, and the table at the end."""

import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.reliability import summary
from tests.reliability.load import BODIES, Load
from tests.reliability.trial import Trial
from tests.reliability.ways import Targets
from tests.reliability.world import World, world

LIVES = int(os.environ.get("WASL_PROOF_LIVES", "300"))
"""While services are killed."""
SOME = max(50, LIVES // 20)
"""While anything else is done to the world."""
KILLS = int(os.environ.get("WASL_PROOF_KILLS", "1"))
"""Effective ones of each service; and how often each other fault is done that may be done again."""
LONGEST = 600 + LIVES // 2
"""Seconds for one test, on a machine that is busy with others."""
FORGETTING = {"WASL_TICK_SECONDS": "8", "WASL_ERASURE_RESEND_SECONDS": "6"}
"""Seconds for hours, as deploy/topics.yaml has them for the compaction of a test's broker."""
REAL_GRACE = 10
"""Seconds that a fact has to reach deadlines before a breach is told, on a machine that is busy with tests."""
SEED = os.environ.get("WASL_PROOF_SEED") or str(random.randrange(1_000_000))
TRIALS = pytest.StashKey[list[Trial]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What `make proof` ends with, and writes down."""
    trials = config.stash.get(TRIALS, [])
    if not trials:
        return
    passed = {report.nodeid for report in terminalreporter.getreports("passed")}
    failed = {report.nodeid for kind in ("failed", "error") for report in terminalreporter.getreports(kind)}
    table, about = summary.rows(trials, passed, failed), summary.about(trials, {"lives": LIVES, "kills": KILLS}, SEED)
    terminalreporter.section("faults")
    for line in (*summary.text(table), *about):
        terminalreporter.line(line)
    summary.FILE.parent.mkdir(parents=True, exist_ok=True)
    summary.FILE.write_text(summary.markdown(table, about), encoding="utf-8")


@pytest.fixture
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """This test's row of the table."""
    made = Trial(request.path.stem.removeprefix("test_"), request.node.nodeid, SEED)
    request.config.stash.setdefault(TRIALS, []).append(made)
    began = time.monotonic()
    yield made
    made.seconds = time.monotonic() - began


@pytest.fixture(scope="session")
async def faulty(platform_folder: Path) -> AsyncIterator[World]:
    """A world whose stores note each change of a register."""
    async with world(platform_folder / "reliability", environment={"intake": FORGETTING, "routing": FORGETTING}) as made:
        await made.witness()
        yield made


@pytest.fixture(scope="session")
def load(faulty: World) -> Load:
    print(f"\nseed {SEED} (again with WASL_PROOF_SEED={SEED})")
    return Load(Targets.of(faulty.platform, *BODIES), SEED)


@pytest.fixture(scope="session")
async def timed(platform_folder: Path) -> AsyncIterator[World]:
    """A world whose legal time stands in a file. It only ever goes on: a test moves it from where it stands."""
    patient = {"deadlines": {"WASL_REAL_GRACE_SECONDS": str(REAL_GRACE)}}
    async with world(platform_folder / "timed", clock="file", environment=patient) as made:
        await made.witness()
        yield made
