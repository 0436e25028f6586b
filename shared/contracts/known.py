"""A complaint as pure code sees it: the newest state of each writer, without the engine that keeps them."""

from typing import Protocol

from shared.contracts.complaint import Header
from shared.contracts.states import Case, Clocks, Filing


class Known(Protocol):
    """shared.messaging.registers.Registers fits it. A writer that has not been heard of has no state."""

    @property
    def header(self) -> Header: ...

    @property
    def intake(self) -> Filing | None: ...

    @property
    def routing(self) -> Case | None: ...

    @property
    def deadlines(self) -> Clocks | None: ...


def filing_of(known: Known) -> Filing:
    """Intake's own state, which is there from the first moment: a complaint without it was not filed here."""
    if known.intake is None:
        raise LookupError(f"{known.header.reference} has no state of intake")
    return known.intake


def is_restricted(known: Known) -> bool:
    """Whether only the restricted desk may see it: as routing says, and until it has said so, as the filing does."""
    if known.routing is not None:
        return known.routing.restricted
    return known.intake is not None and known.intake.restricted


def is_open(known: Known) -> bool:
    return known.routing is None or known.routing.open
