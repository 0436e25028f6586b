"""A procedure: the law as data. One immutable, versioned value; a complaint keeps the version it was filed under for ever."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from pydantic import Field as Bounded

from shared.contracts.calendars import Calendar as Calendar
from shared.contracts.checks import Checked, Problem, repeated
from shared.contracts.procedure_checks import check
from shared.contracts.terms import Choice as Choice
from shared.contracts.terms import Condition as Condition
from shared.contracts.terms import CountsAs
from shared.contracts.terms import Door as Door
from shared.contracts.terms import Reason as Reason
from shared.contracts.terms import Source as Source
from shared.contracts.terms import Span as Span
from shared.contracts.words import Code, Label

Moment = Literal["filed", "qualified", "assigned", "requested", "answered", "closed"]
Holder = Literal["platform", "body", "citizen"]
Family = Literal["ministry", "establishment", "territorial", "deconcentrated"]
Level = Literal["region", "province", "commune"]


class Field(Choice):
    """A field of the form. A public one (private: false) rides in the facts, so it may never hold free words."""

    type: Literal["text", "choice", "date", "place", "file", "money"]
    required: bool = False
    private: bool = True
    options: tuple[Choice, ...] = ()
    max: int | None = Bounded(default=None, ge=1)
    shown_if: Condition | None = None

    def problems(self) -> Iterator[Problem]:
        yield from repeated("options", self.options)
        if (self.type == "choice") != bool(self.options):
            yield ("options",), "a choice needs options, and only a choice has them"
        if not self.private and self.type in ("text", "file"):
            yield ("private",), f"a {self.type} field is never public: free words and files do not ride in facts"


class Filer(Checked):
    """Who may file. identity is the least that is asked; with none, the secret link alone lets the filer follow the complaint."""

    identity: Literal["none", "contact", "verified"]
    capacities: tuple[Choice, ...] = ()
    mandate: bool = False
    confidential: bool = False
    statements: tuple[Choice, ...] = ()

    def problems(self) -> Iterator[Problem]:
        yield from repeated("capacities", self.capacities)
        yield from repeated("statements", self.statements)


class Addressee(Checked):
    """Who receives it: the body that a routing rule finds, that the filer chooses, or a fixed one."""

    mode: Literal["rule", "chosen", "fixed"]
    families: tuple[Family, ...] = ()
    body: str | None = None

    def problems(self) -> Iterator[Problem]:
        if (self.mode == "fixed") != (self.body is not None):
            yield ("body",), "a fixed addressee names its body, and only a fixed one"


class Extension(Checked):
    """How often, by how much and why a clock may be extended; before_due: granted only while the clock is not yet due."""

    times: int = Bounded(default=1, ge=1)
    span: Span
    reasons: tuple[Reason, ...] = ()
    before_due: bool = True

    def problems(self) -> Iterator[Problem]:
        yield from repeated("reasons", self.reasons)
        if not self.reasons:
            yield ("reasons",), "an extension needs at least one legal reason"


class Alert(Checked):
    """A warning at a span before the clock is due or after it; level orders escalations."""

    code: Code
    before: Span | None = None
    after: Span | None = None
    to: tuple[Literal["holder", "supervisor", "national", "citizen"], ...] = ("holder",)
    level: int = 1

    def problems(self) -> Iterator[Problem]:
        if (self.before is None) == (self.after is None):
            yield (), "an alert comes before the due time or after it, exactly one of them"


class ClockRule(Choice):
    """A legal clock. It starts at a moment and stops at the first of `stops`.

    A clock that starts at `requested` follows the open information request: it ends when that is supplied or lapses too.
    first_day_counts False: the day of lodging is day 0.
    """

    starts: Moment
    stops: tuple[Moment, ...]
    paused_by_requests: bool = False
    span: Span
    first_day_counts: bool = False
    holder: Holder
    when: Condition | None = None
    extension: Extension | None = None
    alerts: tuple[Alert, ...] = ()
    on_breach: Literal["none", "escalate", "deemed_accepted", "deemed_refused"] = "none"

    @property
    def follows_request(self) -> bool:
        return self.starts == "requested"

    @property
    def awaits_answer(self) -> bool:
        """Whether its due time says when the answer is due: only an answer, or a closing, stops it, and it is not the citizen's."""
        return self.holder != "citizen" and "answered" in self.stops and set(self.stops) <= {"answered", "closed"}

    def problems(self) -> Iterator[Problem]:
        yield from repeated("alerts", self.alerts)
        if not any(_may_follow(stop, self.starts) for stop in self.stops):
            yield ("stops",), f"the clock can never stop: none of its stops comes after {self.starts!r}"
        if self.follows_request and self.paused_by_requests:
            yield ("paused_by_requests",), "the clock of a request cannot be paused by requests"


class Outcome(Choice):
    """How a case may end. counts_as is the status that it gives; withdrawn and lapsed are never chosen by a desk."""

    needs_reasons: bool = True
    door: Door | None = None
    counts_as: CountsAs


class RequestRule(Checked):
    """How a desk may ask the filer: at most `max` times, not in the last days of the clock; `lapse` ends an unanswered one."""

    max: int = Bounded(default=1, ge=0, le=5)
    lapse: Span | None = None
    not_in_last: Span | None = None

    def problems(self) -> Iterator[Problem]:
        if self.max and self.lapse is None:
            yield ("lapse",), "a request needs a lapse: without one a silent filer would pause the clock for ever"


class FollowUp(Checked):
    """What a filer may do next. handled_by: the same body, its parent, or the fixed `body`; within counts from `on`."""

    rel: Literal["renews", "appeals"]
    procedure: Code
    within: Span | None = None
    on: tuple[Literal["answered", "breached"], ...]
    handled_by: Literal["same", "parent", "body"] = "same"
    body: str | None = None

    def problems(self) -> Iterator[Problem]:
        if (self.handled_by == "body") != (self.body is not None):
            yield ("body",), "a follow-up handled by a fixed body names it, and only then"
        if not self.on:
            yield ("on",), "a follow-up says on what: answered, breached"


class Rating(Checked):
    """The filer may rate an answer within this span of it."""

    within: Span
    comment: bool = True


class Visibility(Checked):
    """The finest territory in facts, whether the text may be listed in public, the smallest cell in figures.

    divisions: whether a part of a commune may stand in facts; only where territory is commune. restricted: every case is the
    restricted desk's alone.
    """

    territory: Level = "commune"
    divisions: bool = False
    restricted: bool = False
    public_list: Literal["never", "after_moderation"] = "never"
    min_cell: int = Bounded(default=5, ge=1)

    def problems(self) -> Iterator[Problem]:
        if self.restricted and self.public_list != "never":
            yield ("public_list",), "what only the restricted desk sees is never listed in public"


class Procedure(Checked):
    """The whole law of one kind of filing. No code branches on its code; status is not configurable."""

    code: Code
    version: int = Bounded(ge=1)
    valid_from: date
    kind: Code
    title: Label
    legal_basis: tuple[Source, ...] = Bounded(min_length=1)
    filer: Filer
    form: tuple[Field, ...] = ()
    addressee: Addressee
    refusals: tuple[Reason, ...] = ()
    transfers: tuple[Reason, ...] = ()
    clocks: tuple[ClockRule, ...] = ()
    outcomes: tuple[Outcome, ...] = Bounded(min_length=1)
    requests: RequestRule = RequestRule(max=0)
    follow_ups: tuple[FollowUp, ...] = ()
    rating: Rating | None = None
    visibility: Visibility = Visibility()
    approval: Literal["none", "one", "two"] = "none"
    retention: Span
    templates: dict[str, str] = Bounded(default_factory=dict)

    @property
    def ref(self) -> str:
        """How complaints name it, such as complaint@1."""
        return f"{self.code}@{self.version}"

    def clock(self, code: str) -> ClockRule | None:
        return next((clock for clock in self.clocks if clock.code == code), None)

    def outcome(self, code: str) -> Outcome | None:
        """The outcome of that code; a refusal is one too: it needs reasons and counts as refused unless the law says otherwise."""
        chosen = next((outcome for outcome in self.outcomes if outcome.code == code), None)
        return chosen or next((_as_outcome(reason) for reason in self.refusals if reason.code == code), None)

    @property
    def public_fields(self) -> frozenset[str]:
        """The codes of the form's fields that ride in the facts."""
        return frozenset(field.code for field in self.form if not field.private)

    def problems(self) -> Iterator[Problem]:
        yield from check(self)


def _may_follow(stop: Moment, start: Moment) -> bool:
    order: tuple[Moment, ...] = ("filed", "qualified", "assigned", "requested", "answered", "closed")
    return order.index(stop) > order.index(start)


def _as_outcome(reason: Reason) -> Outcome:
    return Outcome(code=reason.code, label=reason.label, door=reason.door, counts_as=reason.counts_as or "refused")
