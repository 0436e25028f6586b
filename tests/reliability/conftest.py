"""One world for all tests of a fault, and a row of the table at the end for each."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.reliability.form import SEED
from tests.reliability.load import BODIES, Load
from tests.reliability.trial import Trial
from tests.reliability.ways import Targets
from tests.reliability.world import World, world

FORGETTING = {"WASL_TICK_SECONDS": "8", "WASL_ERASURE_RESEND_SECONDS": "6"}
"""Seconds for hours, as deploy/topics.yaml has them for the compaction of a test's broker."""
LEAD_SECONDS = 0.2
"""Which a life waits before it does what another service must first hear of: asked in vain, services have less time for lives."""
REAL_GRACE = 10
"""Seconds that a fact has to reach deadlines before a breach is told, on a machine that is busy with tests."""


@pytest.fixture
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """This test's row of the table."""
    made = Trial(request.path.stem.removeprefix("test_"), request.node.nodeid, SEED)
    request.node.user_properties.append(made.travelling())
    began = time.monotonic()
    yield made
    made.seconds = time.monotonic() - began


@pytest.fixture(scope="package")
async def faulty(platform_folder: Path) -> AsyncIterator[World]:
    """A world whose stores note each change of a register."""
    async with world(platform_folder / "reliability", environment={"intake": FORGETTING, "routing": FORGETTING}) as made:
        await made.witness()
        yield made


@pytest.fixture(scope="package")
def load(faulty: World) -> Load:
    print(f"\nseed {SEED} (again with WASL_PROOF_SEED={SEED})")
    return Load(Targets.of(faulty.platform, *BODIES), SEED, lead=LEAD_SECONDS)


@pytest.fixture(scope="package")
async def timed(platform_folder: Path) -> AsyncIterator[World]:
    """A world whose legal time stands in a file. It only ever goes on: a test moves it from where it stands."""
    patient = {"deadlines": {"WASL_REAL_GRACE_SECONDS": str(REAL_GRACE)}}
    async with world(platform_folder / "timed", clock="file", environment=patient) as made:
        await made.witness()
        yield made
