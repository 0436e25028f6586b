"""The facts on the complaints topics. The type says what happened, the payload says what is now (CloudEvents 1.0, data)."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.base import Contract
from shared.contracts.complaint import Header
from shared.contracts.states import Case, Clocks, Filing


class Cause(Contract):
    """Who brought the fact about, as a role and never a name, and the coded reason."""

    by: str
    reason: str | None = None


class Fact(Contract):
    """One writer's whole public state of one complaint. Versions of a writer and complaint are 1, 2, 3 … without gaps."""

    state_field: ClassVar[str]

    complaint: Header
    version: int = Field(ge=1)
    change: Cause


class IntakeFact(Fact):
    state_field = "filing"
    filing: Filing


class RoutingFact(Fact):
    state_field = "case"
    case: Case


class DeadlinesFact(Fact):
    state_field = "clocks"
    clocks: Clocks
