"""What a run of faults adds up to: a row for each test, for the table that the run ends with."""

from dataclasses import dataclass

from tests.reliability.findings import count
from tests.reliability.history import report
from tests.reliability.load import Load
from tests.reliability.verdict import check
from tests.reliability.world import World


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

    def effective(self, what: object, faults: int = 1) -> None:
        """A fault that hit work in flight; `what` says how."""
        self.faults += faults
        print(what)

    async def must_hold(self, world: World, load: Load) -> None:
        """Waits until nothing is left to do, then asks every checker; a failure names the seed and tells the history of what broke."""
        self.steady = await world.steady()
        print(f"steady {self.steady:.1f} s after the load, {len(load.lives)} lives so far")
        result = await check(world, load.lives)
        print(result)
        self.facts, self.again, self.copies = result.facts, result.sent_again, result.copies - result.mails
        self.lost, self.doubled = count(result.findings, "lost"), count(result.findings, "doubled")
        assert not result.findings, await report(world, load.lives, result.findings, self.seed)
