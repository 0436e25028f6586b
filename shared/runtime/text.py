"""Text that a store can hold: no NUL (PostgreSQL refuses it) and no lone surrogate (no UTF-8 can carry it)."""

import re
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_INVALID: Final = "invalid_text"
_WHY: Final = "The text holds a character that cannot be stored (NUL or half a surrogate pair)."
_STORABLE = core_schema.custom_error_schema(core_schema.str_schema(pattern=r"^[^\x00]*$"), _INVALID, custom_error_message=_WHY)


def storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


@dataclass(frozen=True)
class Clean:
    """`Annotated[str, Clean(200)]`: stripped text of `least` to `most` characters (code points) after stripping.

    NUL and lone surrogates are refused with the error type `invalid_text`, which becomes the problem `invalid-text`.
    What is read from JSON itself is looked at without a call from the reader into Python; no surrogate comes out of it.
    """

    most: int
    least: int = 1

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            core_schema.chain_schema([self._held, _STORABLE]),
            core_schema.no_info_before_validator_function(_refuse_unstorable, self._held),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self._held)

    @property
    def _held(self) -> CoreSchema:
        return core_schema.str_schema(strip_whitespace=True, min_length=self.least, max_length=self.most)


def _refuse_unstorable(value: Any) -> Any:
    if isinstance(value, str) and not storable(value):
        raise PydanticCustomError(_INVALID, _WHY)
    return value
