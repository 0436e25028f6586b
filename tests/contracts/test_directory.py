"""The directory is a pure index: the order and repetition of records never matter, unknown codes never raise."""

import json
import random
from datetime import date
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from shared.contracts.directory import BodyRecord, Directory, DirectoryRecord, PackRecord, TerritoryRecord
from shared.contracts.directory_records import RECORDS as RECORDS_BY_KIND

SINCE = {"version": 1, "valid_from": "2026-01-01"}
WORDS = {"ar": "كلمة", "fr": "mot"}
LAW = {
    "code": "complaint",
    "kind": "complaint",
    "title": WORDS,
    "legal_basis": [{"title": "a law", "certainty": "A"}],
    "filer": {"identity": "none"},
    "addressee": {"mode": "rule"},
    "outcomes": [{"code": "noted", "label": WORDS, "counts_as": "answered"}],
    "retention": {"n": 60, "unit": "months"},
}


def record(kind: str, **values: Any) -> DirectoryRecord:
    return DirectoryRecord.model_validate(SINCE | {"kind": kind} | values)


def territory(code: str, level: str, parent: str | None = None) -> DirectoryRecord:
    return record("territory", code=code, level=level, parent=parent, name=WORDS)


def body(name: str, parent: str | None = None, version: int = 1, at: str | None = None) -> DirectoryRecord:
    return record("body", id=name, name=WORDS, family="ministry", parent=parent, version=version, territory=at, source="s", certainty="A")


def procedure(version: int, valid_from: str) -> DirectoryRecord:
    return record("procedure", version=version, valid_from=valid_from, procedure=LAW | {"version": version, "valid_from": valid_from})


CALENDAR = {"code": "ma", "version": 1, "weekly_off": ["sunday"], "time_zone": "Africa/Casablanca"}
PACK = {
    "country": "morocco",
    "name": WORDS,
    "sha256": "0" * 64,
    "counts": {"territory": 4, "body": 4, "public-service": 1, "calendar": 1, "procedure": 2},
    "time_zone": "Africa/Casablanca",
    "calendar": "ma",
    "languages": ["ar", "fr"],
    "page_languages": ["ar", "fr", "en"],
    "national_desk": WORDS,
}
RECORDS = [
    territory("060000000", "region"),
    territory("061410000", "province", "060000000"),
    territory("061410100", "commune", "061410000"),
    territory("061810000", "province", "060000000"),
    body("interior"),
    body("wilaya-06", "interior", at="060000000"),
    body("commune-061410100", "wilaya-06", at="061410100"),
    body("health"),
    record("public-service", code="civil-status", body="interior", title=WORDS, territorial="commune"),
    record("calendar", calendar=CALENDAR),
    procedure(1, "2026-01-01"),
    procedure(2, "2026-06-01"),
    record("pack", **PACK),
]


@pytest.mark.parametrize(
    ("index", "key"),
    [
        (2, "territory/061410100"),
        (6, "body/commune-061410100"),
        (8, "public-service/civil-status"),
        (9, "calendar/ma"),
        (11, "procedure/complaint@2"),
        (12, "pack/morocco"),
    ],
)
def test_keys(index: int, key: str) -> None:
    assert RECORDS[index].key == key


@pytest.mark.parametrize("original", RECORDS, ids=lambda record: record.key)
def test_a_record_reads_back_from_the_wire(original: DirectoryRecord) -> None:
    wire = original.model_dump_json()
    assert {"key", "kind", "version", "valid_from"} <= json.loads(wire).keys()
    again = DirectoryRecord.model_validate_json(wire)
    assert type(again) is type(original)
    assert again == original


def test_a_kind_of_a_later_release_is_kept_whole_and_disturbs_nothing() -> None:
    wire = '{"key": "desk/7", "kind": "desk", "version": 2, "valid_from": "2027-01-01", "rooms": ["a", "b"]}'
    unknown = DirectoryRecord.model_validate_json(wire)
    assert (unknown.key, unknown.version) == ("desk/7", 2)
    assert json.loads(unknown.model_dump_json()) == json.loads(wire)
    assert Directory([*RECORDS, unknown]).ready


def test_the_schema_describes_every_kind() -> None:
    schema = DirectoryRecord.model_json_schema(mode="serialization")
    jsonschema.Draft202012Validator.check_schema(schema)
    kinds = [schema["$defs"].get(branch.get("$ref", "").rpartition("/")[2], branch) for branch in schema["anyOf"]]
    assert [kind["title"] for kind in kinds] == [*(model.__name__ for model in RECORDS_BY_KIND.values()), "UnknownRecord"]
    for each in RECORDS:
        jsonschema.validate(json.loads(each.model_dump_json()), schema)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"code": "61410100"}, "code"),
        ({"code": 61410100}, "code"),
        ({"level": "village"}, "level"),
        ({"version": 0}, "version"),
        ({"name": {}}, "name"),
    ],
)
def test_a_broken_territory_is_refused(change: dict[str, Any], where: str) -> None:
    good = {"kind": "territory", "code": "061410100", "level": "commune", "name": WORDS} | SINCE
    assert DirectoryRecord.model_validate(good).key == "territory/061410100"
    with pytest.raises(ValidationError) as refused:
        DirectoryRecord.model_validate(good | change)
    assert [error["loc"][-1] for error in refused.value.errors()] == [where]


def test_order_and_repetition_of_records_do_not_matter() -> None:
    newer = [body("health", version=3), body("health", version=2, parent="interior")]
    expected = Directory([*RECORDS, *newer])
    draw = random.Random(7)
    for _ in range(50):
        history = [*RECORDS, *newer, *draw.choices(RECORDS, k=9)]
        draw.shuffle(history)
        cut = draw.randrange(len(history))
        shuffled = Directory(history[:cut]).updated(history[cut:])
        assert dict(shuffled.records) == dict(expected.records)
    assert expected.bodies["health"].version == 3
    assert expected.body_scope("interior") == {"interior", "wilaya-06", "commune-061410100"}


def test_ready_only_with_the_pack_and_all_that_it_counts() -> None:
    assert Directory(RECORDS).ready
    assert not Directory().ready
    for missing in RECORDS:
        assert not Directory(record for record in RECORDS if record is not missing).ready, missing.key
    assert Directory([*RECORDS, body("another")]).ready


def test_the_places_around_a_place() -> None:
    directory = Directory(RECORDS)
    assert directory.ancestors("061410100") == ("061410000", "060000000")
    assert directory.ancestors("060000000") == ()
    assert directory.descendants("060000000") == {"061410000", "061410100", "061810000"}
    assert directory.descendants("061410100") == frozenset()
    assert directory.is_within("061410100", "060000000")
    assert directory.is_within("061410100", "061410100")
    assert not directory.is_within("060000000", "061410100")
    assert not directory.is_within("061410100", "061810000")


def test_bodies_below_and_at_a_place() -> None:
    directory = Directory(RECORDS)
    assert directory.body_scope("wilaya-06") == {"wilaya-06", "commune-061410100"}
    assert directory.body_scope("health") == {"health"}
    assert [body.id for body in directory.bodies_at("060000000")] == ["wilaya-06"]
    assert directory.bodies_at("061810000") == ()


def test_an_unknown_code_gives_nothing() -> None:
    directory = Directory(RECORDS)
    assert directory.ancestors("999999999") == ()
    assert directory.descendants("999999999") == frozenset()
    assert directory.body_scope("nobody") == {"nobody"}
    assert directory.procedure("complaint@9") is None
    assert directory.procedure("complaint") is None
    assert directory.newest_procedure("petition") is None


def test_a_loop_in_the_records_ends() -> None:
    one, other = "010000000", "020000000"
    looped = Directory([territory(one, "province", other), territory(other, "province", one), body("a", "b"), body("b", "a")])
    assert looped.ancestors(one) == (other,)
    assert looped.descendants(one) == {other}
    assert looped.body_scope("a") == {"a", "b"}


def test_procedures_by_version_and_by_date() -> None:
    directory = Directory(RECORDS)
    first, second = directory.procedures["complaint", 1], directory.procedures["complaint", 2]
    assert directory.procedure("complaint@1") == first
    assert directory.newest_procedure("complaint") == second
    assert directory.newest_procedure("complaint", date(2026, 5, 31)) == first
    assert directory.newest_procedure("complaint", date(2026, 6, 1)) == second
    assert directory.newest_procedure("complaint", date(2025, 12, 31)) is None


def test_an_index_cannot_be_changed() -> None:
    directory = Directory(RECORDS)
    with pytest.raises(TypeError):
        directory.bodies["health"] = directory.bodies["interior"]  # type: ignore[index]


def test_the_newest_pack_counts() -> None:
    directory = Directory([*RECORDS, record("pack", **PACK | {"version": 2, "counts": {"body": 5}})])
    assert isinstance(directory.pack, PackRecord)
    assert directory.pack.version == 2
    assert not directory.ready


def test_types_of_the_index() -> None:
    directory = Directory(RECORDS)
    assert isinstance(directory.bodies["interior"], BodyRecord)
    assert isinstance(directory.territories["060000000"], TerritoryRecord)
    assert directory.calendars["ma"].is_day_off(date(2026, 11, 22))
    assert directory.public_services["civil-status"].territorial == "commune"
