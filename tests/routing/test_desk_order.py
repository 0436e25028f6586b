"""Whatever the order, repetition, grouping or loss of facts in between, routing ends in the same case, without gaps in its versions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.desk.reactions import Routes, react
from services.routing.handlers import known
from shared.contracts.directory import Directory
from shared.contracts.events import DeadlinesFact, Fact
from shared.contracts.states import Case, ClockState, Filing, Supplied
from shared.messaging.registers import Registers
from tests.routing.test_desk_reactions import silence_accepts
from tests.support.desk import NOON, R1, R2, breach, header, noria_pack, request, routed, waiting, with_law
from tests.support.known import after
from tests.support.lives import at
from tests.support.stores import fact

PLAIN, DEEMING = noria_pack().directory, with_law(**silence_accepts())
HEADER = header()
ASKED = (request(R1), request(R2, asked="2026-03-09", lapses="2026-03-24T23:00:00+00:00"))
LAPSE = breach("supply", "citizen", "2026-03-05", "2026-03-20T23:00:00+00:00", "2026-03-20T23:15:00+00:00")
SILENCE = breach("answer", "body", "2026-03-02", "2026-05-01T23:00:00+00:00", "2026-05-02")
MOMENTS = st.integers(0, 40).map(lambda days: at("2026-03-05") + timedelta(days=days))


@st.composite
def acts(draw: st.DrawFn, withdrawals: bool) -> list[Fact]:
    """Intake's facts: one filing, then supplies and perhaps a withdrawal, each with the whole state."""
    filing = Filing(language="ar")
    told: list[Fact] = []
    supplies = st.tuples(st.sampled_from([R1, R2]), MOMENTS)
    for act in [None, *draw(st.lists(supplies | MOMENTS if withdrawals else supplies, max_size=4))]:
        filing = _after(filing, act)
        told.append(fact("intake", HEADER, len(told) + 1, filing))
    return told


def _after(filing: Filing, act: tuple[UUID, datetime] | datetime | None) -> Filing:
    if act is None or (isinstance(act, datetime) and filing.withdrawn_at):
        return filing
    if isinstance(act, datetime):
        return filing.model_copy(update={"withdrawn_at": act})
    return filing.model_copy(update={"supplied": (*filing.supplied, Supplied(request_id=act[0], at=act[1]))})


@st.composite
def passing(draw: st.DrawFn, breaches: Sequence[ClockState]) -> list[Fact]:
    """Deadlines' facts: the clocks as set, then some of the breaches, which stay."""
    set_ = tuple(clock.model_copy(update={"breached_at": None}) for clock in breaches)
    states = [set_]
    for index in draw(st.lists(st.sampled_from(range(len(breaches))), unique=True)):
        states.append((*states[-1][:index], breaches[index], *states[-1][index + 1 :]))
    return [fact("deadlines", HEADER, version, state) for version, state in enumerate(states, 1)]


@st.composite
def deliveries(draw: st.DrawFn, facts: Sequence[Fact]) -> list[list[Fact]]:
    """Every writer's last fact at least once, the others perhaps never; in any order and any batches."""
    last = {type(f): f for f in facts}
    some = draw(st.lists(st.sampled_from(facts), max_size=8)) if facts else []
    order = draw(st.permutations([*last.values(), *some]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=4)))
    return [batch for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True) if (batch := order[a:b])]


def run(start: Registers, batches: Sequence[Sequence[Fact]], directory: Directory) -> tuple[Case | None, list[int]]:
    """The engine's way: fold a batch, then tell what is missing. Returns the last case and the versions told."""
    registers, versions = start, []
    for batch in batches:
        for told in batch:
            registers = after(registers, told)
        for step in react(known(registers), {}, directory, Routes(noria_pack().rules), NOON):
            versions.append(registers.routing_version + 1)
            registers = registers.with_state("routing", step.case, versions[-1])
    assert react(known(registers), {}, directory, Routes(noria_pack().rules), NOON) == []
    return registers.routing, versions


def check(data: st.DataObject, directory: Directory, breaches: Sequence[ClockState], *, withdrawals: bool) -> None:
    facts = data.draw(acts(withdrawals)) + data.draw(passing(breaches))
    fresh = Registers.new(HEADER, 0)
    case = routed().case
    assert case
    asked = fresh.with_state("routing", waiting(case, *ASKED), 3)
    for start in (fresh, asked):
        expected, _ = run(start, [[one] for one in sorted(facts, key=lambda f: isinstance(f, DeadlinesFact))], directory)
        found, versions = run(start, data.draw(deliveries(facts)), directory)
        assert found == expected
        assert versions == [*range(start.routing_version + 1, start.routing_version + 1 + len(versions))]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_order_cannot_matter_where_people_act_and_requests_lapse(data: st.DataObject) -> None:
    check(data, PLAIN, [LAPSE], withdrawals=True)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_order_cannot_matter_where_the_law_answers(data: st.DataObject) -> None:
    """Without withdrawals: which of a withdrawal and an answer came first is decided by what reached routing first."""
    check(data, DEEMING, [LAPSE, SILENCE], withdrawals=False)
