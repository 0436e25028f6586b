"""The load as a process of its own: a job as JSON on standard input, its result as JSON on standard output.

posts: so many connections send one filing after another, each as soon as the last was answered.
lives: so many whole lives at every moment (filed, routed by rule, taken up, answered, rated), one after another.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from uuid import UUID, uuid4

import uvloop

from tests.reliability.load import Load
from tests.reliability.ways import Targets
from tests.support.wire import Wire

LEAD_SECONDS = 0.2
FILING = {
    "procedure": "complaint",
    "public_service": "water-bill",
    "territory": "010010101",
    "subject": "Compteur",
    "narrative": "La facture compte deux fois le mois de mars. " * 6,
    "filer": {"name": "Amina", "email": "amina@citizen.example", "language": "fr"},
    "coded": {"nature": "harm"},
}


@dataclass(frozen=True)
class Posts:
    url: str
    path: str
    seconds: float
    at_once: int


@dataclass(frozen=True)
class Lives:
    targets: Targets
    seed: str
    seconds: float
    at_once: int


@dataclass
class Result:
    """n were done in `seconds`; of posts, p50 and p99 are in milliseconds. refused: what ended otherwise than well, none in a good run."""

    n: int
    seconds: float
    p50: float = 0.0
    p99: float = 0.0
    refused: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.n / self.seconds


async def posts(job: Posts) -> Result:
    wire, body, prefix = Wire(job.url), json.dumps(FILING).encode(), uuid4().int >> 64
    took: list[float] = []
    refused: list[str] = []
    began = time.perf_counter()

    async def post(lane: int) -> None:
        number = lane << 32
        while (sent := time.perf_counter()) < began + job.seconds:
            number += 1
            key = {"Idempotency-Key": str(UUID(int=prefix << 64 | number))}
            reply = await wire.request("POST", job.path, body, key)
            took.append(time.perf_counter() - sent)
            if reply.status != 201:
                refused.append(f"{reply.status} {reply.body.decode()[:200]}")

    await asyncio.gather(*(post(lane) for lane in range(job.at_once)))
    seconds = time.perf_counter() - began
    took.sort()
    p50, p99 = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99))
    return Result(len(took), seconds, p50, p99, refused[:3])


async def lives(job: Lives) -> Result:
    """Begins lives for so many seconds; its time is until the last of them has ended."""
    load, began = Load(job.targets, job.seed, {"answered": 1}, LEAD_SECONDS), time.perf_counter()
    async with load.going(job.at_once):
        await asyncio.sleep(job.seconds)
    failed = [f"life {life.number}: {life.failed}" for life in load.lives if life.failed]
    return Result(load.ended, time.perf_counter() - began, refused=failed[:3])


def main() -> None:
    kind, given = json.loads(sys.stdin.read())
    if kind == "Lives":
        given["targets"] = Targets(**given["targets"])
        done = uvloop.run(lives(Lives(**given)))
    else:
        done = uvloop.run(posts(Posts(**given)))
    print(json.dumps(asdict(done)))


if __name__ == "__main__":
    main()
