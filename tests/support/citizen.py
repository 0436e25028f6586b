"""A citizen at intake's HTTP interface, and what the other services would tell about the complaint."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts.complaint import Header
from shared.contracts.private import Answers, RequestText
from shared.contracts.registry import ANSWERS
from shared.contracts.states import Case, ClockState, Custody, Request, Response, WhyStep
from tests.support.lives import at
from tests.support.stores import Bench, fact

AUTH = "Authorization"


def filing(**changes: Any) -> dict[str, Any]:
    """A complaint as a citizen of Noria sends it; None takes a field out."""
    body = {
        "procedure": "complaint",
        "public_service": "water-bill",
        "territory": "010010101",
        "subject": "Compteur",
        "narrative": "La facture compte deux fois le mois de mars.",
        "filer": {"name": "Amina Test", "email": "amina@citizen.example", "language": "fr"},
        "coded": {"nature": "harm"},
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


@dataclass
class Citizen:
    """Files and follows. Answers are asserted by the tests, which read `status_code` and `json()`."""

    bench: Bench
    client: httpx.AsyncClient
    receipt: dict[str, Any] = field(default_factory=dict)

    async def file(self, *, key: UUID | str | None = None, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        """Keeps the receipt of a 201 for what follows."""
        sent = {"Idempotency-Key": str(key or uuid4())} | (headers or {})
        answer = await self.client.post("/v1/complaints", json=filing(**changes), headers=sent)
        if answer.status_code == 201:
            self.receipt = answer.json()
        return answer

    @property
    def path(self) -> str:
        return f"/v1/complaints/{self.receipt['reference']}"

    @property
    def key(self) -> dict[str, str]:
        return {AUTH: f"Bearer {self.receipt['secret']}"}

    async def page(self, lang: str = "fr") -> dict[str, Any]:
        answer = await self.client.get(self.path, params={"lang": lang}, headers=self.key)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def post(self, act: str, body: dict[str, Any] | None = None, *, key: UUID | None = None) -> httpx.Response:
        return await self.client.post(f"{self.path}/{act}", json=body, headers=self.key | {"Idempotency-Key": str(key or uuid4())})

    async def erase(self) -> httpx.Response:
        return await self.client.delete(f"{self.path}/person", headers=self.key)


@dataclass
class Others:
    """Routing and deadlines, as far as intake hears of them: each call is their next version."""

    bench: Bench
    header: Header
    case: Case = field(default_factory=lambda: Case(status="triage", kind="complaint"))
    versions: dict[str, int] = field(default_factory=dict)

    @classmethod
    async def of(cls, bench: Bench) -> "Others":
        """For the only complaint that was filed there."""
        rows = await bench.execute("select header from register")
        return cls(bench, Header.model_validate_json(rows[0][0]))

    async def routed(self, **changes: Any) -> Case:
        self.case = self.case.model_copy(update=changes)
        await self.bench.deliver(fact("routing", self.header, self._next("routing"), self.case))
        return self.case

    async def to_body(self, body: str, since: str) -> Case:
        return await self.routed(status="with_body", body=body, custody=(*self.case.custody, Custody(body=body, since=at(since))))

    async def asked(self, text: str, when: str, lapses: str) -> Request:
        request = Request(id=uuid4(), asked_at=at(when), lapses_at=at(lapses))
        await self.routed(status="waiting_for_citizen", requests=(*self.case.requests, request))
        await self.wrote(requests=(RequestText(id=request.id, text=text),))
        return request

    async def answered(self, when: str, reasons: str = "Corrigé.", outcome: str = "favourable", status: str = "answered") -> Response:
        response = Response(id=uuid4(), outcome=outcome, body=self.case.body, posted_at=at(when))
        last = self.case.custody[-1].model_copy(update={"until": at(when), "reason": "answered"})
        await self.routed(status=status, outcome=outcome, response=response, closed_at=at(when), custody=(*self.case.custody[:-1], last))
        await self.wrote(response_id=response.id, outcome=outcome, reasons=reasons)
        return response

    async def wrote(self, **words: Any) -> None:
        document = Answers(version=self._next(ANSWERS), complaint_id=self.header.id, reference=self.header.reference, **words)
        await self.bench.deliver(document)

    async def clocks(self, *clocks: ClockState) -> None:
        await self.bench.deliver(fact("deadlines", self.header, self._next("deadlines"), clocks))

    def _next(self, writer: str) -> int:
        self.versions[writer] = self.versions.get(writer, 0) + 1
        return self.versions[writer]


def answer_clock(**changes: Any) -> ClockState:
    """60 days from 2 March 2026 in Noria (UTC+1): the last day is 1 May, so it is due at its local midnight's end."""
    why = (WhyStep(code="start", from_=at("2026-03-02").date()), WhyStep(code="last_day", until=at("2026-05-01").date()))
    clock = ClockState(code="answer", holder="body", body="water-office", starts_at=at("2026-03-02T10:00:00Z"), why=why)
    due = {"due_at": at("2026-05-01T23:00:00Z"), "last_day": at("2026-05-01").date()}
    return clock.model_copy(update=due | changes)
