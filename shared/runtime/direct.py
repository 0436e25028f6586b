"""A way past the router for the few requests that come in masses: the framework's reading of a request costs more than the rest.

A shortcut reads a request that is as it should be. All others it leaves to the route that it shortens, which says what is wrong:
so each problem has one place, and the route's description of what it takes stays true.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime.body import replay
from shared.runtime.errors import Problem

Take = Callable[[Request, bytes], Awaitable[Response] | None]
"""Given a request and its whole body: the answer to be awaited, or None where the route must look. Before that it changes nothing."""


@dataclass(frozen=True)
class Shortcut:
    """To one method of one path without parameters. In `scope` it stands as the route."""

    path: str
    take: Take


Shortcuts = dict[tuple[str, str], Shortcut]


class Direct:
    """Pure ASGI, within the guard of bodies, from which a body comes whole."""

    def __init__(self, app: ASGIApp, shortcuts: Shortcuts) -> None:
        self.app, self._shortcuts = app, shortcuts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shortcut = self._shortcuts.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if shortcut is None:
            return await self.app(scope, receive, send)
        body: bytes = (await receive()).get("body", b"")
        taken = shortcut.take(Request(scope), body)
        if taken is None:
            return await self.app(scope, replay(body, receive), send)
        scope["route"] = shortcut
        await (await _answer(taken))(scope, receive, send)
        return None


def add(app: FastAPI, method: str, path: str, take: Take) -> None:
    """Shortens the route of this method and path, which must be there too."""
    app.state.shortcuts[method, path] = Shortcut(path, take)


async def _answer(taken: Awaitable[Response]) -> Response:
    try:
        return await taken
    except Problem as problem:
        return problem.response()
