"""What routing knows of one complaint when it decides: its registers, without where they are kept."""

from dataclasses import dataclass

from shared.contracts.complaint import Header
from shared.contracts.states import Case, Clocks, Filing


@dataclass(frozen=True)
class Known:
    """The newest state of each writer; None, or no clocks, where none has been heard of."""

    header: Header
    filing: Filing | None = None
    case: Case | None = None
    clocks: Clocks = ()
