"""The contracts as other agencies know them: frozen schemas, golden examples, and nothing released ever changed."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.contracts import schemas
from shared.contracts.base import Contract
from shared.contracts.directory_records import RECORDS
from shared.contracts.registry import TOPICS, Topic
from tests.contracts.compatibility import breaks
from tests.contracts.released import ROOT, released

TYPES = {type: topic for topic in TOPICS.values() for type in topic.types}
GOLDEN = sorted(schemas.GOLDEN.glob("*.json"))
SCHEMAS_AT, GOLDEN_AT = (str(folder.relative_to(ROOT)) for folder in (schemas.FOLDER, schemas.GOLDEN))


def type_of(golden: str) -> str:
    """complaint-filed.v1.json → complaint-filed; of the directory's one type there is an example of each kind."""
    return golden.split(".")[0]


def parsed(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_frozen_schemas_are_those_of_the_models() -> None:
    frozen = {path.name: path.read_text(encoding="utf-8") for path in schemas.FOLDER.glob("*.json")}
    assert frozen == dict(schemas.generated()), "run python -m shared.contracts.schemas, and look at what it changes"


def test_there_is_a_golden_example_of_every_type_and_of_every_kind_of_record() -> None:
    expected = {schemas.file_name(type) for type in TYPES} - {schemas.file_name("directory-record")}
    expected |= {f"directory-record.{kind}.v1.json" for kind in RECORDS}
    assert expected <= {path.name for path in GOLDEN}
    # An example with what was added later stands beside the first one: <name>.<word>.v1.json.
    assert {f"{path.name.removesuffix('.v1.json').rpartition('.')[0]}.v1.json" for path in GOLDEN if path.name not in expected} <= expected


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_golden_example_is_read_and_written_again_as_it_is(path: Path) -> None:
    """But for fields added since, which take their defaults: read again, it says the same."""
    model = TYPES[type_of(path.name)].model
    read = model.model_validate_json(path.read_bytes())
    written = json.loads(read.model_dump_json(by_alias=True))
    assert _lost(parsed(path), written) == []
    assert model.model_validate(written) == read


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_golden_example_validates_against_its_frozen_schema(path: Path) -> None:
    schema = parsed(schemas.FOLDER / schemas.file_name(type_of(path.name)))
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(parsed(path))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_later_writers_added_field_is_passed_over(path: Path) -> None:
    """What makes an additive change safe for whoever has not upgraded."""
    model = TYPES[type_of(path.name)].model
    later = json.dumps(_with_more(parsed(path)))
    assert model.model_validate_json(later) == model.model_validate_json(path.read_bytes())


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_the_examples_of_a_topic_use_every_field_together(topic: Topic) -> None:
    examples = [topic.model.model_validate_json(path.read_bytes()) for path in GOLDEN if TYPES[type_of(path.name)] is topic]
    fields = [field for example in examples for field in _fields(example)]
    assert fields
    assert {field[:2] for field in fields} - {field[:2] for field in fields if field[2]} == set()


def test_every_schema_may_follow_every_released_one() -> None:
    """FULL_TRANSITIVE: not only the last version, since a log holds them all."""
    now = dict(schemas.generated())
    broken = {}
    for where, name, text in released(SCHEMAS_AT):
        found = breaks(json.loads(text), json.loads(now[name])) if name in now else ["the type is gone"]
        broken.update({f"{name} since {where}": found} if found else {})
    assert broken == {}


def test_a_released_golden_example_never_changes() -> None:
    present = {path.name: path.read_text(encoding="utf-8") for path in GOLDEN}
    changed = [f"{name} since {where}" for where, name, text in released(GOLDEN_AT) if present.get(name) != text]
    assert changed == []


def test_what_was_released_is_read_from_every_release(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    def commit(text: str) -> None:
        (tmp_path / "golden" / "a.json").write_text(text)
        git("add", ".")
        git("commit", "-m", text)

    (tmp_path / "golden").mkdir()
    assert list(released("golden", tmp_path)) == []
    git("init", "-b", "main")
    commit("one")
    assert [text for _, _, text in released("golden", tmp_path)] == ["one"]
    commit("two")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    commit("three")
    assert list(released("golden", tmp_path)) == [("origin/main", "a.json", "two")]
    git("tag", "v0.1.0", "HEAD~2")
    git("tag", "v0.2.0", "HEAD~1")
    (tmp_path / "golden" / "a.json").write_text("four")
    assert list(released("golden", tmp_path)) == [("v0.1.0", "a.json", "one"), ("v0.2.0", "a.json", "two")]


def _lost(example: Any, written: Any, at: str = "") -> list[str]:
    """The places at which `written` does not say what the example says; fields beside the example's are no loss."""
    if isinstance(example, dict) and isinstance(written, dict):
        return [place for name, item in example.items() for place in _lost(item, written.get(name), f"{at}/{name}")]
    if isinstance(example, list) and isinstance(written, list) and len(example) == len(written):
        return [place for n, pair in enumerate(zip(example, written, strict=True)) for place in _lost(*pair, f"{at}/{n}")]
    return [] if example == written else [at]


def _with_more(value: Any) -> Any:
    """The same with a field more in every object that is a model, not a map of data."""
    if isinstance(value, list):
        return [_with_more(item) for item in value]
    if not isinstance(value, dict):
        return value
    data = {"coded", "counts", "templates", "private"} | {key for key, item in value.items() if isinstance(item, dict) and "fr" in item}
    return {key: item if key in data else _with_more(item) for key, item in value.items()} | {"added_later": 1}


def _fields(value: Any) -> Iterator[tuple[str, str, bool]]:
    """Every field of every contract in a value: (contract, field, whether it says something: neither null nor empty)."""
    if isinstance(value, Contract):
        for name in type(value).model_fields:
            item = getattr(value, name)
            yield type(value).__name__, name, item not in (None, (), {})
            yield from _fields(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _fields(item)
