"""What tables would change in the directory, row by row, before anything is changed. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.routing.directory import tables
from services.routing.directory.editing import base_version, differences, with_name
from services.routing.directory.pack_checks import misplaced
from services.routing.directory.tables import MODELS, Line
from shared.contracts.directory import BodyRecord, Directory, PublicServiceRecord, TerritoryRecord
from shared.contracts.directory_records import Editable

Change = Literal["created", "changed", "unchanged", "refused"]


class Row(BaseModel):
    """What one row would do. `fields` are those that it changes; a refused one has a code and a reason, and the column at fault."""

    model_config = ConfigDict(frozen=True)

    kind: str
    line: int = Field(description="Where the row ends in its file, counted from 1; of rows sent as JSON, their place.")
    key: str | None
    change: Change
    fields: tuple[str, ...] = ()
    code: str | None = None
    reason: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class Plan:
    """Every row in its order, and the records that would be written: none where a row is refused."""

    rows: tuple[Row, ...]
    records: tuple[Editable, ...]

    @property
    def refused(self) -> bool:
        return any(row.change == "refused" for row in self.rows)


@dataclass(frozen=True)
class _Wrong:
    code: str
    reason: str
    column: str | None = None


@dataclass
class _Entry:
    """A row under way: the record it makes, or what is wrong with it."""

    kind: str
    line: Line
    key: str | None = None
    known: Editable | None = None
    record: Editable | None = None
    wrong: list[_Wrong] = field(default_factory=list)


def plan(files: Mapping[str, Sequence[Line]], directory: Directory, today: date) -> Plan:
    """`files` holds the rows of each kind. A row without valid_from counts from `today`; a body it does not name stays as it is."""
    entries = [_entry(kind, line, directory, today) for kind in MODELS for line in files.get(kind, ())]
    _refuse_repeated(entries)
    after = directory.updated(entry.record for entry in entries if entry.record)
    for entry in entries:
        if entry.record and not entry.wrong:
            entry.wrong += checks(entry.record, entry.known, after)
    rows = tuple(_row(entry) for entry in entries)
    made = tuple(e.record for e, row in zip(entries, rows, strict=True) if e.record and row.change in ("created", "changed"))
    found = Plan(rows, made)
    return replace(found, records=()) if found.refused else found


def _entry(kind: str, line: Line, directory: Directory, today: date) -> _Entry:
    entry = _Entry(kind, line)
    if line.cells is None:
        entry.wrong.append(_Wrong("columns", "the row has another number of cells than the first line"))
        return entry
    given = tables.fields(kind, line.cells)
    code = given.get("id") or given.get("code") or ""
    entry.key = f"{MODELS[kind].model_fields['kind'].default}/{code}"
    held = directory.records.get(entry.key)
    entry.known = held if isinstance(held, Editable) else None
    try:
        entry.record = _record(MODELS[kind], entry.known, given, today)
    except ValidationError as error:
        entry.wrong += [_Wrong("invalid-field", one["msg"], _column(one["loc"])) for one in error.errors()]
    return entry


def _record(model: type[Editable], known: Editable | None, given: dict[str, Any], today: date) -> Editable:
    """The record that a row makes: the known one where it says nothing new; what a table has no column for stays."""
    held = known.model_dump() if known else {}
    dated = given.get("valid_from") or (known.valid_from if known else today)
    version = known.version + 1 if known else 1
    made = model.model_validate({**held, **given, "valid_from": dated, "version": version, "base_version": base_version(known)})
    if known is None:
        return made
    if not _changed(known, made):
        return known
    if given.get("valid_from") is None:
        made = made.model_copy(update={"valid_from": today})
    if isinstance(made, BodyRecord) and isinstance(known, BodyRecord) and made.name != known.name:
        made = made.model_copy(update={"history": with_name(known, made.valid_from)})
    return made


def _changed(known: Editable, made: Editable) -> tuple[str, ...]:
    dated = ("valid_from",) if known.valid_from != made.valid_from else ()
    return (*differences(known, made), *dated)


def _column(loc: tuple[str | int, ...]) -> str | None:
    return "_".join(str(step) for step in loc[:2]) if loc else None


def _refuse_repeated(entries: Sequence[_Entry]) -> None:
    first: dict[str, int] = {}
    for entry in entries:
        if entry.key and first.setdefault(entry.key, entry.line.number) != entry.line.number:
            entry.wrong.append(_Wrong("repeated-key", f"the same key stands already on line {first[entry.key]}"))


def checks(record: Editable, known: Editable | None, after: Directory) -> Iterator[_Wrong]:
    """What is wrong with a record among those that it refers to; `column` as tables name it."""
    languages = after.pack.languages if after.pack else ()
    words, column = (record.title, "title") if isinstance(record, PublicServiceRecord) else (getattr(record, "name", {}), "name")
    yield from (_Wrong("name-missing", f"words in {one!r} are missing", f"{column}_{one}") for one in languages if one not in words)
    if isinstance(record, TerritoryRecord):
        yield from _check_territory(record, known, after)
    elif isinstance(record, BodyRecord):
        yield from check_body(record, after)
        yield from _check_closing(record, known)
    elif isinstance(record, PublicServiceRecord):
        yield from _check_public_service(record, after)


def _check_territory(record: TerritoryRecord, known: Editable | None, after: Directory) -> Iterator[_Wrong]:
    if record.parent and record.parent not in after.territories:
        yield _Wrong("unknown-territory", "there is no territory of this code", "parent")
    elif wrong := misplaced(record, after.territories.get(record.parent or "")):
        yield _Wrong("misplaced", wrong, "parent")
    moved = isinstance(known, TerritoryRecord) and (known.level, known.division) != (record.level, record.division)
    if moved and after.descendants(record.code):
        yield _Wrong("has-children", "territories lie in this one: its level stays", "level")


def check_body(record: BodyRecord, after: Directory) -> Iterator[_Wrong]:
    """What is wrong with a body among the records that it refers to."""
    if record.parent and record.parent not in after.bodies:
        yield _Wrong("unknown-body", "there is no body of this id", "parent")
    elif record.parent and record.parent in after.body_scope(record.id):
        yield _Wrong("own-ancestor", "the body would stand above itself", "parent")
    if record.successor and record.successor not in after.bodies:
        yield _Wrong("unknown-body", "there is no body of this id", "successor")
    if record.territory and record.territory not in after.territories:
        yield _Wrong("unknown-territory", "there is no territory of this code", "territory")
    if record.territory is None and record.family in ("territorial", "deconcentrated"):
        yield _Wrong("territory-missing", f"a {record.family} body has a territory", "territory")


def _check_closing(record: BodyRecord, known: Editable | None) -> Iterator[_Wrong]:
    if record.successor and not record.closed_on:
        yield _Wrong("invalid-field", "a body with a successor says when it closed", "closed_on")
    if isinstance(known, BodyRecord) and (known.closed_on, known.successor) != (record.closed_on, record.successor):
        yield _Wrong("closes-body", "closing moves open cases: use close, merge or split of this body", "closed_on")


def _check_public_service(record: PublicServiceRecord, after: Directory) -> Iterator[_Wrong]:
    if record.body not in after.bodies:
        yield _Wrong("unknown-body", "there is no body of this id", "body")
    above = after.public_services.get(record.parent or "")
    if record.parent and above is None:
        yield _Wrong("unknown-public-service", "there is no public service of this code", "parent")
    below = any(one.parent == record.code for one in after.public_services.values()) if record.parent else False
    if (above and above.parent) or record.parent == record.code or below:
        yield _Wrong("subject-levels", "subjects have two levels", "parent")


def _row(entry: _Entry) -> Row:
    kind, line, key = entry.kind, entry.line.number, entry.key
    if entry.wrong or entry.record is None:
        first = entry.wrong[0]
        return Row(kind=kind, line=line, key=key, change="refused", code=first.code, reason=first.reason, column=first.column)
    if entry.known is None:
        return Row(kind=kind, line=line, key=key, change="created")
    fields = _changed(entry.known, entry.record)
    return Row(kind=kind, line=line, key=key, change="changed" if fields else "unchanged", fields=fields)
