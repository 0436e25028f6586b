"""Complaints in Noria as they go, step by step, and a ledger in memory that is told of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from services.notifications.domain import plan
from services.notifications.notice import WAITING, Entry, Key, Told
from shared.contracts.complaint import Header
from shared.contracts.directory import Directory
from shared.contracts.events import Fact
from shared.contracts.states import (
    AlertSent,
    Case,
    ClockState,
    Custody,
    ExtensionGranted,
    Filing,
    Request,
    Response,
    Supplied,
    WhyStep,
)
from shared.messaging.registers import Registers
from tests.support.known import after
from tests.support.lives import at, noria
from tests.support.stores import fact

SPACE = UUID("5e1c3a4e-0000-4000-8000-000000000002")
FILED = at("2026-01-10")
DUE = at("2026-03-11T23:00:00+00:00")
"""60 days after filing, at Noria's midnight: the last day is 11 March."""
HOUR = timedelta(hours=1)


class Story:
    """What the three writers tell of one complaint; each step is one fact, an hour after the last."""

    def __init__(self, number: int = 1, procedure: str = "complaint@1", **header: Any) -> None:
        id = uuid5(SPACE, str(number))
        given = {"channel": "web", "public_service": "water-bill", "territory": "010010101"} | header
        self.header = Header(id=id, reference=f"TEST-{number:04d}-0", procedure=procedure, filed_at=FILED, recorded_at=FILED, **given)
        self.now = FILED
        self.facts: list[Fact] = []
        self.filing = Filing(language="fr")
        self.case = Case(status="triage", kind=procedure.partition("@")[0])
        self.clock = ClockState(code="answer", holder="platform", starts_at=FILED, due_at=DUE, last_day=at("2026-03-11").date())
        self._versions = {"intake": 0, "routing": 0, "deadlines": 0}
        self._tell("intake", self.filing)

    @property
    def known(self) -> Registers:
        """What somebody knows who has heard everything."""
        return folded(self.facts)

    @property
    def id(self) -> UUID:
        return self.header.id

    @property
    def last_request(self) -> Request | None:
        return self.case.requests[-1] if self.case.requests else None

    def triage(self) -> "Story":
        return self._routing()

    def route(self, body: str, reason: str | None = None) -> "Story":
        before = tuple(c if c.until else c.model_copy(update={"until": self.now, "reason": reason}) for c in self.case.custody)
        return self._routing(status="with_body", body=body, custody=(*before, Custody(body=body, since=self.now)))

    def ask(self) -> "Story":
        request = Request(id=uuid5(self.id, str(len(self.case.requests))), asked_at=self.now, lapses_at=self.now + timedelta(days=15))
        return self._routing(status="waiting_for_citizen", requests=(*self.case.requests, request))

    def supply(self) -> "Story":
        assert self.last_request
        self.filing = self.filing.model_copy(update={"supplied": (Supplied(request_id=self.last_request.id, at=self.now),)})
        self._tell("intake", self.filing)
        return self._end_request(supplied_at=self.now)

    def lapse(self) -> "Story":
        assert self.last_request
        return self._end_request(lapsed_at=self.last_request.lapses_at)

    def extend(self) -> "Story":
        granted = ExtensionGranted(clock="answer", granted_at=self.now, reason="many-documents")
        return self._routing(extensions=(*self.case.extensions, granted))

    def answer(self, outcome: str = "favourable") -> "Story":
        response = Response(id=uuid5(self.id, "answer"), outcome=outcome, body=self.case.body, posted_at=self.now)
        return self._routing(status="answered", outcome=outcome, response=response, closed_at=self.now)

    def amend(self) -> "Story":
        assert self.case.response
        return self._routing(response=self.case.response.model_copy(update={"amended_at": self.now}))

    def withdraw(self) -> "Story":
        """The citizen's act, and what routing makes of it."""
        self.filing = self.filing.model_copy(update={"withdrawn_at": self.now})
        self._tell("intake", self.filing)
        if self.case.closed_at:
            return self._routing(withdrawn_after_answer=True)
        return self._routing(status="withdrawn", outcome="withdrawn", closed_at=self.now)

    def close_lapsed(self) -> "Story":
        return self._routing(status="lapsed", outcome="lapsed", closed_at=self.now)

    def erase(self) -> "Story":
        self.filing = self.filing.model_copy(update={"erased_at": self.now})
        self._tell("intake", self.filing)
        return self

    def set_clock(self, **changes: Any) -> "Story":
        holder = {"holder": "body", "body": self.case.body} if self.case.body else {"holder": "platform", "body": None}
        self.clock = self.clock.model_copy(update=holder | changes)
        self._tell("deadlines", (self.clock,))
        return self

    def move_due(self, days: int) -> "Story":
        due_at, last_day = self.clock.due_at, self.clock.last_day
        assert due_at
        assert last_day
        return self.set_clock(due_at=due_at + timedelta(days=days), last_day=last_day + timedelta(days=days))

    def count_extension(self) -> "Story":
        self.clock = self.clock.model_copy(update={"why": (*self.clock.why, WhyStep(code="extension", n=20, unit="working_days"))})
        return self.move_due(20)

    def alert(self, code: str) -> "Story":
        return self.set_clock(alerts=(*self.clock.alerts, AlertSent(code=code, at=self.now)))

    def breach(self) -> "Story":
        return self.set_clock(breached_at=self.now)

    def correct(self) -> "Story":
        return self.set_clock(breached_at=None, corrected_at=self.now)

    def _end_request(self, **ended: datetime) -> "Story":
        assert self.last_request
        requests = (*self.case.requests[:-1], self.last_request.model_copy(update=ended))
        return self._routing(status="with_body", requests=requests)

    def _routing(self, **changes: Any) -> "Story":
        self.case = self.case.model_copy(update=changes)
        self._tell("routing", self.case)
        return self

    def _tell(self, writer: str, state: Any) -> None:
        self._versions[writer] += 1
        self.facts.append(fact(writer, self.header, self._versions[writer], state))
        self.now += HOUR


def folded(facts: Sequence[Fact], known: Registers | None = None) -> Registers:
    known = known or Registers.new(facts[0].complaint, 0)
    for told in facts:
        known = after(known, told)
    return known


class Ledger:
    """The delivery ledger of one complaint, in memory, with the rules of the store."""

    def __init__(self, directory: Directory | None = None) -> None:
        self.entries: list[Entry] = []
        self._directory = directory or noria()

    def hear(self, known: Registers) -> "Ledger":
        decided = plan(known, self.entries, self._directory)
        for intent in decided.write:
            state = "held" if intent.held else "pending"
            entry = Entry(intent.code, intent.subject, intent.audience, state, False, dict(intent.params))
            found = self._find(intent.key)
            if found is None:
                self.entries.append(entry)
            elif found.state in WAITING or found.superseded:
                self._put(replace(entry, state="pending" if found.state == "pending" else state))
        for key in decided.drop:
            self._put(replace(self._found(key), state="skipped", superseded=True))
        return self

    def send(self, limit: int | None = None, *, held: bool = False) -> "Ledger":
        """The mail server takes what waits, `held`: also what is held back."""
        waiting = [e for e in self.entries if e.state == "pending" or (held and e.state == "held")]
        for entry in waiting[:limit]:
            self._put(replace(entry, state="sent"))
        return self

    @property
    def told(self) -> Told:
        return Told(self.entries)

    def notices(self, *states: str) -> list[Key]:
        return [e.key for e in self.entries if e.state in (states or ("sent",))]

    def codes(self, audience: str = "filer", *states: str) -> list[str]:
        return [code for code, _, to in self.notices(*states) if to == audience]

    def _find(self, key: Key) -> Entry | None:
        return next((e for e in self.entries if e.key == key), None)

    def _found(self, key: Key) -> Entry:
        found = self._find(key)
        assert found
        return found

    def _put(self, entry: Entry) -> None:
        self.entries = [entry if e.key == entry.key else e for e in self.entries]
