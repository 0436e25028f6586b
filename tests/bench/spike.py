"""Twenty times as many filings as a moment ago, for a while: each accepted or told when to come again, none lost, and then caught up."""

from uuid import UUID

from deploy.local.environment import SERVICES
from tests.bench.bench import AT_ONCE, FILINGS, Bench, Clock, costs
from tests.bench.jobs import Answers, Arrivals, Posts
from tests.bench.processes import generate
from tests.bench.spread import Figures, Spread

USUAL_SHARE = 0.05
"""Of this run's saturation."""
TIMES = 20
USUAL_SECONDS = 5
CATCH_UP_SECONDS = 300

_STORED = "select complaint_id from register"


async def spike(bench: Bench) -> Figures:
    """With all five at work: twenty times their usual load, then (a flood) twenty times that of an intake with two cores for itself.

    Raises RuntimeError where an answer was wrong, or an accepted filing is not in every store.
    """
    found = await _twentyfold(bench, "spike", await _saturation(bench))
    if alone := bench.known.get("filing"):
        found |= await _twentyfold(bench, "flood", alone)
    return found


async def _twentyfold(bench: Bench, name: str, saturation: float) -> Figures:
    usual = saturation * USUAL_SHARE
    before = await generate(Arrivals(bench.intake, FILINGS, USUAL_SECONDS, usual))
    bench.say(f"{name}: usual load {usual:.0f} filings/s, p50 {before.p50:.0f} ms, p99 {before.p99:.0f} ms")
    used = bench.used()
    done = await generate(Arrivals(bench.intake, FILINGS, bench.form.spike_seconds, usual * TIMES))
    clock = Clock()
    told = f"{len(done.answers.accepted)} accepted, {done.answers.later} told to come again"
    bench.say(f"{name}: {done.n} arrived in {bench.form.spike_seconds:.0f} s: {told}; p50 {done.p50:.0f} ms, p99 {done.p99:.0f} ms")
    await bench.steady(CATCH_UP_SECONDS)
    caught_up, cost = clock.seconds, bench.cost(used, len(done.answers.accepted))
    stored = {service: {row["complaint_id"] for row in await bench.world.rows(service, _STORED)} for service in SERVICES}
    if failed := failures(done.answers, stored):
        raise RuntimeError(f"{name}: {failed}")
    bench.say(f"{name}: all {len(done.answers.accepted)} are in all five stores, caught up {caught_up:.1f} s after its end")
    return {
        f"{name}_accepted_share": Spread.of([len(done.answers.accepted) / done.n]),
        f"{name}_p50_ms": Spread.of([done.p50]),
        f"{name}_p99_ms": Spread.of([done.p99]),
        f"{name}_caught_up_s": Spread.of([caught_up]),
        **costs(f"{name}_filing", [cost]),
    }


async def _saturation(bench: Bench) -> float:
    """Filings a second that are taken with all five services at work, which have caught up when this returns."""
    job = Posts(bench.intake, FILINGS, bench.form.filing_seconds, AT_ONCE)
    await bench.measured("warming up, all five at work:", "filings", job)
    taken = await bench.measured("all five at work:", "filings", job)
    await bench.steady(CATCH_UP_SECONDS)
    return taken.rate


def failures(answers: Answers, stored: dict[str, set[UUID]]) -> list[str]:
    """What must not be: answers that are neither receipt nor a time to come again, doubled receipts, filings that a store lacks."""
    accepted = {UUID(id) for id in answers.accepted}
    found = [f"{len(answers.wrong)} wrong answers, the first: {answers.wrong[0]}"] if answers.wrong else []
    if len(accepted) < len(answers.accepted):
        found.append(f"{len(answers.accepted) - len(accepted)} receipts name a complaint that another names too")
    missing = {name: len(accepted - ids) for name, ids in stored.items()}
    return found + [f"{n} accepted filings are not in {name}" for name, n in missing.items() if n]
