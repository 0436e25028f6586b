"""What must agree between the files of a pack. Pure: takes what was read, gives what is wrong."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from services.routing.directory.documents import Document, Finding, Loc
from services.routing.directory.domain import Rule
from services.routing.directory.rule_checks import check_rules
from shared.contracts.directory import (
    AlertRecord,
    BodyRecord,
    Directory,
    PackRecord,
    ProcedureRecord,
    PublicServiceRecord,
    TerritoryRecord,
)
from shared.contracts.procedures import Addressee, Calendar, Door, FollowUp, Procedure, Span
from shared.contracts.wording import phrase_is_empty

T = TypeVar("T", bound=BaseModel)
WORDS = ("name", "title", "label", "national_desk")
ABOVE = {"region": None, "province": "region", "commune": "province"}
"""The level in which each lies; a division lies in a commune."""


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A value and where it stands in its file."""

    value: T
    document: Document
    loc: Loc = ()

    def finding(self, reason: str, *below: str | int) -> Finding:
        return self.document.finding((*self.loc, *below), reason)


@dataclass
class Draft:
    """What could be read of a pack. `ids` holds every id that a file names, even of an entry that is broken otherwise."""

    pack: list[Entry[PackRecord]] = field(default_factory=list)
    territories: list[Entry[TerritoryRecord]] = field(default_factory=list)
    bodies: list[Entry[BodyRecord]] = field(default_factory=list)
    public_services: list[Entry[PublicServiceRecord]] = field(default_factory=list)
    calendars: list[Entry[Calendar]] = field(default_factory=list)
    procedures: list[Entry[Procedure]] = field(default_factory=list)
    rules: list[Entry[Rule]] = field(default_factory=list)
    alerts: list[Entry[AlertRecord]] = field(default_factory=list)
    ids: dict[str, set[str]] = field(default_factory=dict)

    def all(self) -> Iterator[Entry[Any]]:
        yield from self.pack
        for entries in (self.territories, self.bodies, self.public_services, self.calendars, self.procedures, self.rules, self.alerts):
            yield from entries

    def missing(self, kind: str, ref: str | None) -> str | None:
        """What to say of a reference that leads nowhere; None if it is absent or good."""
        return None if ref is None or ref in self.ids.get(kind, ()) else f"unknown {kind} {ref!r}"


def check(draft: Draft) -> Iterator[Finding]:
    """Every disagreement between the entries of a pack."""
    yield from _check_duplicates(draft.territories, lambda record: record.code)
    yield from _check_duplicates(draft.bodies, lambda record: record.id)
    yield from _check_duplicates(draft.public_services, lambda record: record.code)
    yield from _check_duplicates(draft.rules, lambda rule: rule.id)
    yield from _check_duplicates(draft.alerts, lambda alert: alert.code)
    for pack in draft.pack:
        yield from _check_pack(draft, pack)
        yield from _check_languages(draft, pack.value)
    yield from _check_territories(draft)
    yield from _check_bodies(draft)
    yield from _check_public_services(draft)
    for procedure in draft.procedures:
        yield from _check_procedure(draft, procedure)
    yield from _check_rules(draft)
    for alert in draft.alerts:
        yield from _check_alert(draft, alert)


def walk(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    """A model and everything in it, each with its path."""
    yield loc, value
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from walk(getattr(value, name), (*loc, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from walk(item, (*loc, index))


def _check_duplicates(entries: Iterable[Entry[T]], id_of: Callable[[T], str]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for entry in entries:
        known = first.setdefault(id_of(entry.value), entry.document.line(entry.loc))
        if known != entry.document.line(entry.loc):
            yield entry.finding(f"{id_of(entry.value)!r} stands already on line {known}")


def _check_pack(draft: Draft, entry: Entry[PackRecord]) -> Iterator[Finding]:
    pack = entry.value
    if problem := draft.missing("calendar", pack.calendar):
        yield entry.finding(problem, "calendar")
    if pack.weekly_list and (problem := draft.missing("calendar", pack.weekly_list.soon.calendar)):
        yield entry.finding(problem, "weekly_list", "soon", "calendar")
    for language in sorted(set(pack.languages) - set(pack.page_languages)):
        yield entry.finding(f"language {language!r} is not among page_languages", "languages")
    for calendar in draft.calendars:
        if calendar.document.file != f"calendars/{calendar.value.code}.yaml":
            yield calendar.finding(f"the file of this calendar is calendars/{calendar.value.code}.yaml", "code")
        if calendar.value.time_zone != pack.time_zone:
            yield calendar.finding(f"differs from the pack's time zone {pack.time_zone!r}", "time_zone")


def _check_languages(draft: Draft, pack: PackRecord) -> Iterator[Finding]:
    for entry in draft.all():
        for loc, words in walk(entry.value):
            if words and isinstance(words, dict) and loc[-1] in WORDS:
                for language in pack.languages:
                    if language not in words:
                        yield entry.finding(f"words in {language!r} are missing", *loc)
                for language in sorted(set(words) - set(pack.page_languages)):
                    yield entry.finding(f"{language!r} is no language of the pack", *loc, language)


def _check_territories(draft: Draft) -> Iterator[Finding]:
    places = {entry.value.code: entry.value for entry in draft.territories}
    for entry in draft.territories:
        parent = entry.value.parent
        if problem := draft.missing("territory", parent) or misplaced(entry.value, places.get(parent or "")):
            yield entry.finding(problem, "parent")


def misplaced(place: TerritoryRecord, parent: TerritoryRecord | None) -> str | None:
    """What is wrong with where a territory lies: each in the level above its own, a division in a whole commune."""
    expected = place.level if place.division else ABOVE[place.level]
    if place.division and place.level != "commune":
        return f"a {place.division} has the level commune"
    if (parent.level if parent else None) != expected or (parent and parent.division):
        return f"a {place.division or place.level} lies in {'a ' + expected if expected else 'nothing'}"
    return None


def _check_bodies(draft: Draft) -> Iterator[Finding]:
    parents = {entry.value.id: entry.value.parent for entry in draft.bodies}
    for entry in draft.bodies:
        body = entry.value
        for kind, name in (("territory", "territory"), ("body", "parent"), ("body", "successor")):
            if problem := draft.missing(kind, getattr(body, name)):
                yield entry.finding(problem, name)
        for index, part in enumerate(body.parts):
            if problem := draft.missing("body", part.body):
                yield entry.finding(problem, "parts", index, "body")
        if body.territory is None and body.family in ("territorial", "deconcentrated"):
            yield entry.finding(f"a {body.family} body has a territory")
        if body.successor and not body.closed_on:
            yield entry.finding("a body with a successor says when it closed: closed_on", "successor")
        if _is_its_own_ancestor(body.id, parents):
            yield entry.finding(f"{body.id!r} is its own ancestor", "parent")


def _is_its_own_ancestor(body: str, parents: dict[str, str | None]) -> bool:
    seen: set[str] = set()
    above = parents.get(body)
    while above and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return body in seen


def _check_public_services(draft: Draft) -> Iterator[Finding]:
    parents = {entry.value.code: entry.value.parent for entry in draft.public_services}
    for entry in draft.public_services:
        record = entry.value
        if problem := draft.missing("body", record.body):
            yield entry.finding(problem, "body")
        if problem := draft.missing("public service", record.parent):
            yield entry.finding(problem, "parent")
        elif record.parent and (record.parent == record.code or parents.get(record.parent)):
            yield entry.finding(f"{record.parent!r} is no main subject: subjects have two levels", "parent")


def _check_procedure(draft: Draft, entry: Entry[Procedure]) -> Iterator[Finding]:
    law = entry.value
    if entry.document.file != f"procedures/{law.ref}.yaml":
        yield entry.finding(f"the file of {law.ref} is procedures/{law.ref}.yaml", "code")
    for loc, part in walk(law):
        if isinstance(part, Span) and (problem := draft.missing("calendar", part.calendar)):
            yield entry.finding(problem, *loc, "calendar")
        if isinstance(part, Addressee | Door | FollowUp) and (problem := draft.missing("body", part.body)):
            yield entry.finding(problem, *loc, "body")
        if isinstance(part, FollowUp) and (problem := draft.missing("procedure", part.procedure)):
            yield entry.finding(problem, *loc, "procedure")


def _check_rules(draft: Draft) -> Iterator[Finding]:
    lists = (draft.territories, draft.bodies, draft.public_services)
    laws = (ProcedureRecord(version=e.value.version, valid_from=e.value.valid_from, procedure=e.value) for e in draft.procedures)
    directory = Directory([*(entry.value for entries in lists for entry in entries), *laws])
    for n, loc, reason in check_rules([entry.value for entry in draft.rules], directory, draft.missing):
        yield draft.rules[n].finding(reason, *loc)


def _check_alert(draft: Draft, entry: Entry[AlertRecord]) -> Iterator[Finding]:
    for index, door in enumerate(entry.value.doors):
        if problem := draft.missing("body", door.body):
            yield entry.finding(problem, "doors", index, "body")
    for language, phrases in entry.value.words.items():
        for index, phrase in enumerate(phrases):
            if phrase_is_empty(phrase):
                yield entry.finding(f"{phrase!r} is too short to be found", "words", language, index)
    if not any(entry.value.words.values()):
        yield entry.finding("an alert without words is never found", "words")
