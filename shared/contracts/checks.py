"""A contract that checks its fields against each other and reports every problem at its own place."""

from collections.abc import Iterable, Iterator
from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from shared.contracts.base import Contract

Problem = tuple[tuple[str | int, ...], str]
"""Where (the path of keys and indexes below the model) and what is wrong, in words."""


class Checked(Contract):
    """Refuses a value whose fields contradict each other; one ValidationError names every problem with its path."""

    def problems(self) -> Iterable[Problem]:
        return ()

    @model_validator(mode="after")
    def _refuse_problems(self) -> Self:
        found = [_detail(loc, message) for loc, message in self.problems()]
        if found:
            raise ValidationError.from_exception_data(type(self).__name__, found)
        return self


def repeated(field: str, items: Iterable[Any]) -> Iterator[Problem]:
    """A problem for each item whose `code` an earlier one of the list already has."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item.code in seen:
            yield (field, index, "code"), f"code {item.code!r} is used twice in {field}"
        seen.add(item.code)


def _detail(loc: tuple[str | int, ...], message: str) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError("contradiction", "{message}", {"message": message}), loc=loc, input=None)
