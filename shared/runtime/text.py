"""Text that a store can hold: no NUL (PostgreSQL refuses it) and no lone surrogate (no UTF-8 can carry it)."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


@dataclass(frozen=True)
class Clean:
    """`Annotated[str, Clean(200)]`: stripped text of `least` to `most` characters (code points) after stripping.

    NUL and lone surrogates are refused with the error type `invalid_text`, which becomes the problem `invalid-text`.
    """

    most: int
    least: int = 1

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        held = core_schema.str_schema(strip_whitespace=True, min_length=self.least, max_length=self.most)
        return core_schema.no_info_before_validator_function(_refuse_unstorable, held)


def _refuse_unstorable(value: Any) -> Any:
    if isinstance(value, str) and not storable(value):
        raise PydanticCustomError("invalid_text", "The text holds a character that cannot be stored (NUL or half a surrogate pair).")
    return value
