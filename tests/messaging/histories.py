"""Histories of complaints as the log has them: each writer's facts in the order of its versions, and ways in which they may arrive."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid5

from hypothesis import strategies as st

from shared.contracts.complaint import Header
from shared.contracts.events import Fact
from shared.contracts.states import (
    AlertSent,
    Case,
    ClockState,
    Custody,
    ExtensionGranted,
    Filing,
    RatingGiven,
    Request,
    Response,
    Supplied,
)
from tests.support.stores import fact

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
BODIES = ("water-office", "commune-prima", "commune-quarta")
_SPACE = UUID("0193f5a0-0000-7000-8000-000000000000")


@dataclass
class Told:
    """A complaint while its history is being told: the newest states, and every fact so far."""

    header: Header
    now: datetime
    filing: Filing = field(default_factory=lambda: Filing(language="fr"))
    case: Case = field(default_factory=lambda: Case(status="triage", kind="complaint"))
    clock: ClockState = field(default_factory=lambda: ClockState(code="answer", holder="platform"))
    facts: list[Fact] = field(default_factory=list)

    def id(self, name: str) -> UUID:
        return uuid5(self.header.id, f"{name}/{len(self.facts)}")

    def tell(self, writer: str) -> None:
        state = {"intake": self.filing, "routing": self.case, "deadlines": (self.clock,)}[writer]
        version = 1 + sum(1 for told in self.facts if told.state_field == _FIELD[writer])
        self.facts.append(fact(writer, self.header, version, state))

    def set_filing(self, **values: object) -> None:
        self.filing = self.filing.model_copy(update=values)
        self.tell("intake")

    def set_case(self, **values: object) -> None:
        self.case = self.case.model_copy(update=values)
        self.tell("routing")

    def set_clock(self, **values: object) -> None:
        self.clock = self.clock.model_copy(update=values)
        self.tell("deadlines")


_FIELD = {"intake": "filing", "routing": "case", "deadlines": "clocks"}


def _move(told: Told, to: str) -> None:
    if told.case.open and told.case.body != to:
        held = tuple(c if c.until else c.model_copy(update={"until": told.now, "reason": "competence"}) for c in told.case.custody)
        custody = (*held, Custody(body=to, since=told.now))
        told.set_case(status="with_body", body=to, custody=custody, qualified_at=told.case.qualified_at or told.now)


def _take_up(told: Told) -> None:
    if told.case.open and told.case.body and not told.case.taken_up_at:
        told.set_case(taken_up_at=told.now)


def _ask(told: Told) -> None:
    if told.case.status == "with_body" and len(told.case.requests) < 2:
        request = Request(id=told.id("request"), asked_at=told.now, lapses_at=told.now + timedelta(days=15))
        told.set_case(status="waiting_for_citizen", requests=(*told.case.requests, request))


def _supply(told: Told) -> None:
    """Intake's act; routing takes it, or not yet: the two are told apart."""
    waiting = [request for request in told.case.requests if request.ended_at is None]
    if waiting:
        told.set_filing(supplied=(*told.filing.supplied, Supplied(request_id=waiting[0].id, at=told.now)))


def _receive(told: Told) -> None:
    supplied = {given.request_id: given.at for given in told.filing.supplied}
    requests = tuple(r if r.ended_at else r.model_copy(update={"supplied_at": supplied.get(r.id)}) for r in told.case.requests)
    if told.case.open and requests != told.case.requests:
        told.set_case(status="with_body", requests=requests)


def _extend(told: Told) -> None:
    if told.case.open and not told.case.extensions:
        told.set_case(extensions=(ExtensionGranted(clock="answer", granted_at=told.now, reason="many-documents"),))


def _answer(told: Told) -> None:
    if told.case.status == "with_body":
        response = Response(id=told.id("response"), outcome="favourable", body=told.case.body, posted_at=told.now)
        held = tuple(c if c.until else c.model_copy(update={"until": told.now, "reason": "answered"}) for c in told.case.custody)
        told.set_case(status="answered", outcome="favourable", response=response, closed_at=told.now, custody=held)


def _rate(told: Told) -> None:
    if told.case.response and not told.filing.erased_at:
        given = RatingGiven(response_id=told.case.response.id, satisfied=len(told.facts) % 2 == 0, at=told.now)
        told.set_filing(ratings=(given,))


def _withdraw(told: Told) -> None:
    if not told.filing.withdrawn_at:
        told.set_filing(withdrawn_at=told.now)


def _close(told: Told) -> None:
    if told.filing.withdrawn_at and told.case.open:
        told.set_case(status="withdrawn", outcome="withdrawn", closed_at=told.now)
    elif told.filing.withdrawn_at and not told.case.withdrawn_after_answer:
        told.set_case(withdrawn_after_answer=True)


def _erase(told: Told) -> None:
    if not told.case.open and not told.filing.erased_at:
        told.set_filing(erased_at=told.now)


def _count(told: Told) -> None:
    due = told.header.filed_at + timedelta(days=61 + len(told.case.requests) * 15)
    holder = "body" if told.case.body else "platform"
    if (told.clock.due_at, told.clock.body) != (due, told.case.body):
        told.set_clock(holder=holder, body=told.case.body, starts_at=told.header.filed_at, due_at=due, last_day=due.date())


def _warn(told: Told) -> None:
    if told.clock.due_at and not told.clock.alerts:
        told.set_clock(alerts=(AlertSent(code="d-15", at=told.now),))


def _breach(told: Told) -> None:
    if told.clock.due_at and not told.clock.breached_at:
        told.set_clock(breached_at=told.now, corrected_at=None)
    elif told.clock.breached_at:
        told.set_clock(breached_at=None, corrected_at=told.now)


ACTS: dict[str, Callable[[Told], None]] = {
    **{f"move to {body}": partial(_move, to=body) for body in BODIES},
    "take up": _take_up,
    "ask": _ask,
    "supply": _supply,
    "receive": _receive,
    "extend": _extend,
    "answer": _answer,
    "rate": _rate,
    "withdraw": _withdraw,
    "close": _close,
    "erase": _erase,
    "count": _count,
    "warn": _warn,
    "breach or correct": _breach,
}


def history(number: int, acts: Sequence[str]) -> list[Fact]:
    """The facts of one complaint: filed, then these acts, a day apart; an act that cannot be is passed over."""
    id = uuid5(_SPACE, str(number))
    header = Header(
        id=id,
        reference=f"TEST-{number:04d}-0",
        procedure="complaint@1",
        filed_at=BEGIN,
        recorded_at=BEGIN,
        channel="web",
        public_service="water-bill",
        territory="010010101",
    )
    told = Told(header, BEGIN)
    told.tell("intake")
    for act in acts:
        told.now += timedelta(days=1, minutes=7)
        ACTS[act](told)
    return told.facts


@dataclass(frozen=True)
class Delivery:
    """The same facts in two ways: as they were told, one by one, and as they arrived, in batches; `late` comes at the very end."""

    told: list[Fact]
    batches: list[list[Fact]]
    late: list[Fact]


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    """One to three complaints, shuffled, some facts twice, cut into batches anywhere, one fact parked.

    A parked fact comes again at the end, replayed, only where it was the last of its writer: else the next has caught it up.
    """
    lives = draw(st.lists(st.lists(st.sampled_from(list(ACTS)), max_size=14), min_size=1, max_size=3))
    told = [fact for number, acts in enumerate(lives) for fact in history(number, acts)]
    parked = draw(st.sampled_from(told))
    repeated = draw(st.lists(st.sampled_from(told), max_size=6))
    arriving = [fact for fact in draw(st.permutations([*told, *repeated])) if fact is not parked]
    cuts = sorted(draw(st.sets(st.integers(1, max(len(arriving) - 1, 1)), max_size=6)))
    batches = [arriving[start:end] for start, end in zip([0, *cuts], [*cuts, len(arriving)], strict=True)]
    return Delivery(told, batches, [parked] if is_last(parked, told) else [])


def is_last(one: Fact, told: Sequence[Fact]) -> bool:
    return one.version == max(other.version for other in _of_same_writer(one, told))


def _of_same_writer(one: Fact, told: Sequence[Fact]) -> Iterator[Fact]:
    return (other for other in told if type(other) is type(one) and other.complaint.id == one.complaint.id)
