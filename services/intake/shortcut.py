"""Filing past the router: the same act as the route's, read by hand where the request is as it should be."""

from collections.abc import Awaitable
from uuid import UUID

from fastapi import Request, Response

from services.intake.access import BEARER, caller, filer
from services.intake.api import file_complaint
from services.intake.shapes import FilingIn
from shared.runtime import direct
from shared.runtime.edge import header


def file_at_once(request: Request, body: bytes) -> Awaitable[Response] | None:
    """None for a filing that says not that it is JSON, does not fit its model, or lacks a usable key: the route says so."""
    given = direct.read(request, body, FilingIn)
    try:
        key = UUID(header(request.scope["headers"], b"idempotency-key") or "")
    except ValueError:
        return None
    return _file(request, key, given) if given else None


async def _file(request: Request, key: UUID, given: FilingIn) -> Response:
    token = await BEARER(request) if header(request.scope["headers"], b"authorization") else None
    who = await filer(request, await caller(request, token))
    return await file_complaint(request.app.state.intake, who, key, given)
