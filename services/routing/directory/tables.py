"""The directory as tables: one CSV file a kind, whose canonical form is the same for every export.

Canonical: UTF-8, commas, one line feed a row, quotes only where needed, columns in this order, rows by key; a body that is not on
line says no in that column, the others nothing. What people write
may also come with a byte order mark, with CR LF, or with semicolons, as spreadsheets in French have them.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.directory import Directory
from shared.contracts.directory_records import BodyRecord, Editable, PublicServiceRecord, TerritoryRecord
from shared.runtime.text import storable

MODELS: Mapping[str, type[Editable]] = {"territories": TerritoryRecord, "bodies": BodyRecord, "public-services": PublicServiceRecord}
"""The kinds of tables, what is referred to first."""
ROWS_MAX = 5_000
_COLUMNS = {
    "territories": ("code", "level", "parent", "name_*", "valid_from"),
    "bodies": (
        *("id", "family", "name_*", "parent", "territory", "mailbox", "opening_hours"),
        *("successor", "closed_on", "source", "certainty", "valid_from", "online"),
    ),
    "public-services": ("code", "body", "title_*", "parent", "territorial", "valid_from"),
}
_LEVELS = ("region", "province", "commune")


class TableRefused(Exception):
    """The file cannot be read as this table at all."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Line:
    """A row by its columns; None where it has another number of cells than the head."""

    number: int
    cells: Mapping[str, str] | None


def columns(kind: str, languages: Sequence[str]) -> tuple[str, ...]:
    """The columns of a table where names are written in these languages."""
    return tuple(name for column in _COLUMNS[kind] for name in _each_language(column, languages))


def read(kind: str, content: bytes, languages: Sequence[str]) -> list[Line]:
    """The rows of a file, numbered by where each ends. TableRefused: not-utf8, invalid-text, unknown-columns, too-many-rows, no-csv."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableRefused("not-utf8", "The file is not UTF-8: save it again as CSV UTF-8.") from None
    if not storable(text):
        raise TableRefused("invalid-text", "The file holds a character that cannot be stored.")
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",", strict=True)
    try:
        return _lines(kind, reader, columns(kind, languages))
    except csv.Error as error:
        raise TableRefused("no-csv", f"Line {reader.line_num} is no CSV: {error}.") from None


def written(kind: str, directory: Directory, languages: Sequence[str]) -> str:
    """The canonical file of a kind."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    names = columns(kind, languages)
    writer.writerow(names)
    for record in _records(kind, directory):
        found = cells(record)
        writer.writerow([found.get(name, "") for name in names])
    return out.getvalue()


def fields(kind: str, line: Mapping[str, str]) -> dict[str, Any]:
    """What a row says, by field of the record; an empty cell says null."""
    words = "title" if kind == "public-services" else "name"
    given: dict[str, Any] = {name: cell.strip() or None for name, cell in line.items() if not name.startswith(f"{words}_")}
    given[words] = {
        name.removeprefix(f"{words}_"): cell.strip() for name, cell in line.items() if name.startswith(f"{words}_") and cell.strip()
    }
    if kind == "bodies":
        given["online"] = given["online"] or True
    if kind == "territories":
        level = given["level"]
        given |= {"division": None} if level in _LEVELS else {"level": "commune", "division": level or ""}
    return given


def cells(record: Editable) -> dict[str, str]:
    """A record by columns."""
    found: dict[str, str] = {}
    for name, value in record.model_dump(mode="json", exclude={"history", "parts", "inboxes"}).items():
        if isinstance(value, dict):
            found |= {f"{name}_{language}": words for language, words in value.items()}
        elif isinstance(value, bool):
            found[name] = "" if value else "no"
        elif value is not None:
            found[name] = str(value)
    if isinstance(record, TerritoryRecord) and record.division:
        found["level"] = record.division
    return found


def _each_language(column: str, languages: Sequence[str]) -> Iterator[str]:
    if column.endswith("*"):
        yield from (column[:-1] + language for language in languages)
    else:
        yield column


def _lines(kind: str, reader: Any, names: tuple[str, ...]) -> list[Line]:
    head = next(reader, None)
    if head is None or set(head) != set(names) or len(head) != len(names):
        raise TableRefused("unknown-columns", f"The first line of {kind} names these columns: {','.join(names)}.")
    lines = []
    for row in reader:
        if row:
            lines.append(Line(reader.line_num, dict(zip(head, row, strict=True)) if len(row) == len(head) else None))
        if len(lines) > ROWS_MAX:
            raise TableRefused("too-many-rows", f"A file has at most {ROWS_MAX} rows: send it in parts.")
    return lines


def _records(kind: str, directory: Directory) -> Iterable[Editable]:
    held: Mapping[str, Mapping[str, Editable]] = {
        "territories": directory.territories,
        "bodies": directory.bodies,
        "public-services": directory.public_services,
    }
    return (held[kind][code] for code in sorted(held[kind]))
