"""What the figures look like on the wire. Every count stands beside what it is out of."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.stats import examples
from shared.contracts.base import Instant
from shared.runtime.examples import shown

BY = ("body", "public_service", "territory", "month")
LEVELS = ("region", "province")


class Question(BaseModel):
    """The parameters of GET /v1/figures. One that is not listed is refused: a filter that does nothing would publish wrong figures."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    by: str | None = Field(None, json_schema_extra={"enum": list(BY)}, description="What a row is about; required.")
    level: str | None = Field(None, json_schema_extra={"enum": list(LEVELS)}, description="With by=territory; region if not given.")
    since: str | None = Field(None, alias="from", description="First month of filing, YYYY-MM.")
    until: str | None = Field(None, alias="to", description="Last month of filing, YYYY-MM, included.")
    procedure: str | None = Field(None, description="A procedure, or one version of it: complaint, complaint@1.")
    body: str | None = None
    public_service: str | None = None
    territory: str | None = Field(None, description="The first 2 to 9 digits of a territory's code.")
    rates: bool = Field(False, description="1: rates beside the counts, each with its n.")


class AsOf(BaseModel):
    """Which facts the figures were made from: legal time, and for each topic and partition the next offset not yet counted (none: 0)."""

    at: Instant
    offsets: dict[str, dict[int, int]]


class Row(BaseModel):
    """n = open + answered + refused + withdrawn + lapsed, always.

    key: a body (null: the national desk), a public service, a territory or a month of filing (null: not said).
    overdue_open: open, and due by as_of. in_time: answered before due. entered_late: due before it was even entered.
    median_days: local days from filing to an answer that half had waited at most, open ones included (Kaplan and
    Meier: those open, withdrawn or lapsed count as waiting until their last day); null while half are not yet answered.
    rated: answers that their filer rated; satisfied: those rated satisfied.
    """

    key: str | None
    n: int
    open: int
    answered: int
    refused: int
    withdrawn: int
    lapsed: int
    overdue_open: int
    in_time: int
    entered_late: int
    median_days: int | None
    rated: int
    satisfied: int
    hidden: Literal[False] = False


class RatedRow(Row):
    """in_time_rate is of in_time_of = answered with a clock + overdue and open; satisfied_rate of satisfied_of = rated."""

    in_time_rate: float | None
    in_time_of: int
    satisfied_rate: float | None
    satisfied_of: int


class HiddenRow(BaseModel):
    """A row that could point at a person: its counts are not shown."""

    key: str | None
    n: None = None
    hidden: Literal[True] = True


class Figures(BaseModel):
    """withheld: small rows are not even listed, since all together they are less than a cell that may be shown."""

    model_config = shown(examples.FIGURES)

    as_of: AsOf
    by: str
    withheld: bool
    rows: list[RatedRow | Row | HiddenRow]
