"""Whatever the order, repetition and grouping in which facts come, and whenever time is let act: the same clocks in the end."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadlines.domain import Timed, clocks_of, settled
from services.deadlines.passing import passed
from shared.contracts.events import Cause, Fact, IntakeFact, RoutingFact
from shared.contracts.states import Case, Custody, Filing, Supplied
from shared.messaging.registers import Registers
from tests.deadlines import worlds
from tests.support.known import after

START = worlds.at("2028-01-10T10:00:00Z")
END = worlds.at("2029-06-01T00:00:00Z")
REASONS = [{"code": "any", "label": worlds.WORDS}]
EXTENSION = {"span": {"n": 10, "unit": "working_days", "calendar": "ma"}, "reasons": REASONS}
LAW = worlds.law(
    worlds.QUALIFY,
    worlds.rule(extension=EXTENSION, alerts=[{"code": "d-5", "before": {"n": 5, "unit": "calendar_days"}}]),
    worlds.rule(code="custody", starts="assigned", span={"n": 8, "unit": "working_days", "calendar": "ma"}, paused_by_requests=False),
    worlds.SUPPLY,
)
DIRECTORY = worlds.directory(LAW, worlds.calendar())
HEADER = worlds.header().model_copy(update={"filed_at": START, "recorded_at": START})
ACTS = ("transfer", "release", "ask", "supply", "lapse", "extend", "qualify", "answer", "withdraw", "close")


@st.composite
def lives(draw: st.DrawFn) -> list[Fact]:
    """The facts of one complaint, as two writers wrote them in order."""
    filing, case = worlds.filing(), worlds.case(custody=(), status="triage", body=None)
    facts: list[Fact] = [IntakeFact(complaint=HEADER, version=1, filing=filing, change=Cause(by="test"))]
    now = START
    for n in range(draw(st.integers(0, 9))):
        now += timedelta(minutes=draw(st.integers(1, 20 * 24 * 60)))
        filing, case = _act(draw(st.sampled_from(ACTS)), n, now, filing, case)
        intake, routing = (sum(isinstance(f, kind) for f in facts) + 1 for kind in (IntakeFact, RoutingFact))
        facts.append(IntakeFact(complaint=HEADER, version=intake, filing=filing, change=Cause(by="test")))
        facts.append(RoutingFact(complaint=HEADER, version=routing, case=case, change=Cause(by="test")))
    return facts


def _act(act: str, n: int, now: datetime, filing: Filing, case: Case) -> tuple[Filing, Case]:
    update: dict[str, Any] = {}
    if act in ("transfer", "release") and not case.closed_at:
        held = tuple(c if c.until else c.model_copy(update={"until": now}) for c in case.custody)
        update = {"custody": (*held, Custody(body=f"body-{n}", since=now)) if act == "transfer" else held}
    if act == "ask" and not case.closed_at:
        ask = worlds.request(str(n), now.isoformat(), (now + timedelta(days=15)).isoformat())
        update = {"requests": (*case.requests, ask)}
    waiting = next((r for r in case.requests if r.ended_at is None), None)
    if act == "supply" and waiting:
        filing = filing.model_copy(update={"supplied": (*filing.supplied, Supplied(request_id=waiting.id, at=now))})
        update = {"requests": tuple(r.model_copy(update={"supplied_at": now}) if r == waiting else r for r in case.requests)}
    if act == "lapse" and waiting and now >= waiting.lapses_at:
        update = {"requests": tuple(r.model_copy(update={"lapsed_at": r.lapses_at}) if r == waiting else r for r in case.requests)}
    if act == "extend":
        update = {"extensions": (*case.extensions, worlds.granted(now))}
    if act == "qualify" and not case.qualified_at:
        update = {"qualified_at": now}
    if act == "withdraw" and not filing.withdrawn_at:
        filing = filing.model_copy(update={"withdrawn_at": now})
    if act == "close" and not case.closed_at:
        update = {"status": "lapsed", "closed_at": now}
    if act == "answer" and not case.closed_at:
        done = worlds.answered(now.isoformat())
        update = {"status": done.status, "response": done.response, "closed_at": now}
    return filing, case.model_copy(update=update)


def told_after(batches: list[list[Fact]], fire_at: list[datetime | None]) -> tuple[Timed, ...]:
    """The clocks after these batches, time being let act (at any instant, however early) after each."""
    registers = Registers.new(HEADER, 0)
    clocks: tuple[Timed, ...] = ()
    for batch, until in zip(batches, fire_at, strict=True):
        for fact in batch:
            registers = after(registers, fact)
        if registers.intake is None:
            continue
        timed = clocks_of(HEADER, registers.intake, registers.routing, DIRECTORY) or ()
        clocks = settled(tuple(clock.state for clock in clocks), timed, until or START)
        if until:
            clocks = tuple(_fired(clock, until) for clock in clocks)
    return clocks


def _fired(clock: Timed, until: datetime) -> Timed:
    for fired in passed(clock, until, until):
        clock = replace(clock, state=fired.clock)
    return clock


def _without_history(clocks: tuple[Timed, ...]) -> list[object]:
    """All but when things were told and taken back, which is as time went."""
    plain = {"alerts": (), "corrected_at": None}
    return [(c.state.model_copy(update={**plain, "breached_at": None}), c.state.breached_at is None, c.stop) for c in clocks]


@settings(max_examples=300, deadline=None)
@given(lives(), st.data())
def test_any_order_any_repetition_any_grouping(life: list[Fact], data: st.DataObject) -> None:
    in_order = told_after([life], [END])
    repeated = life + data.draw(st.lists(st.sampled_from(life), max_size=6))
    shuffled = data.draw(st.permutations(repeated))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    batches = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    acting = st.none() | st.integers(0, 200).map(lambda n: START + timedelta(days=n))
    early = [data.draw(acting) for _ in batches[:-1]]
    assert _without_history(told_after(batches, [*early, END])) == _without_history(in_order)


def test_there_is_something_to_compare() -> None:
    life: list[Fact] = [
        IntakeFact(complaint=HEADER, version=1, filing=worlds.filing(), change=Cause(by="test")),
        RoutingFact(complaint=HEADER, version=1, case=worlds.case(), change=Cause(by="test")),
    ]
    clocks = told_after([life], [END])
    assert [(c.rule.code, c.state.breached_at) for c in clocks] == [("qualify", END), ("answer", END), ("custody", END)]
