"""The compatibility checker itself, on pairs made by hand: what may follow what."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from tests.contracts.compatibility import breaks


class Part(BaseModel):
    at: str


class Base(BaseModel):
    id: str
    n: int = 1
    note: str | None = None
    parts: tuple[Part, ...] = ()


def model(name: str = "Base", base: type[BaseModel] = Base, **fields: Any) -> type[BaseModel]:
    annotations = {field: value[0] for field, value in fields.items()}
    values = {field: value[1] for field, value in fields.items() if len(value) > 1}
    return type(name, (base,), {"__annotations__": annotations, "__module__": __name__, **values})


class PartWithMore(Part):
    model_config = ConfigDict(title="Part")
    by: str | None = None


class PartWithNeed(Part):
    by: str


class NoNote(BaseModel):
    id: str
    n: int = 1
    parts: tuple[Part, ...] = ()


class Renamed(NoNote):
    remark: str | None = None


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str


class ClosedWithMore(Closed):
    more: int = 1


class Limits(BaseModel):
    most: int = 5


class LimitsWithMore(Limits):
    model_config = ConfigDict(title="Limits")
    least: int = 1


class LimitsOtherwise(BaseModel):
    model_config = ConfigDict(title="Limits")
    most: int = 6


COMPATIBLE = {
    "a field with a default in a default": (model(limits=(Limits, Limits())), model(limits=(LimitsWithMore, LimitsWithMore()))),
    "the same": (Base, Base),
    "a field with a default": (Base, model(extra=(str | None, None))),
    "a list with a default": (Base, model(extras=(tuple[str, ...], ()))),
    "an object with a default": (Base, model(part=(Part | None, None))),
    "other words": (Base, type("Base", (Base,), {"__doc__": "Said better."})),
}
INCOMPATIBLE = {
    "a field removed": (Base, NoNote, "/note: removed"),
    "a field renamed": (Base, Renamed, "/note: removed"),
    "a field without a default": (Base, model(extra=(str,)), "/extra: added without a default"),
    "a nullable field without a default": (Base, model(extra=(str | None,)), "/extra: added without a default"),
    "another type": (Base, model(n=(str, "1")), "/n: type changed"),
    "another default": (Base, model(n=(int, 2)), "/n: default changed"),
    "another default in a default": (
        model(limits=(Limits, Limits())),
        model(limits=(LimitsOtherwise, LimitsOtherwise())),
        "/limits: default changed",
    ),
    "no longer null": (Base, model(note=(str, "")), "/note: null no longer allowed"),
    "now null": (Base, model(n=(int | None, 1)), "/n: integer newly allowed"),
    "now required": (Base, model(n=(int,)), "/n: required changed"),
    "no longer required": (Base, model(id=(str, "")), "/id: required changed"),
    "an enumeration where any code was taken": (Base, model(id=(str, Field(json_schema_extra={"enum": ["a"]}))), "/id: enum changed"),
    "another pattern": (Base, model(id=(str, Field(pattern="^a$"))), "/id: pattern changed"),
    "a new limit": (Base, model(id=(str, Field(max_length=9))), "/id: maxLength changed"),
    "a limit raised": (
        model(id=(str, Field(max_length=9))),
        model(id=(str, Field(max_length=10))),
        "/id: maxLength changed",
    ),
    "a part that needs more": (Base, model(parts=(tuple[PartWithNeed, ...], ())), "/parts/*/by: added without a default"),
    "a list now": (Base, model(id=(tuple[str, ...],)), "/id: type changed"),
    "a field in a closed object": (Closed, ClosedWithMore, "/more: added to an object that takes no other fields"),
}


@pytest.mark.parametrize(("old", "new"), COMPATIBLE.values(), ids=COMPATIBLE)
def test_may_follow(old: type[BaseModel], new: type[BaseModel]) -> None:
    assert breaks(old.model_json_schema(), new.model_json_schema()) == []


@pytest.mark.parametrize(("old", "new", "reason"), INCOMPATIBLE.values(), ids=INCOMPATIBLE)
def test_may_not_follow(old: type[BaseModel], new: type[BaseModel], reason: str) -> None:
    assert reason in breaks(old.model_json_schema(), new.model_json_schema())


def test_a_part_may_take_a_field_with_a_default() -> None:
    new = model(parts=(tuple[PartWithMore, ...], ()))
    assert breaks(Base.model_json_schema(), new.model_json_schema()) == []


def test_an_alternative_may_be_added_where_unknown_ones_are_taken() -> None:
    def union(*names: str, tolerant: bool) -> dict[str, Any]:
        open_ = {"$defs": {**{n: {"type": "object"} for n in names}, "Unknown": {"type": "object", "additionalProperties": tolerant}}}
        return {**open_, "anyOf": [{"$ref": f"#/$defs/{name}"} for name in (*names, "Unknown")]}

    assert breaks(union("A", tolerant=True), union("A", "B", tolerant=True)) == []
    assert breaks(union("A", tolerant=False), union("A", "B", tolerant=False)) == ["/: B newly allowed"]
    assert breaks(union("A", "B", tolerant=True), union("A", tolerant=True)) == ["/: B no longer allowed"]


def test_a_keyword_that_the_checker_does_not_know_must_stay() -> None:
    assert breaks({"type": "string"}, {"type": "string", "contentEncoding": "base64"}) == ["/: contentEncoding changed"]


def test_a_type_that_holds_itself_is_compared_once() -> None:
    def tree(**more: Any) -> dict[str, Any]:
        node = {"type": "object", "properties": {"below": {"$ref": "#/$defs/Node"}, **more}}
        return {"$defs": {"Node": node}, "$ref": "#/$defs/Node"}

    assert breaks(tree(), tree()) == []
    assert "/n: removed" in breaks(tree(n={"type": "integer"}), tree())
