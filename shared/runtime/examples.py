"""Examples in the description of an interface, each as it is on the wire: with null wherever null is sent.

The framework leaves out of its document whatever is null, in examples too. So an example goes through it as text.
"""

import json
from typing import Any, Unpack

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, JsonValue

Example = dict[str, JsonValue]
_AS_TEXT = "x-example"


def shown(example: Example, **rest: Unpack[ConfigDict]) -> ConfigDict:
    """The configuration of a model that is shown with this example."""
    return {**rest, "json_schema_extra": _as_text(example)}


def in_answer(example: Example) -> dict[int | str, dict[str, Any]]:
    """A route's `responses` with an example of its own: for a contract, whose class stays as it is, or where its model's would not fit."""
    return {200: {"content": {"application/json": _as_text(example)}}}


def in_body(example: Example) -> dict[str, Any]:
    """The same of a body, for a route's `openapi_extra`."""
    return {"requestBody": {"content": {"application/json": _as_text(example)}}}


def whole(contract: type[BaseModel], given: Example) -> Example:
    """A contract's value with every field, also those that were not given."""
    written: Example = contract.model_validate(given).model_dump(mode="json", by_alias=True)
    return written


class Described(FastAPI):
    """An app whose document has its examples whole."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        _restore(document)
        return document


def _as_text(example: Example) -> dict[str, JsonValue]:
    return {_AS_TEXT: json.dumps(example)}


def _restore(part: Any) -> None:
    """Puts each example in the place of its text; where that was done before, nothing changes."""
    if isinstance(part, dict):
        if _AS_TEXT in part:
            part["example"] = json.loads(part.pop(_AS_TEXT))
        for inner in part.values():
            _restore(inner)
    elif isinstance(part, list):
        for inner in part:
            _restore(inner)
