"""What goes in and out of intake's HTTP interface, but for a complaint's page. A request with an unlisted field is refused."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from services.intake import examples
from services.intake.example_directory import DIRECTORY
from shared.contracts.base import Contract, Instant, to_milliseconds
from shared.contracts.complaint import Link
from shared.contracts.states import Coded
from shared.runtime.examples import shown
from shared.runtime.text import Clean


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _plausible(at: datetime) -> datetime:
    # Python's dates end at the years 1 and 9999: an offset on their edge cannot be turned into UTC.
    if not 1900 <= at.year <= 9998:
        raise ValueError("the year must lie between 1900 and 9998")
    return to_milliseconds(at)


Code = Annotated[str, Clean(80)]
Line = Annotated[str, Clean(200), AfterValidator(_one_line)]
Narrative = Annotated[str, Clean(10_000)]
PastInstant = Annotated[AwareDatetime, AfterValidator(_plausible)]
_EMPTY: dict[str, JsonValue] = {"default": {}}
"""Of a field in the description; as the field's own default it would be copied, by the slow way, for each filing without it."""


class Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class FilerIn(Request):
    """Who files. language: that of the receipt and the notices, one of the pack's."""

    name: Line | None = None
    email: Annotated[str, Clean(254)] | None = None
    phone: Annotated[str, Clean(40)] | None = None
    language: Code


class LinkIn(Request):
    """rel: renews, appeals, split-from. secret: the earlier complaint's, which proves that it is yours; a desk needs none."""

    rel: Code
    reference: Code
    secret: Annotated[str, Clean(80)] | None = None


class FilingIn(Request):
    """procedure: a code (its newest version in force) or code@version. coded: the form's public fields by code,
    private: the others, which only you and the desk read."""

    model_config = shown(examples.FILING)

    procedure: Code
    public_service: Code | None = None
    body: Code | None = None
    territory: Code
    channel: Code = "web"
    subject: Line
    narrative: Narrative
    filer: FilerIn
    coded: dict[str, Coded] = Field(default_factory=dict, max_length=10, json_schema_extra=_EMPTY)
    private: dict[str, Annotated[str, Clean(10_000)]] = Field(default_factory=dict, max_length=40, json_schema_extra=_EMPTY)
    links: tuple[LinkIn, ...] = Field(default=(), max_length=5)
    filed_at: PastInstant | None = None


class CheckIn(Request):
    """What a person is about to write: a whole filing as it would be sent, or its words alone. Nothing of it is kept."""

    model_config = shown(examples.CHECK)

    subject: Line | None = None
    narrative: Narrative | None = None
    procedure: Code | None = None
    public_service: Code | None = None
    body: Code | None = None
    territory: Code | None = None
    channel: Code | None = None
    filer: FilerIn | None = None
    coded: dict[str, Coded] = Field(default={}, max_length=10)
    private: dict[str, Annotated[str, Clean(10_000)]] = Field(default={}, max_length=40)
    links: tuple[LinkIn, ...] = Field(default=(), max_length=5)
    filed_at: PastInstant | None = None


class InformationIn(Request):
    model_config = shown(examples.SUPPLY)

    request_id: UUID
    text: Narrative


class RatingIn(Request):
    model_config = shown(examples.RATE)

    response_id: UUID
    satisfied: bool
    comment: Annotated[str, Clean(2_000)] | None = None


class Receipt(Contract):
    """What a filer gets at once and can get again with the same request and key. It tells the as-filed facts, never today's."""

    model_config = shown(examples.RECEIPT)

    id: UUID
    reference: str
    secret: str
    status: str = "triage"
    procedure: str
    kind: str | None
    filed_at: Instant
    recorded_at: Instant
    channel: str
    public_service: str | None
    body: str | None
    territory: str
    links: tuple[Link, ...] = ()


class DoorOut(Contract):
    """Where else to go: an address on the web, or another body."""

    label: str
    url: str | None
    body: str | None


class AlertOut(Contract):
    """Words of the text for which there are better doors. restricted: filed all the same, it goes to the restricted desk alone."""

    code: str
    label: str
    doors: tuple[DoorOut, ...]
    restricted: bool


class Checked(Contract):
    """restricted: whether a complaint in these words would go to the restricted desk. It may be filed in any case."""

    model_config = shown(examples.CHECKED)

    alerts: tuple[AlertOut, ...]
    restricted: bool


class Supplied(Contract):
    """note: closed, when the case was closed and nothing reopens; the text is kept with the papers."""

    model_config = shown(examples.SUPPLIED)

    reference: str
    request_id: UUID
    supplied_at: Instant
    note: str | None = None


class Withdrawal(Contract):
    requested_at: Instant


class Withdrawn(Contract):
    """The act is recorded; the case closes when routing takes it. note: answer-stands, when an answer came before."""

    model_config = shown(examples.WITHDRAWN)

    reference: str
    withdrawal: Withdrawal
    note: str | None = None


class Rated(Contract):
    model_config = shown(examples.RATED)

    reference: str
    response_id: UUID
    satisfied: bool
    at: Instant


class Erased(Contract):
    """What was deleted when this answer was written, and what follows within a day."""

    model_config = shown(examples.ERASED)

    reference: str
    erased_at: Instant
    gone_now: tuple[str, ...]
    gone_within_24_hours: tuple[str, ...]


class DirectoryOut(BaseModel):
    """What may be named in a filing. Procedures are whole: form, clocks, outcomes and their legal sources."""

    model_config = shown(DIRECTORY)

    country: dict[str, Any]
    bodies: list[dict[str, Any]]
    public_services: list[dict[str, Any]]
    territories: list[dict[str, Any]]
    procedures: list[dict[str, Any]]
