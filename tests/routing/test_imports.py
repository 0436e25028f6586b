"""What tables would change, row by row; and that what is read is written back."""

from datetime import date

import pytest

from services.routing.directory.editing import edited, with_name
from services.routing.directory.imports import Plan, Row, plan
from services.routing.directory.tables import Line, TableRefused, columns, read, written
from shared.contracts.directory import BodyRecord, Directory, TerritoryRecord
from tests.support.desk import noria_pack

LANGUAGES = ("ar", "fr", "en")
TODAY = date(2026, 3, 2)
HEADS = {kind: ",".join(columns(kind, LANGUAGES)) for kind in ("territories", "bodies", "public-services")}


def noria() -> Directory:
    return noria_pack().directory


def planned(kind: str, *rows: str, directory: Directory | None = None) -> Plan:
    content = "\n".join([HEADS[kind], *rows, ""]).encode()
    return plan({kind: read(kind, content, LANGUAGES)}, directory or noria(), TODAY)


def only(found: Plan) -> Row:
    (row,) = found.rows
    return row


@pytest.mark.parametrize("kind", HEADS)
def test_what_is_written_is_read_as_no_change(kind: str) -> None:
    text = written(kind, noria(), LANGUAGES)
    found = plan({kind: read(kind, text.encode(), LANGUAGES)}, noria(), TODAY)
    assert {row.change for row in found.rows} == {"unchanged"}
    assert len(found.rows) > 3
    assert found.records == ()


@pytest.mark.parametrize("given", ["\ufeff{}", "{}"], ids=["mark", "plain"])
def test_spreadsheets_write_semicolons_marks_and_returns(given: str) -> None:
    text = written("territories", noria(), LANGUAGES).replace(",", ";").replace("\n", "\r\n")
    found = plan({"territories": read("territories", given.format(text).encode(), LANGUAGES)}, noria(), TODAY)
    assert {row.change for row in found.rows} == {"unchanged"}


def test_a_new_body_is_created_and_dated_today() -> None:
    found = planned(
        "bodies", "port-office,establishment,الميناء,Office du port,,ministry-waters,,port@noria.example,Mo-Fr 08:00-15:00,,,decree 7,A,,"
    )
    assert (only(found).change, only(found).key) == ("created", "body/port-office")
    (body,) = found.records
    assert isinstance(body, BodyRecord)
    assert (body.version, body.base_version, body.valid_from) == (1, 0, TODAY)
    assert (body.opening_hours, body.parent, body.territory) == ("Mo-Fr 08:00-15:00", "ministry-waters", None)


def test_a_changed_body_names_its_fields_and_keeps_what_the_table_does_not_have() -> None:
    held = noria().bodies["water-office"]
    former = edited(held, date(2025, 1, 1), name={"ar": "مكتب", "fr": "Office"}, history=with_name(held, date(2025, 1, 1)))
    found = planned(
        "bodies",
        "water-office,establishment,مكتب,Office des eaux,,ministry-waters,,new@noria.example,,,,invented,A,2026-03-01,",
        directory=noria().updated([former]),
    )
    assert only(found).fields == ("name", "mailbox", "history", "valid_from")
    (body,) = found.records
    assert isinstance(body, BodyRecord)
    assert [(name.until, name.name["fr"]) for name in body.history] == [
        (date(2024, 12, 31), "Office de l'eau"),
        (date(2026, 2, 28), "Office"),
    ]
    assert (body.version, body.base_version) == (3, 1)


def test_a_part_of_a_commune_has_its_own_level() -> None:
    found = planned("territories", "010010111,arrondissement,010010101,حي,Quartier,,2026-01-01")
    (place,) = found.records
    assert isinstance(place, TerritoryRecord)
    assert (place.level, place.division) == ("commune", "arrondissement")
    after = noria().updated(found.records)
    assert "010010111,arrondissement,010010101,حي,Quartier,,2026-01-01\n" in written("territories", after, LANGUAGES)


def test_a_body_that_is_not_on_line_says_so() -> None:
    found = planned("bodies", "port-office,establishment,ا,X,,,,,,,,invented,A,2026-01-01,no")
    (body,) = found.records
    assert isinstance(body, BodyRecord)
    assert body.online is False
    text = written("bodies", noria().updated(found.records), LANGUAGES)
    assert "port-office,establishment,ا,X,,,,,,,,invented,A,2026-01-01,no\n" in text
    assert {
        row.change for row in plan({"bodies": read("bodies", text.encode(), LANGUAGES)}, noria().updated(found.records), TODAY).rows
    } == {"unchanged"}


def test_one_refused_row_refuses_the_whole() -> None:
    found = planned("territories", "030000000,region,,الغرب,Ouest,,", "030010000,province,040000000,جديد,Nova,,")
    assert [row.change for row in found.rows] == ["created", "refused"]
    assert found.refused
    assert found.records == ()


BODY = "x-office,establishment,ا,X,,{parent},{place},,,{successor},{closed},invented,A,,"
REFUSED = [
    ("bodies", "x-office,establishment,ا", "columns", None),
    ("bodies", "X office,establishment,ا,X,,,,,,,,invented,A,,", "invalid-field", "id"),
    ("bodies", "x-office,charity,ا,X,,,,,,,,invented,A,,", "invalid-field", "family"),
    ("bodies", "x-office,establishment,,X,,,,,,,,invented,A,,", "name-missing", "name_ar"),
    ("bodies", "x-office,establishment,ا,X,,,,nobody,,,,invented,A,,", "invalid-field", "mailbox"),
    ("bodies", "x-office,establishment,ا,X,,,,,always,,,invented,A,,", "invalid-field", "opening_hours"),
    ("bodies", "x-office,establishment,ا,X,,,,,,,,,A,,", "invalid-field", "source"),
    ("bodies", "x-office,establishment,ا,X,,,,,,,,invented,A,soon,", "invalid-field", "valid_from"),
    ("bodies", "x-office,establishment,ا,X,,,,,,,,invented,A,,perhaps", "invalid-field", "online"),
    ("bodies", BODY.format(parent="nobody", place="", successor="", closed=""), "unknown-body", "parent"),
    ("bodies", BODY.format(parent="x-office", place="", successor="", closed=""), "own-ancestor", "parent"),
    ("bodies", BODY.format(parent="", place="999999999", successor="", closed=""), "unknown-territory", "territory"),
    ("bodies", BODY.format(parent="", place="", successor="nobody", closed="2026-01-01"), "unknown-body", "successor"),
    ("bodies", BODY.format(parent="", place="", successor="water-office", closed=""), "invalid-field", "closed_on"),
    ("bodies", "x-commune,territorial,ا,X,,,,,,,,invented,A,,", "territory-missing", "territory"),
    ("bodies", "water-office,establishment,ا,X,,,,,,,2026-01-01,invented,A,,", "closes-body", "closed_on"),
    ("territories", "030010000,province,,جديد,Nova,,", "misplaced", "parent"),
    ("territories", "030010000,province,030000000,جديد,Nova,,", "unknown-territory", "parent"),
    ("territories", "010010111,ward,010010000,جديد,Nova,,", "misplaced", "parent"),
    ("territories", "010010101,ward,010010102,بريما,Prima,,", None, None),
    ("territories", "010010000,region,,ألتا,Alta,,", "has-children", "level"),
    ("territories", "12345678,region,,ا,X,,", "invalid-field", "code"),
    ("public-services", "x,nobody,ا,X,,,,", "unknown-body", "body"),
    ("public-services", "x,water-office,ا,X,,nothing,,", "unknown-public-service", "parent"),
    ("public-services", "x,water-office,ا,X,,water-bill,,", "subject-levels", "parent"),
    ("public-services", "water-supply,water-office,ا,X,,civil-status,,", "subject-levels", "parent"),
    ("public-services", "x,water-office,ا,X,,,street,", "invalid-field", "territorial"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "row", "code", "column"), REFUSED, ids=lambda value: str(value)[:30])
def test_a_bad_row_is_refused_with_its_column(kind: str, row: str, code: str | None, column: str | None) -> None:
    found = only(planned(kind, row))
    assert (found.code, found.column) == (code, column)
    assert (found.change == "refused") == (code is not None)


def test_a_key_stands_once() -> None:
    row = "030000000,region,,الغرب,Ouest,,"
    assert [one.code for one in planned("territories", row, row).rows] == [None, "repeated-key"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe", "not-utf8"),
        (HEADS["bodies"].encode() + b"\na\x00", "invalid-text"),
        (b"id,name\n", "unknown-columns"),
        (b"", "unknown-columns"),
        (HEADS["bodies"].encode() + b'\n"a"b,c\n', "no-csv"),
        (HEADS["bodies"].encode() + b"\n" + b"a\n" * 5_001, "too-many-rows"),
    ],
)
def test_a_file_that_is_no_such_table(content: bytes, code: str) -> None:
    with pytest.raises(TableRefused) as refused:
        read("bodies", content, LANGUAGES)
    assert refused.value.code == code


def test_rows_are_numbered_by_their_lines() -> None:
    text = HEADS["territories"] + '\n030000000,region,,الغرب,"Ou\nest",,\n\n040000000,region,,الشرق,Est,,\n'
    assert [line.number for line in read("territories", text.encode(), LANGUAGES)] == [3, 5]


def test_an_edit_is_known_as_none_of_the_pack_s() -> None:
    held = noria().bodies["water-office"]
    once = edited(held, TODAY, mailbox="a@noria.example")
    twice = edited(once, TODAY, mailbox="b@noria.example")
    assert [(r.version, r.base_version) for r in (held, once, twice)] == [(1, None), (2, 1), (3, 1)]


def test_a_row_of_json_with_other_columns_has_no_cells() -> None:
    assert only(plan({"bodies": [Line(1, None)]}, noria(), TODAY)).code == "columns"
