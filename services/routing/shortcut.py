"""The two decisions that come in masses, past the router: the routes' own acts, read by hand where the request is as it should be."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response

from services.routing.calls import Call, the_call
from services.routing.decisions import respond, take_up
from services.routing.rights import worker
from services.routing.shapes import Answer, CaseOut
from shared.runtime import direct
from shared.runtime.edge import header
from shared.runtime.preconditions import if_match


def take_up_at_once(request: Request, body: bytes) -> Awaitable[Response] | None:
    """None without a version: the route says so."""
    return _decided(request, take_up)


def respond_at_once(request: Request, body: bytes) -> Awaitable[Response] | None:
    """None without a version, and for an answer that says not that it is JSON or does not fit its model: the route says so."""
    asked = direct.read(request, body, Answer)
    return _decided(request, lambda call, version: respond(call, asked, version)) if asked else None


def _decided(request: Request, decide: Callable[[Call, int], Awaitable[CaseOut]]) -> Awaitable[Response] | None:
    version = header(request.scope["headers"], b"if-match")
    return None if version is None else _decide(request, version, decide)


async def _decide(request: Request, version: str, decide: Callable[[Call, int], Awaitable[CaseOut]]) -> Response:
    """In the order in which the route asks: who, under which key, on which version."""
    who, key = await worker(request), header(request.scope["headers"], b"idempotency-key")
    call = await the_call(request.path_params["reference"], who, request, Response(), key)
    done = await decide(call, await if_match(version))
    return Response(done.model_dump_json(by_alias=True), headers={"ETag": call.response.headers["ETag"]}, media_type=direct.JSON)
