"""What the five services say of their interfaces: every call in words, and each JSON body and answer by an example that is one."""

from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

import pytest
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from deploy.local.environment import SERVICES
from services.routing.directory.import_api import Sent
from shared.runtime.ids import parse_reference
from tests.support.apps import application

JSON, DONE = "application/json", ("200", "201", "202")
READ_BY_THE_ROUTE = {"POST /v1/directory/imports": Sent}
"""Bodies that the framework does not read, since they may also come as another media type."""


class Part(NamedTuple):
    """A JSON body or answer: where it is, its model, and its example in the document; None where there is none."""

    place: str
    model: Any
    example: Any
    answer: bool = True


def calls(app: FastAPI) -> Iterator[tuple[str, RouteContext, dict[str, Any]]]:
    """Each call that the document lists, by its method and path, with its route."""
    paths = app.openapi()["paths"]
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            if call := paths.get(route.path_format, {}).get(method.lower()):
                yield f"{method} {route.path_format}", route, call


def parts(app: FastAPI) -> Iterator[Part]:
    """Every JSON body, and every JSON answer of what was done."""
    schemas = app.openapi()["components"]["schemas"]
    for place, route, call in calls(app):
        if body := call.get("requestBody", {}).get("content", {}).get(JSON):
            model = READ_BY_THE_ROUTE.get(place) or route.body_field.field_info.annotation
            yield part(f"{place}, body", model, body, schemas, answer=False)
        for status in DONE:
            if answer := call["responses"].get(status, {}).get("content", {}).get(JSON):
                yield part(f"{place}, {status}", route.response_model, answer, schemas, answer=True)


def part(place: str, model: Any, content: dict[str, Any], schemas: dict[str, Any], answer: bool) -> Part:
    """The example stands beside the schema, or on it; of a bare list on that of its items."""
    schema = content["schema"]
    if schema.get("type") == "array":
        model, schema = get_args(model)[0], schema["items"]
    named = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return Part(place, model, content.get("example", named.get("example")), answer)


def wrong(part: Part) -> str:
    """Empty where the model reads the example and knows each of its fields; an answer has all the fields that are sent."""
    if part.example is None:
        return f"{part.place}: there is no example"
    adapter: TypeAdapter[Any] = TypeAdapter(part.model)
    try:
        read = adapter.validate_python(part.example)
    except ValidationError as error:
        return f"{part.place}: {error}"
    written = adapter.dump_python(read, mode="json", by_alias=True, exclude_unset=not part.answer)
    return "" if written == part.example else f"{part.place}: {part.example} is read as {written}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_call_is_described(service: str) -> None:
    app = application(service)
    listed = list(calls(app))
    assert len(listed) == sum(len(methods) for methods in app.openapi()["paths"].values()) > 0
    assert [place for place, _, call in listed if not call.get("description")] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_json_body_and_answer_has_an_example_that_its_own_model_reads_and_writes(service: str) -> None:
    found = list(parts(application(service)))
    assert found
    assert [said for said in map(wrong, found) if said] == []


def test_every_reference_in_an_example_is_one() -> None:
    shown = [part for service in SERVICES for part in parts(application(service))]
    assert {parse_reference(reference) == reference for part in shown for reference in references(part.example)} == {True}


def references(example: Any) -> Iterator[str]:
    if isinstance(example, dict):
        yield from (value for key, value in example.items() if key == "reference" and isinstance(value, str))
        yield from (found for value in example.values() for found in references(value))
    elif isinstance(example, list):
        yield from (found for value in example for found in references(value))


class Known(BaseModel):
    model_config = ConfigDict(extra="ignore")

    at: str
    by: str | None = None


@pytest.mark.parametrize(
    ("example", "answer", "said"),
    [
        (None, True, "no example"),
        ({"by": "you"}, True, "Field required"),
        ({"at": 7, "by": None}, True, "valid string"),
        ({"at": "noon"}, True, "is read as"),
        ({"at": "noon", "by": None, "on": "Monday"}, True, "is read as"),
        ({"at": "noon", "on": "Monday"}, False, "is read as"),
        ({"at": "noon"}, False, ""),
        ({"at": "noon", "by": None}, True, ""),
    ],
)
def test_what_looks_for_mistakes_finds_them(example: Any, answer: bool, said: str) -> None:
    found = wrong(Part("here", Known, example, answer))
    assert said in found
    assert bool(said) == bool(found)
