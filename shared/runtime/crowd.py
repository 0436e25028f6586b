"""No more requests in hand than can be answered soon: whoever comes beside too many others is told at once when to come again.

Without a bound everybody waits for all who came before, a minute or more in a spike, and each who waits takes memory.
"""

import random
import re
from functools import cache
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime.edge import METHODS, PROBES, count_refused
from shared.runtime.errors import Problem
from shared.runtime.together import Protocol

AGAIN_SECONDS = (3, 15)
"""Who is sent away is asked to come back within these, each at a time of their own: all at once would be sent away again."""
OPEN_FOR_A_PLACE = 4
"""Open connections for each place, beyond which who is sent away is also parted from: another connection costs more than another request,
but an open one takes memory, and of a citizen's own nothing comes until then."""
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_UNUSUAL = re.compile(rb"\r\n(?:transfer-encoding:|upgrade:|expect:|connection:(?![ \t]*keep-alive\r))", re.IGNORECASE)
_USUAL = {f"{method} ".encode(): method for method in METHODS - {"HEAD"}}
_PROBES = tuple(path.encode() for path in PROBES)


class Places:
    """How many requests are in hand, of how many at most."""

    def __init__(self, most: int) -> None:
        self.most, self.taken = most, 0

    @property
    def full(self) -> bool:
        return self.taken >= self.most


class Crowd:
    """Pure ASGI, within the guard of bodies: who sends slowly takes nobody's place. Problem: 503 `busy`; probes are always answered."""

    def __init__(self, app: ASGIApp, places: Places) -> None:
        self.app, self._places = app, places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            return await self.app(scope, receive, send)
        if self._places.full:
            return await _busy(_again(), part=True).response()(scope, receive, send)
        self._places.taken += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._places.taken -= 1


class Door(Protocol):
    """A connection that sends a request away before anything is made of it: for thousands a second the long way to Crowd is too dear.

    Only a whole one that comes in one piece and has nothing unusual; Crowd tells all others the same. It is counted, not logged.
    """

    def __init__(self, *, places: Places, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._places, self._amid = places, False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._amid = True

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._amid = False

    def data_received(self, data: bytes) -> None:
        if self._places.full and self._waits_for_one() and (method := whole(data)):
            self._send_away(method)
        else:
            super().data_received(data)

    def _waits_for_one(self) -> bool:
        answered = not self._amid and (self.cycle is None or self.cycle.response_complete)
        return answered and not self.flow.write_paused  # who reads no answers gets no more of them

    def _send_away(self, method: str) -> None:
        part = len(self.connections) > self._places.most * OPEN_FOR_A_PLACE
        self.transport.write(_answer(_again(), part))
        if part:
            self.transport.close()
        self.on_response_complete()
        count_refused(method)


def whole(data: bytes) -> str | None:
    """The method of the one request that is all of `data`; None where it is not all of one, is for a probe, or has anything unusual."""
    head = data.find(b"\r\n\r\n") + 2
    method = _USUAL.get(data[: data.find(b" ") + 1])
    if head < 2 or not method or b" HTTP/1.1\r\n" not in data[:head] or _UNUSUAL.search(data, 0, head):
        return None
    if data.startswith(_PROBES, len(method) + 1):
        return None
    length = _LENGTH.search(data, 0, head)
    return method if len(data) == head + 2 + int(length[1] if length else 0) else None


def _again() -> int:
    return random.randint(*AGAIN_SECONDS)


def _busy(again: int, part: bool) -> Problem:
    detail = (
        "Too many requests are waiting: send the same request again after the seconds in Retry-After, "
        "with the same Idempotency-Key if it had one. Nothing of it was done."
    )
    headers = {"Retry-After": str(again)} | ({"Connection": "close"} if part else {})
    return Problem(503, "busy", detail, headers=headers)


@cache
def _answer(again: int, part: bool) -> bytes:
    """As Crowd's, whole."""
    response = _busy(again, part).response()
    head = [b"HTTP/1.1 503 Service Unavailable", *(b": ".join(header) for header in response.raw_headers), b"", b""]
    return b"\r\n".join(head) + bytes(response.body)
