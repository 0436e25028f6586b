"""The index of the directory that every service builds from its records: pure and immutable."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from types import MappingProxyType

from shared.contracts.calendars import Calendar
from shared.contracts.directory_records import (
    AlertRecord,
    BodyRecord,
    CalendarRecord,
    DirectoryRecord,
    PackRecord,
    ProcedureRecord,
    PublicServiceRecord,
    TerritoryRecord,
)
from shared.contracts.procedures import Procedure

__all__ = [
    "AlertRecord",
    "BodyRecord",
    "CalendarRecord",
    "Directory",
    "DirectoryRecord",
    "PackRecord",
    "ProcedureRecord",
    "PublicServiceRecord",
    "TerritoryRecord",
]


class Directory:
    """Records by their codes; of two records with one key the higher version counts, whatever the order.

    Lookups by an unknown code give nothing and never raise: facts may name a body that this reader has not met yet.
    """

    def __init__(self, records: Iterable[DirectoryRecord] = ()) -> None:
        self._records = _newest(records)
        values = self._records.values()
        self.bodies: Mapping[str, BodyRecord] = MappingProxyType({r.id: r for r in values if isinstance(r, BodyRecord)})
        self.public_services: Mapping[str, PublicServiceRecord] = MappingProxyType(
            {r.code: r for r in values if isinstance(r, PublicServiceRecord)}
        )
        self.territories: Mapping[str, TerritoryRecord] = MappingProxyType({r.code: r for r in values if isinstance(r, TerritoryRecord)})
        self.calendars: Mapping[str, Calendar] = MappingProxyType(
            {r.calendar.code: r.calendar for r in values if isinstance(r, CalendarRecord)}
        )
        self.alerts: Mapping[str, AlertRecord] = MappingProxyType({r.code: r for r in values if isinstance(r, AlertRecord)})
        laws = [r.procedure for r in values if isinstance(r, ProcedureRecord)]
        self.procedures: Mapping[tuple[str, int], Procedure] = MappingProxyType({(law.code, law.version): law for law in laws})
        self._versions = _versions(laws)
        packs = [r for r in values if isinstance(r, PackRecord)]
        self.pack: PackRecord | None = max(packs, key=lambda pack: pack.version, default=None)
        self._at = _children((r.id, r.territory) for r in self.bodies.values())
        self._below_territory = _children((r.code, r.parent) for r in self.territories.values())
        self._below_body = _children((r.id, r.parent) for r in self.bodies.values())

    def updated(self, records: Iterable[DirectoryRecord]) -> "Directory":
        """The directory after these records as well."""
        return Directory([*self._records.values(), *records])

    @property
    def records(self) -> Mapping[str, DirectoryRecord]:
        """Every record by its key."""
        return MappingProxyType(self._records)

    @cached_property
    def ready(self) -> bool:
        """Whether a pack record was read and at least as many records of each kind as it counts."""
        if self.pack is None:
            return False
        kinds = [record.kind for record in self._records.values()]
        return all(kinds.count(kind) >= n for kind, n in self.pack.counts.items())

    def calendar(self, code: str | None = None) -> Calendar | None:
        """The calendar of this code; without one the jurisdiction's own."""
        return self.calendars.get(code or (self.pack.calendar if self.pack else ""))

    def procedure(self, ref: str) -> Procedure | None:
        """The procedure that a complaint names, such as complaint@1."""
        code, _, version = ref.partition("@")
        return self.procedures.get((code, int(version))) if version.isdecimal() else None

    def newest_procedure(self, code: str, on: date | None = None) -> Procedure | None:
        """The highest version of a procedure; with `on`, the highest of those in force on that local date."""
        return next((law for law in self._versions.get(code, ()) if on is None or law.valid_from <= on), None)

    def ancestors(self, territory: str) -> tuple[str, ...]:
        """The territories above one, nearest first, without itself."""
        above: list[str] = []
        record = self.territories.get(territory)
        while record and record.parent and record.parent not in (territory, *above):
            above.append(record.parent)
            record = self.territories.get(record.parent)
        return tuple(above)

    def descendants(self, territory: str) -> frozenset[str]:
        """The territories below one, without itself."""
        return _below(territory, self._below_territory) - {territory}

    def is_within(self, territory: str, of: str) -> bool:
        """Whether a territory is `of` or lies in it."""
        return territory == of or of in self.ancestors(territory)

    def bodies_at(self, territory: str) -> tuple[BodyRecord, ...]:
        """The bodies whose own territory is this one, not those above or below."""
        return tuple(self.bodies[body] for body in self._at.get(territory, ()))

    def body_scope(self, body: str) -> frozenset[str]:
        """A body and every body below it: what a body admin may see."""
        return _below(body, self._below_body)


def _newest(records: Iterable[DirectoryRecord]) -> dict[str, DirectoryRecord]:
    newest: dict[str, DirectoryRecord] = {}
    for record in records:
        known = newest.get(record.key)
        if known is None or record.version > known.version:
            newest[record.key] = record
    return newest


def _versions(laws: Iterable[Procedure]) -> dict[str, list[Procedure]]:
    """By code, the newest first."""
    found: dict[str, list[Procedure]] = {}
    for law in sorted(laws, key=lambda law: law.version, reverse=True):
        found.setdefault(law.code, []).append(law)
    return found


def _children(pairs: Iterable[tuple[str, str | None]]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for child, parent in pairs:
        if parent:
            children.setdefault(parent, []).append(child)
    return children


def _below(root: str, children: Mapping[str, list[str]]) -> frozenset[str]:
    found, waiting = {root}, [root]
    while waiting:
        fresh = [child for child in children.get(waiting.pop(), ()) if child not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return frozenset(found)
