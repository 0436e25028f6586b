"""Which counts the public may not see: a commune × a clinic × a month identifies a person.

A row is hidden when its n is below the least cell, in figures that cross two dimensions or go below a region. One
hidden row would follow from its siblings and their exact total, so the next smallest are hidden too, until at least
two are and they hold at least a cell together. A row is hidden as well when what its filters leave out of the same
row's total is a small cell. Siblings that hold less than a cell all together are not listed at all.

This protects one answer together with the exact totals of one dimension. It does not protect against someone who
combines many crossed answers: that needs all published tables to be known in advance, as those of open data are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """One row's count, the same row's count without the filters, and who shares a published total with it."""

    n: int
    unfiltered: int
    siblings: str = ""


@dataclass
class Cover:
    """Keys of rows whose counts are not shown, and of those that are not listed."""

    hidden: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)


def cover(cells: Mapping[str, Cell], least: int) -> Cover:
    """What to hide among the rows of one crossed answer; `least` is the smallest n that may be shown."""
    found = Cover()
    for name in {cell.siblings for cell in cells.values()}:
        keys = [key for key, cell in cells.items() if cell.siblings == name]
        hidden = _hidden({key: cells[key] for key in keys}, least)
        if hidden and _sum(cells, keys) < least:
            found.dropped.update(keys)
        else:
            found.hidden.update(hidden)
    return found


def _hidden(cells: Mapping[str, Cell], least: int) -> set[str]:
    hidden = {key for key, cell in cells.items() if cell.n < least or 0 < cell.unfiltered - cell.n < least}
    rest = sorted(cells.keys() - hidden, key=lambda key: (cells[key].n, key))
    while hidden and rest and (len(hidden) < 2 or _sum(cells, hidden) < least):
        hidden.add(rest.pop(0))
    return hidden


def _sum(cells: Mapping[str, Cell], keys: Collection[str]) -> int:
    return sum(cells[key].n for key in keys)
