"""Numbers of many tries: a share's value, and a figure's spread over the blocks of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median


def at_share(values: Sequence[float], share: float) -> float:
    """The least of these values that this share of them does not exceed (nearest rank); 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share) - 1)] if ordered else 0.0


@dataclass(frozen=True)
class Spread:
    """The median of a figure over the blocks, and its ends."""

    mid: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(round(median(values), 3), round(min(values), 3), round(max(values), 3))


Figures = dict[str, Spread]


def of_latencies(name: str, milliseconds: Sequence[float]) -> Figures:
    """p50 and p99, each as a figure of its own."""
    return {f"{name}_p{share}_ms": Spread.of([at_share(milliseconds, share / 100)]) for share in (50, 99)}
