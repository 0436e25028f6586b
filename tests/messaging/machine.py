"""Histories of a platform to which everything may happen: a state machine whose steps are what people, the broker and the machine do."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, ClassVar
from uuid import UUID, uuid5

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.contracts.complaint import Header
from shared.contracts.states import Filing
from shared.messaging.registers import Registers
from tests.messaging import deeds
from tests.messaging.holds import Witness, at_rest
from tests.messaging.memory import fires_at
from tests.messaging.simulated import AFTER, BEFORE, GRACE, PARTITIONS, SERVICES, World

Act = tuple[str, UUID, Any, deeds.Deed]
"""A name, the complaint, what it is about (a request, a response, a body), and how it is done."""

_SPACE = UUID("7c1c3a4e-0000-4000-8000-000000000003")
MOST_COMPLAINTS = 6
BODIES = ("water-office", "commune-prima", "ministry-waters", None)
LAWS: dict[str, dict[str, Any]] = {
    "complaint@1": {"public_service": "water-bill"},
    "access-to-information@1": {"body": "commune-prima"},
    "suggestion@1": {},
}
EXTENSIBLE = ("access-to-information@1",)
TIMES = tuple(timedelta(**{unit: n}) for unit, n in (("hours", 1), ("days", 1), ("days", 6), ("days", 16), ("days", 45)))
MINUTE = timedelta(minutes=1)
AROUND = (-MINUTE, timedelta(), GRACE - MINUTE, GRACE, GRACE + MINUTE)
"""Around the next instant at which time acts: before it, at it, within the grace, at its end and after it."""
DYING = (None, None, None, BEFORE, AFTER)

seeds = st.integers(0, 2**32 - 1)


def step(act: Callable[[Any, Random], None]) -> Any:
    """A rule with one draw. Hypothesis likes to draw the same again, and many small draws cost more than the step itself; so the seed
    is mixed with the step's number."""

    def rolled(self: "Machine", seed: int) -> None:
        self.steps += 1
        act(self, Random(seed << 8 | self.steps))

    rolled.__name__ = act.__name__
    return rule(seed=seeds)(rolled)


class Machine(RuleBasedStateMachine):
    """A failure prints the seed of each step; `print(self.world)` in `holds` shows what they were."""

    finished: ClassVar[list[World]]
    """Gets each world once it is at rest."""
    numbered = False
    """Whether no two of these worlds are to have a complaint in common. The same seeds then make others: nothing can be repeated."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(len(self.finished) if self.numbered else 0)
        self.witness = Witness(self.world)
        self.filed: list[Header] = []
        self.count = self.steps = 0

    @initialize(seed=seeds)
    def begin(self, seed: int) -> None:
        chance = Random(seed)
        for _ in range(chance.randint(2, MOST_COMPLAINTS)):
            self._file(chance, None)

    @precondition(lambda self: len(self.filed) < MOST_COMPLAINTS)
    @step
    def file(self, chance: Random) -> None:
        self._file(chance, chance.choice(DYING))

    @step
    def a_quiet_day(self, chance: Random) -> None:
        """Everything flows; people do this and that."""
        for _ in range(chance.randint(2, 8)):
            self.world.settle()
            chance.choice((self._citizen, self._desk, self._desk))(chance, None)

    @step
    def a_rough_day(self, chance: Random) -> None:
        """Relays, consumers and the broker's group do what they may, in any order, and die where they may."""
        for _ in range(chance.randint(1, 20)):
            chance.choice((self._relay, self._relay, self._deliver, self._deliver, self._deliver, self._again, self._rebalance))(chance)
            self.witness.look()

    @step
    def a_rough_day_of_people(self, chance: Random) -> None:
        for _ in range(chance.randint(1, 10)):
            chance.choice((self._citizen, self._desk))(chance, chance.choice(DYING))
            chance.choice((self._relay, self._deliver, self._deliver))(chance)
            self.witness.look()

    @step
    def let_time_pass(self, chance: Random) -> None:
        self.world.advance(chance.choice(TIMES))

    @step
    def go_to_where_time_acts(self, chance: Random) -> None:
        rows = [row for rows in self.world.services["deadlines"].state.clocks.values() for row in rows]
        by = chance.choice(AROUND)
        ahead = [at + by for row in rows if (at := fires_at(row)) and at + by > self.world.time]
        if ahead:
            self.world.advance(min(ahead) - self.world.time)
        if chance.random() < 0.5:
            self.world.watch()

    @step
    def watch_clocks(self, chance: Random) -> None:
        self.world.watch(dies=chance.random() < 0.3)

    @step
    def mail(self, chance: Random) -> None:
        """The mail server takes one notice, or all that wait."""
        state = self.world.services["notifications"].state
        waiting = [notice for notice in state.notices.values() if notice.waits]
        for notice in waiting if chance.random() < 0.5 else waiting[:1]:
            reference = state.registers[notice.complaint_id].header.reference
            deed = partial(deeds.mail, notice.complaint_id, reference, notice.entry.key)
            self.world.do("notifications", deed, chance.choice(DYING))

    @rule()
    def replay(self) -> None:
        self.world.replay()

    @rule()
    def settle(self) -> None:
        self.world.settle()

    @invariant()
    def holds(self) -> None:
        self.witness.look()

    def teardown(self) -> None:
        self.world.rest()
        at_rest(self.world, self.witness)
        self.finished.append(self.world)

    def _file(self, chance: Random, dies: str | None) -> None:
        """Now and then a letter that came long before it was entered."""
        law = chance.choice((*LAWS, *LAWS, "complaint@1", "complaint@1", "access-to-information@1"))
        late = chance.choice((0, 0, 0, 40, 61))
        header = Header(
            id=uuid5(_SPACE, f"{self.world.number}/{self._next()}"),
            reference=f"T{self.world.number:05d}-{self.count}",
            procedure=law,
            filed_at=self.world.time - timedelta(days=late),
            recorded_at=self.world.time,
            channel="post" if late else "web",
            territory="010010101",
            **LAWS[law],
        )
        filing = Filing(language="fr", coded={"urgent": chance.choice(("no", "yes"))} if law.startswith("access") else {})
        if self.world.do("intake", partial(deeds.file, header, filing), dies):
            self.filed.append(header)
            self.world.accepted.append(("file", header.id, filing.coded))

    def _relay(self, chance: Random) -> None:
        ready = [name for name in SERVICES if self.world.services[name].state.outbox]
        if ready:
            self.world.relay(chance.choice(ready), chance.randint(1, 9), dies=chance.random() < 0.3)

    def _deliver(self, chance: Random) -> None:
        """A batch for one of those who have something to read, of some of the topics."""
        ready = [(at, replica) for at in self.world.services.values() for replica in (0, 1) if at.waiting(replica, 1, at.topics)]
        if ready:
            at, replica = chance.choice(ready)
            waiting = sorted({raw.topic for raw in at.waiting(replica, 1, at.topics)})
            topics = chance.sample(waiting, chance.randint(1, len(waiting)))
            poison = chance.choice((None, None, None, 0, 1))
            self.world.deliver(at.name, replica, chance.randint(1, 6), topics, dies=chance.choice(DYING), poison=poison)

    def _again(self, chance: Random) -> None:
        self.world.redeliver(chance.choice(SERVICES), chance.randint(0, 1), chance.randint(1, 9), chance.randint(1, 9))

    def _rebalance(self, chance: Random) -> None:
        self.world.rebalance(chance.choice(SERVICES), chance.randrange(PARTITIONS), told=chance.random() < 0.5)

    def _citizen(self, chance: Random, dies: str | None) -> None:
        """One of the acts that the citizen's page offers."""
        known = self._one("intake", chance)
        if known is None:
            return
        id, case = known.complaint_id, known.routing
        acts: list[Act] = [("supply", id, r.id, partial(deeds.supply, id, r.id)) for r in (case.requests if case else ())]
        if case and case.response:
            acts.append(("rate", id, case.response.id, partial(deeds.rate, id, case.response.id, chance.random() < 0.5)))
        if case and not case.open and chance.random() < 0.5:
            acts.append(("erase", id, None, partial(deeds.erase, id)))
        if chance.random() < 0.2:
            acts.append(("withdraw", id, None, partial(deeds.withdraw, id)))
        self._do("intake", acts, chance, dies)

    def _desk(self, chance: Random, dies: str | None) -> None:
        """One of the acts that the desk offers to those who have the case."""
        known = self._one("routing", chance)
        if known is None or known.routing is None:
            return
        id, body, made = known.complaint_id, chance.choice(BODIES), uuid5(known.complaint_id, f"made/{self._next()}")
        acts: list[Act] = [
            ("take up", id, None, partial(deeds.take_up, id)),
            ("ask", id, made, partial(deeds.ask, id, made)),
            *[("extend", id, None, partial(deeds.extend, id))] * (3 if known.header.procedure in EXTENSIBLE else 0),
            ("transfer", id, body, partial(deeds.transfer, id, body)),
            ("answer", id, made, partial(deeds.answer, id, made)),
        ]
        if known.routing.response:
            acts = [("amend", id, None, partial(deeds.amend, id))] if chance.random() < 0.3 else []
        self._do("routing", acts, chance, dies)

    def _do(self, service: str, acts: Sequence[Act], chance: Random, dies: str | None) -> None:
        if acts:
            name, id, what, deed = chance.choice(acts)
            if self.world.do(service, deed, dies):
                self.world.accepted.append((name, id, what))

    def _one(self, service: str, chance: Random) -> Registers | None:
        known = self.world.services[service].state.registers
        return chance.choice(list(known.values())) if known else None

    def _next(self) -> int:
        self.count += 1
        return self.count
