"""What a generator is asked to do, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.spread import at_share
from tests.reliability.ways import Targets

LATER = (429, 503)
"""Refusals that a client may be told under too much load, if they say when to come again."""


@dataclass(frozen=True)
class Posts:
    """So many connections send one filing after another, each as soon as the last was answered."""

    url: str
    path: str
    seconds: float
    at_once: int


@dataclass(frozen=True)
class Arrivals:
    """Filings arrive at random moments, so many a second whatever becomes of those before: nobody waits for anybody."""

    url: str
    path: str
    seconds: float
    rate: float


@dataclass(frozen=True)
class Lives:
    """Whole lives: so many at every moment, or, at_once being 0, begun at random moments, so many a second."""

    targets: Targets
    seed: str
    seconds: float
    at_once: int = 0
    rate: float = 0.0


@dataclass
class Answers:
    """accepted: the ids of receipts. later: refusals that say when to come again. wrong: everything else, lost answers too."""

    accepted: list[str] = field(default_factory=list)
    later: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def all(self) -> int:
        return len(self.accepted) + self.later + len(self.wrong)

    def note(self, status: int, retry_after: str | None, id: str | None, said: str = "") -> None:
        """retry_after: the header as it came; seconds, more than none, are all that counts as a time to come again."""
        if status == 201 and id:
            self.accepted.append(id)
        elif status in LATER and retry_after and retry_after.isdecimal() and int(retry_after) > 0:
            self.later += 1
        else:
            self.wrong.append(f"{status} {said[:200]}")


@dataclass
class Result:
    """n were done in `seconds`; p50 and p99 are in milliseconds, of arrivals from the moment at which they were due.

    all: of lives, those before and after these seconds too.
    """

    n: int
    seconds: float
    p50: float = 0.0
    p99: float = 0.0
    answers: Answers = field(default_factory=Answers)
    all: int = 0

    @property
    def rate(self) -> float:
        return self.n / self.seconds

    @classmethod
    def of(cls, answers: Answers, took: Sequence[float], seconds: float) -> "Result":
        return cls(answers.all, seconds, at_share(took, 0.5) * 1000, at_share(took, 0.99) * 1000, answers)
