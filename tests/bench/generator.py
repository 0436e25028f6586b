"""The load as a process of its own: a job as JSON on standard input, its result as JSON on standard output."""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from random import Random
from uuid import UUID, uuid4

import uvloop

from tests.bench.jobs import Answers, Arrivals, Lives, Posts, Result
from tests.reliability.load import PLANS, Load
from tests.reliability.ways import Stuck, Targets
from tests.support.wire import Lost, Wire

LEAD_SECONDS = 1.0
"""Nobody takes up or rates within less what another service must first hear of. After 0.4 s a life at full load asked 1.3 times in vain."""
NARRATIVE = "La facture compte deux fois le mois de mars. " * 6
FILING = {
    "procedure": "complaint",
    "public_service": "water-bill",
    "territory": "010010101",
    "subject": "Compteur",
    "narrative": NARRATIVE,
    "filer": {"name": "Amina", "email": "amina@citizen.example", "language": "fr"},
    "coded": {"nature": "harm"},
}


class Filer:
    """Sends the one filing again and again, each time under a key of its own, and notes what is answered."""

    def __init__(self, url: str, path: str) -> None:
        self.wire, self.answers = Wire(url), Answers()
        self._path, self._body, self._next = path, json.dumps(FILING).encode(), uuid4().int >> 64 << 64
        self.took: list[float] = []

    async def file(self, due: float) -> None:
        self._next += 1
        key = {"Idempotency-Key": str(UUID(int=self._next))}
        try:
            reply = await self.wire.request("POST", self._path, self._body, key)
        except Lost as lost:
            self.answers.note(0, None, None, str(lost))
            return
        self.took.append(time.perf_counter() - due)
        id = reply.json().get("id") if reply.status == 201 else None
        self.answers.note(reply.status, reply.header("Retry-After"), id, reply.body.decode(errors="replace"))


async def posts(job: Posts) -> Result:
    filer, began = Filer(job.url, job.path), time.perf_counter()

    async def lane() -> None:
        while (now := time.perf_counter()) < began + job.seconds:
            await filer.file(now)

    await asyncio.gather(*(lane() for _ in range(job.at_once)))
    return Result.of(filer.answers, filer.took, time.perf_counter() - began)


async def arrivals(job: Arrivals) -> Result:
    """Its time is until the last answer."""
    filer, began = Filer(job.url, job.path), time.perf_counter()
    await _arriving(job.rate, job.seconds, "arrivals", filer.file)
    return Result.of(filer.answers, filer.took, time.perf_counter() - began)


async def lives(job: Lives) -> Result:
    """Begins lives for so many seconds, and waits for their ends."""
    load = Load(job.targets, job.seed, {"answered": 1}, LEAD_SECONDS)
    n, seconds = await (_at_once(load, job) if job.at_once else _begun(load, job))
    wrong = [f"life {life.number}: {life.failed}" for life in load.lives if life.failed]
    return Result(n, seconds, answers=Answers(wrong=wrong), all=load.ended)


async def _at_once(load: Load, job: Lives) -> tuple[int, float]:
    """Those that end while as many are under way: once the first ones, which begin together, are through, until no more are begun."""
    began = time.perf_counter()
    async with load.going(job.at_once):
        await load.reach(job.at_once)
        before, since = load.ended, time.perf_counter()
        await asyncio.sleep(max(job.seconds / 2, began + job.seconds - since))
        return load.ended - before, time.perf_counter() - since


async def _begun(load: Load, job: Lives) -> tuple[int, float]:
    """All of them, until the last one has ended."""
    began = time.perf_counter()
    await _arriving(job.rate, job.seconds, job.seed, lambda due: _lived(load))
    return load.ended, time.perf_counter() - began


async def _lived(load: Load) -> None:
    life = load.begin("answered")
    try:
        await PLANS[life.plan](life)
    except Stuck as stuck:
        life.failed = str(stuck)
    load.ended += 1


async def _arriving(rate: float, seconds: float, seed: str, come: Callable[[float], Awaitable[None]]) -> None:
    """Begins one thing at each of so many random moments a second, and waits for all of them."""
    rng, due, end = Random(seed), time.perf_counter(), time.perf_counter() + seconds
    async with asyncio.TaskGroup() as under_way:
        while due < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            under_way.create_task(come(due))  # type: ignore[arg-type]
            due += rng.expovariate(rate)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # everybody who waits has a connection
    kind, given = json.loads(sys.stdin.read())
    if kind == "Lives":
        done = uvloop.run(lives(Lives(**{**given, "targets": Targets(**given["targets"])})))
    else:
        done = uvloop.run(posts(Posts(**given)) if kind == "Posts" else arrivals(Arrivals(**given)))
    print(json.dumps(asdict(done)))


if __name__ == "__main__":
    main()
