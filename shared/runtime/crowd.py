"""No more requests in hand than can be answered soon: whoever comes beside too many others is told at once when to come again.

Without a bound everybody waits for all who came before, a minute or more in a spike, and each who waits takes memory.
"""

import random

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime.edge import PROBES
from shared.runtime.errors import Problem

AGAIN_SECONDS = (3, 15)
"""Who is sent away is asked to come back within these, each at a time of their own: all at once would be sent away again."""


class Crowd:
    """Pure ASGI, within the guard of bodies: who sends slowly takes nobody's place. Problem: 503 `busy`; probes are always answered."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self._most, self._in_hand = app, most, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            return await self.app(scope, receive, send)
        if self._in_hand >= self._most:
            return await _busy().response()(scope, receive, send)
        self._in_hand += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._in_hand -= 1


def _busy() -> Problem:
    detail = (
        "Too many requests are waiting: send the same request again after the seconds in Retry-After, "
        "with the same Idempotency-Key if it had one. Nothing of it was done."
    )
    # An open connection takes memory too, and until then nothing comes by it.
    headers = {"Retry-After": str(random.randint(*AGAIN_SECONDS)), "Connection": "close"}
    return Problem(503, "busy", detail, headers=headers)
