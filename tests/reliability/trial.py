"""What a run of faults adds up to: a row for each test, for the table that the run ends with."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import pytest

from tests.reliability.findings import count
from tests.reliability.history import report
from tests.reliability.load import Load
from tests.reliability.verdict import check
from tests.reliability.world import World

_PROPERTY = "trial"


@dataclass
class Trial:
    """One test. Lost and doubled are None where it counts by a way of its own, which its assertions say.

    copies: of mails beyond the first. again: records that relays sent twice. Seconds of machine time.
    """

    fault: str
    test: str
    seed: str
    faults: int = 0
    lost: int | None = None
    doubled: int | None = None
    facts: int = 0
    again: int = 0
    copies: int = 0
    steady: float | None = None
    seconds: float = 0.0

    def travelling(self) -> tuple[str, dict[str, Any]]:
        """The property with which a test's reports carry it, as it is when they are made, also out of another process."""
        return _PROPERTY, vars(self)

    def effective(self, what: object, faults: int = 1) -> None:
        """A fault that hit work in flight; `what` says how."""
        self.faults += faults
        print(f"{time.strftime('%X')} {what}", flush=True)

    async def must_hold(self, world: World, load: Load) -> None:
        """Waits until nothing is left to do, then asks every checker; a failure names the seed and tells the history of what broke."""
        self.steady = await world.steady()
        print(f"steady {self.steady:.1f} s after the load, {len(load.lives)} lives so far")
        result = await check(world, load.lives)
        print(result)
        self.facts, self.again, self.copies = result.facts, result.sent_again, result.copies - result.mails
        self.lost, self.doubled = count(result.findings, "lost"), count(result.findings, "doubled")
        assert not result.findings, await report(world, load.lives, result.findings, self.seed)


def trials_of(reports: Iterable[pytest.TestReport]) -> list[Trial]:
    """In the order of their tests; of a test's reports the last one says how it went."""
    carried = [(test.nodeid, value) for test in sorted(reports, key=_phase) for name, value in test.user_properties if name == _PROPERTY]
    return list({test: Trial(**cast(dict[str, Any], value)) for test, value in carried}.values())


def _phase(report: pytest.TestReport) -> int:
    return ("setup", "call", "teardown").index(report.when)
