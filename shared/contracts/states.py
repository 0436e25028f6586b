"""The public state of a complaint as each of its three writers sees it. Every fact carries its writer's whole state."""

from datetime import date
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Contract, Instant

Coded = str | int | float | bool

OPEN = ("triage", "with_body", "waiting_for_citizen")
CLOSED = ("answered", "refused", "withdrawn", "lapsed")


class Supplied(Contract):
    request_id: UUID
    at: Instant


class RatingGiven(Contract):
    response_id: UUID
    satisfied: bool
    at: Instant


class Filing(Contract):
    """Intake's state: what the citizen did. `coded` holds the public coded fields of the procedure's form, never free text.

    restricted: the filing's words are of those that the jurisdiction keeps for its restricted desk (alerts of the directory).
    """

    language: str
    coded: dict[str, Coded] = {}  # noqa: RUF012 -- pydantic copies a default, and the schema shows it
    entered_by: str | None = None
    supplied: tuple[Supplied, ...] = ()
    withdrawn_at: Instant | None = None
    ratings: tuple[RatingGiven, ...] = ()
    erased_at: Instant | None = None
    restricted: bool = False


class RuleUsed(Contract):
    """The routing rule that decided; a final one qualifies the complaint without a person.

    rule_set: the version of the rules that it stood in, None where the law decided instead of them. evidence: what the rule
    asked for and found, by the names of its conditions; never the person's words.
    """

    id: str
    version: int
    final: bool = False
    rule_set: int | None = None
    evidence: tuple[str, ...] = ()


class Custody(Contract):
    """One body's time with the case; `reason` says why it ended."""

    body: str
    since: Instant
    until: Instant | None = None
    reason: str | None = None


class Request(Contract):
    """A request for information. supplied_at is intake's time copied by routing, never before asked_at."""

    id: UUID
    asked_at: Instant
    supplied_at: Instant | None = None
    lapses_at: Instant
    lapsed_at: Instant | None = None

    @property
    def ended_at(self) -> Instant | None:
        return self.supplied_at or self.lapsed_at


class ExtensionGranted(Contract):
    clock: str
    granted_at: Instant
    reason: str


class Response(Contract):
    """The answer that counts; an amendment never touches posted_at."""

    id: UUID
    outcome: str
    body: str | None
    posted_at: Instant
    amended_at: Instant | None = None


class Case(Contract):
    """Routing's state: custody, qualification, requests, extensions, outcome and answer.

    restricted: only the restricted desk may see the case, whoever asks and wherever.
    """

    status: str
    kind: str
    public_service: str | None = None
    body: str | None = None
    rule: RuleUsed | None = None
    qualified_at: Instant | None = None
    taken_up_at: Instant | None = None
    custody: tuple[Custody, ...] = ()
    requests: tuple[Request, ...] = ()
    extensions: tuple[ExtensionGranted, ...] = ()
    outcome: str | None = None
    response: Response | None = None
    withdrawn_after_answer: bool = False
    closed_at: Instant | None = None
    restricted: bool = False

    @property
    def open(self) -> bool:
        return self.status in OPEN


class AlertSent(Contract):
    code: str
    at: Instant


class WhyStep(Contract):
    """One step of a due date that a person can check by hand; words come from the catalogue in why.py. Dates are local."""

    code: str
    from_: date | None = Field(default=None, alias="from")
    until: date | None = None
    n: int | None = None
    unit: str | None = None
    dates: tuple[date, ...] = ()
    calendar_version: int | None = None


class ClockState(Contract):
    """One legal clock. due_at is the first instant that is too late; last_day the last legal day, a local date."""

    code: str
    holder: str
    body: str | None = None
    starts_at: Instant | None = None
    due_at: Instant | None = None
    last_day: date | None = None
    state: str = "running"
    paused_since: Instant | None = None
    alerts: tuple[AlertSent, ...] = ()
    breached_at: Instant | None = None
    corrected_at: Instant | None = None
    calendar_version: int | None = None
    why: tuple[WhyStep, ...] = ()


Clocks = tuple[ClockState, ...]
