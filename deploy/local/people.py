"""Those who use the platform, over HTTP and nothing else: a citizen with a link, a member of staff with a token.

The demo and the end-to-end tests are written with them.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from deploy.local.platform import Platform

Json = dict[str, Any]
T = TypeVar("T")
PATIENCE_SECONDS = 30


class NotSeen(AssertionError):
    """The platform did not do, or not in time, what was expected of it."""


class World:
    """A running platform and the people around it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.http = httpx.Client(timeout=20)
        self._now = ""

    def close(self) -> None:
        self.http.close()

    def at(self, instant: str) -> None:
        """Moves legal time for all five services; only onward, as they have already acted on what is past."""
        if instant < self._now:
            raise ValueError(f"legal time stands at {self._now} and cannot go back to {instant}")
        self._now = instant
        self.platform.set_clock(instant)

    def file(self, **fields: Any) -> "Citizen":
        return Citizen(self, _told(self.post("intake", "/v1/complaints", filing(**fields))))

    def staff(self, role: str, body: str | None = None) -> "Staff":
        return Staff(self, {"Authorization": f"Bearer {self.platform.token(role, body)}"})

    def post(self, service: str, path: str, json: Json, headers: Mapping[str, str] = {}) -> httpx.Response:
        return self.http.post(self.platform.url(service) + path, json=json, headers={"Idempotency-Key": str(uuid4()), **headers})

    def get(self, service: str, path: str, headers: Mapping[str, str] = {}) -> httpx.Response:
        return self.http.get(self.platform.url(service) + path, headers=dict(headers))

    def law(self, ref: str) -> Json:
        """A procedure, as the public directory has it."""
        code, _, version = ref.partition("@")
        laws = _told(self.get("intake", "/v1/directory"))["procedures"]
        return next(law for law in laws if (law["code"], law["version"]) == (code, int(version)))

    def listed(self, procedure: str) -> list[Json]:
        """The public list of a procedure's answered cases."""
        return list(_told(self.get("stats", f"/v1/published?procedure={procedure}"))["items"])

    def figures(self, **question: str) -> dict[str | None, Json]:
        """Rows of public figures by their key."""
        answer = self.http.get(self.platform.url("stats") + "/v1/figures", params=question)
        return {row["key"]: row for row in _told(answer)["rows"]}


class Citizen:
    """The holder of a receipt."""

    def __init__(self, world: World, receipt: Json) -> None:
        self.world, self.receipt = world, receipt
        self.reference: str = receipt["reference"]
        self.link = {"Authorization": f"Bearer {receipt['secret']}"}

    def follow(self, language: str = "fr") -> Json:
        return _told(self.world.get("intake", f"/v1/complaints/{self.reference}", {**self.link, "Accept-Language": language}))

    def act(self, what: str, **fields: Any) -> httpx.Response:
        """information, withdrawal or rating."""
        return self.world.post("intake", f"/v1/complaints/{self.reference}/{what}", fields, self.link)

    def until(self, condition: Callable[[Json], object]) -> Json:
        """What the tracking page says once the condition holds."""
        return wait(self.follow, condition)


class Staff:
    """A member of staff at the desk: every command says which version it decides on."""

    def __init__(self, world: World, token: Mapping[str, str]) -> None:
        self.world, self.token = world, token

    def read(self, reference: str) -> Json:
        answer = self.world.get("routing", f"/v1/cases/{reference}", self.token)
        return dict(answer.json(), etag=answer.headers.get("ETag"), http=answer.status_code)

    def do(self, reference: str, what: str, **fields: Any) -> httpx.Response:
        """take-up, assignment, information-requests, extensions or response, on the version as it is now."""
        headers = {**self.token, "If-Match": self.read(reference)["etag"] or '"0"'}
        return self.world.post("routing", f"/v1/cases/{reference}/{what}", fields, headers)

    def step(self, reference: str, what: str, version: int, method: str = "POST", **fields: Any) -> httpx.Response:
        """On a version that is known, such as that of a draft."""
        url = f"{self.world.platform.url('routing')}/v1/cases/{reference}/{what}"
        return self.world.http.request(method, url, json=fields, headers={**self.token, "If-Match": f'"{version}"'})

    def answer(self, reference: str, approver: "Staff", **words: Any) -> httpx.Response:
        """As a procedure with one approval wants it: drafted and posted by this person, approved by another."""
        told = self.draft(reference, approver, **words)
        return told if told.is_error else self.do(reference, "response", **words)

    def draft(self, reference: str, approver: "Staff", **words: Any) -> httpx.Response:
        """Written and submitted by this person, approved by another: the answer can be posted. The last step's answer, or a refusal."""
        steps: tuple[tuple[Staff, str, str, Json], ...] = (
            (self, "PUT", "draft", words),
            (self, "POST", "draft/submission", {}),
            (approver, "POST", "draft/approval", {}),
        )
        for version, (who, method, what, fields) in enumerate(steps):
            told = who.step(reference, what, version, method, **fields)
            if told.is_error:
                break
        return told

    def deadlines(self, reference: str) -> dict[str, Json]:
        answer = self.world.get("deadlines", f"/v1/complaints/{reference}/deadlines", self.token)
        return {clock["clock"]: clock for clock in answer.json()} if answer.status_code == 200 else {}

    def notices(self, reference: str) -> list[Json]:
        answer = self.world.get("notifications", f"/v1/notices?reference={reference}", self.token)
        return list(answer.json()["notices"]) if answer.status_code == 200 else []


class Desk:
    """The desk of a body: an agent writes the answer, and somebody else approves it where the law wants that."""

    def __init__(self, world: World, body: str) -> None:
        self.agent, self.approver = world.staff("body-agent", body), world.staff("approver", body)

    def answer(self, reference: str, **given: Any) -> httpx.Response:
        """outcome and reasons: at once where the procedure wants no approval. The answer to the step that was refused, or to the last."""
        posted = self.agent.do(reference, "response", **given)
        if posted.status_code != 409 or posted.json()["code"] != "approval-missing":
            return posted
        return self.agent.answer(reference, self.approver, **given)


def filing(**fields: Any) -> Json:
    usual = {
        "procedure": "complaint",
        "territory": "010010101",
        "subject": "No birth certificate",
        "narrative": "Asked three times, never given.",
        "filer": {"name": "Amal", "email": "amal@example.org", "language": "fr"},
    }
    return {**usual, **fields}


def wait(look: Callable[[], T], condition: Callable[[T], object], seconds: float = PATIENCE_SECONDS) -> T:
    """The first look that satisfies the condition; fails with the last one seen."""
    until = time.monotonic() + seconds
    while not condition(seen := look()):
        if time.monotonic() > until:
            raise NotSeen(f"not within {seconds} s; last seen: {seen}")
        time.sleep(0.05)
    return seen


def _told(answer: httpx.Response) -> Json:
    if answer.is_error:
        raise NotSeen(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    return dict(answer.json())
