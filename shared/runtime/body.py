"""Bodies are read whole at the edge: at most so many bytes, and no text that a store cannot hold."""

import json
import math
import re
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime import invalid
from shared.runtime.edge import header, media_type
from shared.runtime.errors import Problem
from shared.runtime.text import storable

LIMIT = 256 * 1024
# What makes a body worth a second look: escapes of NUL and surrogates, and numbers that JSON does not know or floats cannot hold.
# Apart and in this form they cost 6 ns a byte; as one expression, 60.
_ESCAPES = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_NUMBERS = re.compile(rb"[0-9](?:[eE]\+?[0-9]{3}|[0-9]{299})")


class BodyGuard:
    """Pure ASGI. Problems: 413 `body-too-large` (the rest is not read, the connection closes), 422 `invalid-text`, 400 `invalid-json`.

    `app.state.body_limits` may allow more on a path.
    """

    def __init__(self, app: ASGIApp, limit: int = LIMIT) -> None:
        self.app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if "\x00" in scope["path"] or b"\x00" in unquote_to_bytes(scope["query_string"]):
            raise Problem(**invalid.UNSTORABLE)
        limit, headers = self._limit_of(scope), scope["headers"]
        length = header(headers, b"content-length")
        if length in (None, "0") and header(headers, b"transfer-encoding") is None:
            return await self.app(scope, receive, send)
        if length is not None and length.isascii() and length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        body = await _read(receive, limit)
        if body is not None:
            _check(body, media_type(headers))
            await self.app(scope, replay(body, receive), send)
        return None

    def _limit_of(self, scope: Scope) -> int:
        more: dict[str, int] = getattr(getattr(scope.get("app"), "state", None), "body_limits", {})
        return more.get(scope["path"], self._limit)


async def _read(receive: Receive, limit: int) -> bytes | None:
    """None when the caller goes away before the end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(limit: int) -> Problem:
    detail = f"The body may have at most {limit // 1024} kB: shorten the texts."
    return Problem(413, "body-too-large", detail, headers={"Connection": "close"}, limit=limit)


def replay(body: bytes, receive: Receive) -> Receive:
    """What gives a whole body first, then what comes after it."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _check(body: bytes, kind: str) -> None:
    if kind == "application/json" or kind.endswith("+json"):
        _check_json(body)
    elif kind == "application/x-www-form-urlencoded" and b"\x00" in unquote_to_bytes(body):
        raise Problem(**invalid.UNSTORABLE)


def _check_json(body: bytes) -> None:
    """json.loads would take UTF-16, surrogates in UTF-8, NaN and 1e999, and hand them on to the store."""
    try:
        body.decode("utf-8")
        if not _suspect(body):
            return
        unstorable = _first_unstorable(json.loads(body, parse_constant=_refuse, parse_float=_finite))
    except (ValueError, RecursionError):
        raise Problem(**invalid.NOT_JSON) from None
    if unstorable is not None:
        raise Problem(**invalid.UNSTORABLE, field=invalid.field_of(unstorable) or None)


def _suspect(body: bytes) -> bool:
    escapes = b"\\u" in body and _ESCAPES.search(body)
    return bool(escapes or b"NaN" in body or b"Infinity" in body or _NUMBERS.search(body))


def _first_unstorable(document: Any) -> tuple[str | int, ...] | None:
    """The place of a text, or of a key, that cannot be stored."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str) and not storable(value):
            return place
        if isinstance(value, dict):
            if any(not storable(key) for key in value):
                return place
            waiting += [((*place, key), held) for key, held in value.items()]
        elif isinstance(value, list):
            waiting += [((*place, index), held) for index, held in enumerate(value)]
    return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number beyond a double's range")
    return number
