"""The terms a law is written in: where a rule comes from, its choices and doors, its spans and conditions."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field as Bounded

from shared.contracts.checks import Checked, Problem
from shared.contracts.states import Coded
from shared.contracts.words import Code, Label

CountsAs = Literal["answered", "refused"]


class Source(Checked):
    """Where a rule comes from. certainty: A official text, B reputable press, C one weak source, G unverified, I inference."""

    title: str
    article: str | None = None
    url: str | None = None
    certainty: Literal["A", "B", "C", "G", "I"]


class Choice(Checked):
    """A code and its words."""

    code: Code
    label: Label


class Door(Checked):
    """Where else to go: an address on the web or another body, exactly one."""

    label: Label
    url: str | None = None
    body: str | None = None

    def problems(self) -> Iterator[Problem]:
        if (self.url is None) == (self.body is None):
            yield (), "a door leads to a url or to a body, exactly one of them"


class Reason(Choice):
    """A coded reason for a refusal, a transfer or an extension."""

    door: Door | None = None
    counts_as: CountsAs | None = None


LONGEST_SPAN = 20_000


class Span(Checked):
    """A length of legal time. Days and months are local dates; hours are elapsed. roll moves a last day that is a day off."""

    n: int = Bounded(ge=1)
    unit: Literal["calendar_days", "working_days", "months", "hours"]
    calendar: Code | None = None
    roll: Literal["none", "next_working_day"] = "none"

    def problems(self) -> Iterator[Problem]:
        if self.n > LONGEST_SPAN:
            yield ("n",), f"no span of the law is longer than {LONGEST_SPAN} of its units; dates would end before it"
        if self.calendar is None and (self.unit == "working_days" or self.roll != "none"):
            yield ("calendar",), "working days need a calendar"
        if self.unit == "hours" and self.roll != "none":
            yield ("roll",), "a span of hours ends at an instant and cannot roll to another day"


class Condition(Checked):
    """One comparison of a public coded field; no expression language."""

    field: Code
    operator: Literal["==", "!=", "in"]
    value: Coded | tuple[Coded, ...]

    def problems(self) -> Iterator[Problem]:
        if (self.operator == "in") != isinstance(self.value, tuple):
            yield ("value",), "`in` compares with a list, == and != with one value"

    @property
    def values(self) -> tuple[Coded, ...]:
        return self.value if isinstance(self.value, tuple) else (self.value,)

    def holds(self, coded: dict[str, Coded]) -> bool:
        """Whether the coded fields of a filing satisfy it; a field that was left out equals nothing."""
        return (coded.get(self.field) in self.values) != (self.operator == "!=")
