"""What is public of cases, on the wire."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.stats import examples
from services.stats.publication.domain import Counted
from services.stats.shapes import AsOf
from shared.contracts.base import Text
from shared.runtime.examples import shown

PAGE, MOST = 50, 200


class Asked(BaseModel):
    """A parameter that is not listed is refused."""

    model_config = ConfigDict(extra="forbid")

    procedure: str = Field(description="The code of a procedure that lists its answered cases.", max_length=64)


class ListAsked(Asked):
    cursor: str | None = Field(None, max_length=200, description="`next` of the page before, unchanged.")
    limit: int = Field(PAGE, ge=1, le=MOST)


class ReportAsked(Asked):
    period: Literal["quarter", "year"] = Field("quarter", description="Of filing, by local months.")
    format: Literal["json", "csv"] = "json"


class Item(BaseModel):
    """One answered case. Months are local, as YYYY-MM; coded: what its procedure makes public of the form, by field.

    territory is null where fewer listed cases than the procedure's smallest cell share it.
    """

    procedure: str
    body: str | None
    public_service: str | None
    territory: str | None
    coded: dict[str, Any]
    outcome: str | None
    filed: str
    answered: str


class Listed(BaseModel):
    """A page, by month of the answer, newest first. labels: the words of the codes of `outcome` and of each coded field."""

    model_config = shown(examples.PUBLISHED)

    as_of: AsOf
    title: Text
    labels: dict[str, dict[str, Text]]
    items: list[Item]
    next: str | None


class Counts(BaseModel):
    """n = open + answered + refused + withdrawn + lapsed. outcomes: how those answered or refused ended, by code."""

    n: int
    open: int
    answered: int
    refused: int
    withdrawn: int
    lapsed: int
    outcomes: dict[str, int]
    hidden: Literal[False] = False


class Hidden(BaseModel):
    """Counts that could point at a person are not shown."""

    n: None = None
    hidden: Literal[True] = True


def counts(row: Counted | None) -> Counts | Hidden:
    if row is None:
        return Hidden()
    statuses = {name: row.statuses[name] for name in ("open", "answered", "refused", "withdrawn", "lapsed")}
    return Counts.model_validate({"n": row.n, "outcomes": dict(row.outcomes), **statuses})


class OfBody(BaseModel):
    """body null: the national desk."""

    body: str | None
    counts: Counts | Hidden


class Period(BaseModel):
    """What was filed in it, as it stands by as_of."""

    period: str
    counts: Counts | Hidden
    bodies: list[OfBody]


class Reported(BaseModel):
    """By quarter (2026-Q1) or year of filing."""

    model_config = shown(examples.REPORT)

    as_of: AsOf
    title: Text
    labels: dict[str, dict[str, Text]]
    periods: list[Period]
