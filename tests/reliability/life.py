"""A complaint's life over HTTP, as its filer and the agents of a body live it, through crashes too."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from tests.reliability.ways import Json, Ways, approver_of
from tests.support.wire import Reply

NATIONAL = ""


@dataclass
class Life:
    """`done` are the acts that got a 2xx, in order; `told` is every try with its answer; `failed` says why it could not go on.

    canary: stands in all that is written in this life, by the filer and by the body, to be looked for afterwards.
    """

    ways: Ways
    number: int
    plan: str
    rng: Random
    id: UUID | None = None
    reference: str = ""
    done: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    failed: str | None = None
    response_id: str = ""
    satisfied: bool = True
    canary: str = ""
    _secret: str = ""
    _body: str = NATIONAL
    _version: int = 1
    _request_id: str = ""

    @property
    def email(self) -> str:
        return f"life-{self.number}{self.canary}@citizen.example"

    async def file(self, public_service: str | None, body: str, more: Json | None = None) -> None:
        """`body`: whose agents have the case after routing. more: fields of the filing that are otherwise than in all others."""
        filing = {
            "procedure": "complaint",
            "territory": "010010101",
            "subject": f"Compteur {self.number}{self.canary}",
            "narrative": "La facture compte deux fois le mois de mars. " * self.rng.randint(1, 8) + self.canary,
            "filer": {"name": f"Amina {self.number}{self.canary}", "email": self.email, "language": self.rng.choice(("ar", "fr"))},
            "coded": {"nature": "harm"},
        } | ({"public_service": public_service} if public_service else {})
        filing |= more or {}
        key = {"Idempotency-Key": self._key()}
        receipt = await self._until("file", 201, lambda look: self.ways.intake.request("POST", "/v1/complaints", filing, key))
        self.id, self.reference, self._secret, self._body = UUID(receipt["id"]), receipt["reference"], receipt["secret"], body

    async def assign(self, body: str) -> None:
        """From the national desk's triage to a body, or from one body to another."""
        reason = "competence" if self._body else None
        await self._decide("assignment", lambda case: case["body"] == body, {"body": body, "reason": reason})
        self._body = body

    async def take_up(self) -> None:
        await self._decide("take-up", lambda case: bool(case["taken_up_at"]))

    async def ask(self) -> None:
        case = await self._decide(
            "information-requests", lambda case: bool(case["requests"]), {"text": f"Envoyez la facture.{self.canary}"}
        )
        self._request_id = case["requests"][0]["id"]

    async def draft(self, outcome: str) -> None:
        """Written and submitted by an agent, approved by somebody else; the answer then says the very words."""
        await self._step("draft", 0, self._body, "PUT", self._words(outcome))
        await self._step("draft/submission", 1, self._body)
        await self._step("draft/approval", 2, approver_of(self._body))

    async def answer(self, outcome: str) -> None:
        case = await self._decide("response", lambda case: bool(case["response"]), self._words(outcome))
        self.response_id = case["response"]["id"]

    async def supply(self) -> None:
        await self._act("information", 201, {"request_id": self._request_id, "text": f"La voici.{self.canary}"}, "unknown-request")

    async def rate(self, satisfied: bool | None = None) -> None:
        """A rating that says something else than the last one is told anew."""
        self.satisfied = self.number % 3 > 0 if satisfied is None else satisfied
        rating = {"response_id": self.response_id, "satisfied": self.satisfied} | ({"comment": self.canary} if self.canary else {})
        await self._act("rating", 200, rating, "unknown-response")

    async def withdraw(self) -> None:
        await self._act("withdrawal", 202)

    async def erase(self) -> None:
        path, headers = f"/v1/complaints/{self.reference}/person", {"Authorization": f"Bearer {self._secret}"}
        await self._until("erasure", 202, lambda look: self.ways.intake.request("DELETE", path, None, headers), "case-open")

    async def _act(self, act: str, status: int, body: Json | None = None, not_yet: str = "") -> None:
        """The filer's: sent again it changes nothing."""
        headers = {"Authorization": f"Bearer {self._secret}", "Idempotency-Key": self._key()}
        path = f"/v1/complaints/{self.reference}/{act}"
        await self._until(act, status, lambda look: self.ways.intake.request("POST", path, body, headers), not_yet)

    async def _step(self, act: str, version: int, who: str, method: str = "POST", body: Json | None = None) -> None:
        """Of a draft: sent again under its key it gets its first answer."""
        headers = {"Authorization": f"Bearer {self.ways.targets.tokens[who]}", "If-Match": f'"{version}"', "Idempotency-Key": self._key()}
        path = f"/v1/cases/{self.reference}/{act}"
        await self._until(act, 200, lambda look: self.ways.routing.request(method, path, body, headers), "case-unknown")

    async def _decide(self, act: str, taken: Callable[[Json], bool], body: Json | None = None) -> Json:
        """An agent's: where a try may have taken effect, the case is read first, and what was taken is not done twice."""
        path, tokens = f"/v1/cases/{self.reference}", self.ways.targets.tokens

        async def attempt(look: bool) -> Reply:
            if look:
                # With the national desk's eyes: a transferred case is out of the former body's sight.
                seen = await self.ways.routing.request("GET", path, None, {"Authorization": f"Bearer {tokens[NATIONAL]}"})
                if seen.status != 200 or taken(seen.json()["case"]):
                    return seen
                self._version = seen.json()["version"]
            headers = {"Authorization": f"Bearer {tokens[self._body]}", "If-Match": f'"{self._version}"'}
            return await self.ways.routing.request("POST", f"{path}/{act}", body, headers)

        # Who has decided once need not wait for the case to come.
        answer = await self._until(act, 200, attempt, "case-unknown" if self._version == 1 else "")
        self._version = answer["version"]
        case: Json = answer["case"]
        return case

    async def _until(self, act: str, status: int, attempt: Callable[[bool], Awaitable[Reply]], not_yet: str = "") -> Json:
        answer = await self.ways.until(status, attempt, lambda what: self.told.append(f"{time.strftime('%X')} {act}: {what}"), not_yet)
        self.done.append(act)
        return answer

    def _words(self, outcome: str) -> Json:
        return {"outcome": outcome, "reasons": f"Vu la facture.{self.canary}"}

    def _key(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128), version=4))
