"""A way past the router for the few requests that come in masses: the framework's reading of a request costs more than the rest.

A shortcut reads a request that is as it should be. All others it leaves to the route that it shortens, which says what is wrong:
so each problem has one place, and the route's description of what it takes stays true.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from re import Pattern
from typing import TypeVar

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime.body import replay
from shared.runtime.edge import media_type
from shared.runtime.errors import Problem

JSON = "application/json"
T = TypeVar("T", bound=BaseModel)
Take = Callable[[Request, bytes], Awaitable[Response] | None]
"""Given a request and its whole body: the answer to be awaited, or None where the route must look. Before that it changes nothing."""


@dataclass(frozen=True)
class Shortcut:
    """To one method of one path, whose parameters are texts. In `scope` it stands as the route."""

    path: str
    pattern: Pattern[str]
    take: Take


Shortcuts = dict[str, list[Shortcut]]
"""By their methods. There are few in a service: they are tried one after the other."""


class Direct:
    """Pure ASGI, within the guard of bodies, from which a body comes whole."""

    def __init__(self, app: ASGIApp, shortcuts: Shortcuts) -> None:
        self.app, self._shortcuts = app, shortcuts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for shortcut in self._shortcuts.get(scope.get("method", ""), ()):
            if found := shortcut.pattern.fullmatch(scope["path"]):
                scope["path_params"] = found.groupdict()
                return await self._take(shortcut, scope, receive, send)
        return await self.app(scope, receive, send)

    async def _take(self, shortcut: Shortcut, scope: Scope, receive: Receive, send: Send) -> None:
        body: bytes = (await receive()).get("body", b"")
        taken = shortcut.take(Request(scope, replay(body, receive)), body)
        if taken is None:
            return await self.app(scope, replay(body, receive), send)
        scope["route"] = shortcut
        await (await _answer(taken))(scope, receive, send)
        return None


def add(app: FastAPI, method: str, path: str, take: Take) -> None:
    """Shortens the route of this method and path, which must be there too."""
    pattern, _, _ = compile_path(path)
    app.state.shortcuts.setdefault(method, []).append(Shortcut(path, pattern, take))


def read(request: Request, body: bytes, model: type[T]) -> T | None:
    """The body as this model; None where it says not that it is JSON, or does not fit."""
    if media_type(request.scope["headers"]) != JSON:
        return None
    try:
        return model.model_validate_json(body)
    except ValueError:
        return None


async def _answer(taken: Awaitable[Response]) -> Response:
    try:
        return await taken
    except Problem as problem:
        return problem.response()
