"""How the outside reaches the platform, and the patience with which a client that wants its act done asks again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.local.platform import Platform
from tests.support.wire import Lost, Reply, Wire

PATIENCE_SECONDS = 60
"""How long one act is tried. A service that was killed must be back by then."""
AGAIN = (412, 429, 503)
"""Answers after which the same act is tried again; any other refusal ends the life."""

Json = dict[str, Any]
Tell = Callable[[str], None]


class Stuck(AssertionError):
    """An act was refused for good, or not answered in time."""


@dataclass(frozen=True)
class Targets:
    """Where services are, and the tokens of agents by body, of approvers by approver_of(body); "" is the national desk."""

    intake: str
    routing: str
    tokens: dict[str, str]

    @classmethod
    def of(cls, platform: Platform, *bodies: str) -> "Targets":
        tokens = {body: platform.token("body-agent", body) for body in bodies} | {"": platform.token("national-desk")}
        tokens |= {approver_of(body): platform.token("approver", body) for body in bodies}
        return cls(platform.url("intake"), platform.url("routing"), tokens)


def approver_of(body: str) -> str:
    return f"{body}/approver"


@dataclass
class Ways:
    """The connections that all lives of one load share."""

    targets: Targets
    pause: float = 0.05
    """Seconds before the second try of an act; half as long again before each further one, at most 1 s."""
    lead: float = 0.0
    """Seconds before the first try of an act that needs what another service must first hear of."""
    intake: Wire = field(init=False)
    routing: Wire = field(init=False)

    def __post_init__(self) -> None:
        self.intake, self.routing = Wire(self.targets.intake), Wire(self.targets.routing)

    def in_flight(self, service: str) -> int:
        """Requests sent to a service and not answered yet; 0 for those that take none."""
        wire = getattr(self, service, None)
        return wire.in_flight if wire else 0

    def close(self) -> None:
        self.intake.close()
        self.routing.close()

    async def until(self, status: int, attempt: Callable[[bool], Awaitable[Reply]], tell: Tell, not_yet: str = "") -> Json:
        """The answer once it has this status. `attempt` is told whether to look first: after a lost answer or a stale version.

        412, 429, 503 and the code `not_yet` (what is named has not arrived there) are no refusals. Raises Stuck.
        """
        await asyncio.sleep(self.lead if not_yet else 0)
        until, wait, look = time.monotonic() + PATIENCE_SECONDS, self.pause, False
        while time.monotonic() < until:
            reply = await _tried(attempt(look), tell)
            if reply and reply.status == status:
                answer: Json = reply.json()
                return answer
            if reply and reply.status not in AGAIN and (not not_yet or reply.json().get("code") != not_yet):
                raise Stuck(f"{reply.status} {reply.body.decode(errors='replace')[:300]}")
            look = look or reply is None or reply.status == 412
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 1)
        raise Stuck(f"not done within {PATIENCE_SECONDS} s")


async def _tried(attempt: Awaitable[Reply], tell: Tell) -> Reply | None:
    try:
        reply = await attempt
    except Lost as lost:
        tell(f"lost: {lost}")
        return None
    tell(str(reply.status) if reply.status < 400 else f"{reply.status} {reply.json().get('code')}")
    return reply
