"""One world for all tests of a fault, and how long a form they take."""

import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.reliability.load import BODIES, Load
from tests.reliability.ways import Targets
from tests.reliability.world import World, world

LIVES = int(os.environ.get("WASL_PROOF_LIVES", "300"))
"""Of the whole run of a fault."""
KILLS = int(os.environ.get("WASL_PROOF_KILLS", "1"))
"""Effective ones of each service."""
FORGETTING = {"WASL_TICK_SECONDS": "8", "WASL_ERASURE_RESEND_SECONDS": "6"}
"""Seconds for hours, as deploy/topics.yaml has them for the compaction of a test's broker."""
REAL_GRACE = 10
"""Seconds that a fact has to reach deadlines before a breach is told, on a machine that is busy with tests."""
SEED = os.environ.get("WASL_PROOF_SEED") or str(random.randrange(1_000_000))


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
