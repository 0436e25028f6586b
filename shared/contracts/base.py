"""The base of every contract: frozen, tolerant of fields it does not know, times in UTC milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer, ValidatorFunctionWrapHandler, WrapValidator

Text = dict[str, str]
"""Words by language code, such as {"ar": …, "fr": …}."""


class Contract(BaseModel):
    """A value on the wire. A reader ignores fields added later; a writer cannot set a field that is not declared."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)


def to_milliseconds(at: datetime) -> datetime:
    """The same instant in UTC, cut (not rounded) to milliseconds: what the wire can carry."""
    if at.tzinfo is UTC and not at.microsecond % 1000:
        return at  # what was read once need not be made anew each time it is handed on
    if at.utcoffset():
        at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)


@lru_cache(maxsize=1_000)  # one moment is written many times: in a fact, its record's headers, its documents', a receipt
def iso(at: datetime) -> str:
    """UTC with Z and milliseconds, such as 2026-03-01T10:00:00.000Z."""
    return to_milliseconds(at).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _instant(value: Any, read: ValidatorFunctionWrapHandler) -> datetime:
    """A fact has a dozen instants, most of them known from the fact before: to read them as any time may be written took twice as long."""
    if type(value) is str and len(value) == _LENGTH and (known := _as_written(value)):
        return known
    if type(value) is datetime and value.tzinfo is UTC:
        return to_milliseconds(value)
    return to_milliseconds(read(value))


@lru_cache(maxsize=4_000)  # those of a complaint come again with each of its facts
def _as_written(text: str) -> datetime | None:
    """What `iso` wrote; None for anything else, which may be an instant all the same."""
    if (text[4], text[7], text[10], text[19], text[23]) != ("-", "-", "T", ".", "Z"):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


_LENGTH = len("2026-03-01T10:00:00.000Z")

Instant = Annotated[AwareDatetime, WrapValidator(_instant), PlainSerializer(iso, return_type=str, when_used="json")]
"""An instant in UTC with millisecond precision; a naive time is refused."""
