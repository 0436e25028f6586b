"""From counts to published figures: which are hidden, how territories roll up, and the rates with what they are of."""

from collections.abc import Mapping, Sequence

from services.stats.cells import Cell, Cover, cover
from services.stats.shapes import HiddenRow, RatedRow, Row
from services.stats.store import Counts, Filters
from shared.contracts.directory import Directory

LEAST = 5
_DIMENSION = {"since": "month", "until": "month"}


def is_crossed(by: str, level: str, filters: Filters) -> bool:
    """Whether a row is about more than one dimension, or about less than a region."""
    given = {_DIMENSION.get(name, name) for name, value in vars(filters).items() if value is not None}
    below_region = by == "territory" and level != "region"
    return bool(given - {by}) or "territory" in given or below_region


def least_cell(directory: Directory, procedure: str | None) -> int:
    """The smallest n that may be shown: the strictest of the procedures that the figures are about."""
    laws = [law for law in directory.procedures.values() if procedure in (None, law.code, law.ref)]
    return max((law.visibility.min_cell for law in laws), default=LEAST)


def roll_up(directory: Directory, level: str) -> dict[str, str]:
    """Territory → its region or province, itself included; one that lies in none at that level has no entry."""
    wanted = {code for code, record in directory.territories.items() if record.level == level}
    lines = {code: (code, *directory.ancestors(code)) for code in directory.territories}
    return {code: above for code, line in lines.items() for above in line if above in wanted}


def covered(counts: Sequence[Counts], unfiltered: Mapping[str, int], regions: Mapping[str, str], least: int) -> Cover:
    """`regions`: the rows' own region where they share its published total, else empty."""
    return cover({c.key: Cell(c.n, unfiltered[c.key], regions.get(c.key, "")) for c in counts}, least)


def published(counts: Sequence[Counts], found: Cover, *, rates: bool) -> list[Row | HiddenRow]:
    make = rated if rates else plain
    return [HiddenRow(key=c.key or None) if c.key in found.hidden else make(c) for c in counts if c.key not in found.dropped]


def plain(counts: Counts) -> Row:
    return Row.model_validate(vars(counts) | {"key": counts.key or None})


def rated(counts: Counts) -> RatedRow:
    """in_time_rate = in_time ÷ (answered with a clock + overdue and open): what was never answered counts as late.

    Complaints withdrawn or lapsed were closed by the filer, and those without a clock cannot be late: neither is in it.
    """
    due = counts.judged + counts.overdue_open
    return RatedRow.model_validate(
        vars(plain(counts))
        | {
            "in_time_rate": _share(counts.in_time, due),
            "in_time_of": due,
            "satisfied_rate": _share(counts.satisfied, counts.rated),
            "satisfied_of": counts.rated,
        }
    )


def _share(part: int, of: int) -> float | None:
    return round(part / of, 4) if of else None
