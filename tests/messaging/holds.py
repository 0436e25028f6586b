"""What must hold of the simulated platform: after each step, and once everything has arrived."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.deadlines.domain import clocks_of, settled
from services.deadlines.handlers import Known, _rows
from services.deadlines.passing import breach_at
from services.notifications.domain import plan
from services.notifications.notice import FILER
from services.routing.desk.reactions import Routes, react
from services.routing.handlers import case_row, known
from services.stats.domain import fact_row
from shared.contracts.registry import DEADLINES, FACT_TOPICS, INTAKE, PRIVATE_TOPICS, ROUTING, ce_type
from shared.contracts.states import CLOSED, ClockState
from shared.messaging.registers import Registers, state_of, writer_of
from tests.messaging.memory import State
from tests.messaging.simulated import GRACE, SERVICES, Simulated, World, read
from tests.support.desk import noria_pack
from tests.support.lives import noria

WRITER = {INTAKE: "intake", ROUTING: "routing", DEADLINES: "deadlines"}
CLOSING = ("answered", "withdrawn", "lapsed")
BREACHED = ce_type("deadline-breached")


class Witness:
    """Looks at each step of a world, and remembers what was told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told: dict[tuple[str, UUID], list[Any]] = defaultdict(list)
        self._states: dict[str, State] = {}
        self._seen = dict.fromkeys(SERVICES, 0)
        self._read = dict.fromkeys(world.log, 0)
        self._logged: dict[tuple[str, UUID], int] = defaultdict(int)
        self._clocks: dict[UUID, dict[str, ClockState]] = defaultdict(dict)

    def look(self) -> None:
        """What must hold always."""
        for name, at in self.world.services.items():
            if at.state is not self._states.get(name):
                self._states[name] = at.state
                self._told(at)
                self._nothing_of_the_erased(at)
                self._registers_are_what_was_read(at)
        self._logs()

    def _told(self, at: Simulated) -> None:
        """Each writer tells versions 1, 2, 3 … of a complaint, each once."""
        for row in at.state.told[self._seen[at.name] :]:
            if row.topic in FACT_TOPICS:
                fact = FACT_TOPICS[row.topic].model_validate_json(row.value or b"")
                facts = self.told[row.topic, fact.complaint.id]
                facts.append(fact)
                assert fact.version == row.version == len(facts), f"{at.name} told version {fact.version} as number {len(facts)}"
                if row.topic == DEADLINES:
                    self._breaches(fact, row.headers["ce_type"], at.state)
        self._seen[at.name] = len(at.state.told)

    def _breaches(self, fact: Any, type: str, state: State) -> None:
        """A clock is breached once unless that was taken back, and never before it was due and all that was there by then was known."""
        id, breached = fact.complaint.id, 0
        for clock in fact.clocks:
            before = self._clocks[id].get(clock.code)
            before = before if before and before.starts_at == clock.starts_at else None
            if clock.breached_at and (before is None or before.breached_at != clock.breached_at):
                assert before is None or before.breached_at is None, f"{clock.code} was breached twice"
                assert clock.due_at
                assert clock.due_at + GRACE <= clock.breached_at <= self.world.time, f"{clock.code} was breached before it was due"
                self._all_was_known(id, clock.due_at, state)
                breached += 1
            self._clocks[id][clock.code] = clock
        assert breached == (type == BREACHED)

    def _all_was_known(self, id: UUID, due_at: datetime, state: State) -> None:
        parked = {(place, offset) for name, place, offset in self.world.parked_ever if name == "deadlines"}
        for place in [place for place in self.world.log if place[0] in (INTAKE, ROUTING)]:
            for raw, at in self.world.log[place]:
                fact: Any = read(raw).body
                if fact.complaint.id == id and at < due_at + GRACE and (place, raw.offset) not in parked:
                    known = state.registers[id].version(WRITER[place[0]])
                    assert known >= fact.version, f"breached before {place[0]} {fact.version} was read, which lay there in time"

    def _nothing_of_the_erased(self, at: Simulated) -> None:
        state = at.state
        gone = {id for id, register in state.registers.items() if register.intake and register.intake.erased_at}
        assert gone == set(state.erased), f"{at.name} has erased others than it knows of"
        assert not [key for key in state.private if key[1] in gone], f"{at.name} keeps papers of the erased"
        waiting = [row for row in state.outbox.values() if row.private and row.value is not None and row.complaint_id in gone]
        assert not waiting, f"{at.name} would still tell papers of the erased"

    def _registers_are_what_was_read(self, at: Simulated) -> None:
        """At any position a register is the newest of what lies before it; its writer's own is what it told last. No effect without its
        position, no position without its effect."""
        versions: dict[tuple[UUID, str], int] = defaultdict(int)
        for topic in FACT_TOPICS:
            if topic in at.topics:
                for place in [place for place in self.world.log if place[0] == topic]:
                    for fact in self._before_position(at, place):
                        key = fact.complaint.id, WRITER[topic]
                        versions[key] = max(versions[key], fact.version)
        if at.name in WRITER.values():
            versions |= {(id, at.name): len(facts) for (topic, id), facts in self.told.items() if WRITER[topic] == at.name}
        held = {(id, w): n for id, register in at.state.registers.items() for w in WRITER.values() if (n := register.version(w))}
        assert held == versions, f"{at.name} holds {held}, not {dict(versions)}"

    def _before_position(self, at: Simulated, place: Any) -> list[Any]:
        position = at.state.positions.get(place)
        until = position.next_offset if position else 0
        return [read(raw).body for raw, _ in self.world.log[place][:until] if (place, raw.offset) not in at.state.dead]

    def _logs(self) -> None:
        """The log has each writer's versions in order; what a relay sends again is what it sent."""
        for place in [place for place in self.world.log if place[0] in FACT_TOPICS]:
            for raw, _ in self.world.log[place][self._read[place] :]:
                fact: Any = read(raw).body
                key = place[0], fact.complaint.id
                assert fact.version <= self._logged[key] + 1, f"{place[0]} has a gap before version {fact.version}"
                assert self.told[key][fact.version - 1 : fact.version] == [fact], f"{place[0]} has what was not told"
                self._logged[key] = max(self._logged[key], fact.version)
            self._read[place] = len(self.world.log[place])


def at_rest(world: World, witness: Witness) -> None:
    """What must hold once everything has arrived and time has done what it had to."""
    witness.look()
    truth = {id: _told_last(id, witness) for name, id, _ in world.accepted if name == "file"}
    logged = {key: len(facts) for key, facts in witness.told.items()}
    assert dict(witness._logged) == logged, "not all that was told is on the log"
    for at in world.services.values():
        held = {id: replace(register, partition=0) for id, register in at.state.registers.items()}
        assert held == truth, f"{at.name} ends with other registers than were told"
        counted = Counter(_status(register) for register in held.values())
        assert sum(counted[status] for status in ("open", *CLOSED)) == len(truth), f"{at.name} lost one: {counted}"
        assert not at.state.outbox
        assert not at.state.dead
    for name, id, what in world.accepted:
        _is_there(name, truth[id], what)
    for register in truth.values():
        _rows_are_derived(world, register)
        _nothing_is_left_to_do(world, register)
        _told_once(world, register)
        _papers_are_where_they_belong(world, register)


def _told_last(id: UUID, witness: Witness) -> Registers:
    facts = [facts[-1] for (_, of), facts in witness.told.items() if of == id]
    register = Registers.new(facts[0].complaint, 0)
    for fact in facts:
        register = register.with_state(writer_of(fact), state_of(fact), fact.version)
    return register


def _status(register: Registers) -> str:
    return register.routing.status if register.routing and register.routing.status in CLOSED else "open"


def _is_there(name: str, register: Registers, what: Any) -> None:
    """An act that was accepted has not been lost, and who decides about it has done so."""
    filing, case = register.intake, register.routing
    assert filing
    assert case
    match name:
        case "file":
            assert filing.coded == what
        case "withdraw":
            assert filing.withdrawn_at
            assert case.status == "withdrawn" or case.withdrawn_after_answer
        case "supply":
            assert [given for given in filing.supplied if given.request_id == what]
            assert [request for request in case.requests if request.id == what and request.supplied_at]
        case "rate":
            assert [given for given in filing.ratings if given.response_id == what]
        case "erase":
            assert filing.erased_at
        case "ask":
            assert [request for request in case.requests if request.id == what]
        case "answer":
            assert case.response
            assert case.response.id == what
            assert case.status in ("answered", "refused")
        case "transfer":
            assert [held for held in case.custody if (held.since if what else held.until)]
            assert not what or what in {held.body for held in case.custody}
        case "extend":
            assert case.extensions
        case "take up":
            assert case.qualified_at
        case "amend":
            assert case.response
            assert case.response.amended_at


def _rows_are_derived(world: World, register: Registers) -> None:
    id, states = register.complaint_id, {name: at.state for name, at in world.services.items()}
    assert states["stats"].facts[id] == fact_row(register, noria())
    assert states["routing"].cases[id] == case_row(register, noria())
    assert register.intake
    counted = clocks_of(register.header, register.intake, register.routing, noria())
    assert counted is not None
    timed = settled(register.deadlines, counted, world.time)
    assert tuple(clock.state for clock in timed) == (register.deadlines or ()), "the clocks are not those of the registers"
    place = states["deadlines"].registers[id].partition
    rows = tuple(_rows(Known(replace(register, partition=place), timed), noria()))
    assert states["deadlines"].clocks[id] == rows
    for clock in timed:
        due_at = breach_at(clock)
        assert due_at is None or due_at > world.marks.until[place], f"{clock.rule.code} was due and is not breached"


def _nothing_is_left_to_do(world: World, register: Registers) -> None:
    assert react(known(register), {}, noria(), Routes(noria_pack().rules), world.time) == []
    entries = world.services["notifications"].state.notifications_ledger([register.complaint_id])[register.complaint_id]
    decided = plan(register, entries, noria())
    assert (decided.write, decided.drop) == ((), ())


def _told_once(world: World, register: Registers) -> None:
    """The end of a case is told to its filer once, unless they had themselves erased before it left."""
    ledger = world.services["notifications"].state.notices.values()
    told = [notice.entry.code for notice in ledger if notice.complaint_id == register.complaint_id and notice.entry.audience == FILER]
    stands = Counter(
        n.entry.code for n in ledger if n.complaint_id == register.complaint_id and n.entry.audience == FILER and n.reason is None
    )
    closed = bool(register.routing and register.routing.status in CLOSED)
    erased = bool(register.intake and register.intake.erased_at)
    closing = sum(stands[code] for code in CLOSING)
    assert closing == closed or (erased and closing == 0), f"told {told} of a case {register.routing and register.routing.status}"


def _papers_are_where_they_belong(world: World, register: Registers) -> None:
    """Of the erased nothing is left, and the last word of every restricted topic is a tombstone, upon which compaction takes the rest."""
    id = register.complaint_id
    erased = bool(register.intake and register.intake.erased_at)
    held = {(name, topic) for name, at in world.services.items() for topic, of in at.state.private if of == id}
    if not erased:
        assert {("intake", "papers"), ("routing", "papers"), ("intake", "contacts"), ("notifications", "contacts")} <= held
        return
    assert held == set()
    for topic in PRIVATE_TOPICS:
        written = [raw for n in range(2) for raw, _ in world.log[topic, n] if raw.key == str(id).encode()]
        assert not written or written[-1].value is None, f"{topic} ends with a document of the erased"
