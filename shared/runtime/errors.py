"""Problems: every error of the HTTP interface is an RFC 9457 document with a stable code.

`detail` says what to do; no problem ever repeats a value that the caller sent, since it may be personal data.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime import db, invalid
from shared.runtime.trace import current_trace_id

_log = structlog.get_logger(__name__)
# PostgreSQL's character_not_in_repertoire and untranslatable_character: what the checks at the edge let through.
_TEXT_STATES = frozenset({"22021", "22P05"})
_DETAILS = {
    404: "Nothing is at this address; /openapi.json lists what is.",
    405: "This address exists, but not for this method; the Allow header names those it takes.",
}


class Problem(Exception):
    """An answer that is an error. `code` is stable and documented; `extra` becomes further members of the document."""

    def __init__(
        self, status: int, code: str, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.field = status, code, detail, field
        self.headers, self.extra = dict(headers or {}), extra

    def response(self) -> JSONResponse:
        named = {"field": self.field} if self.field else {}
        document = {
            "type": f"urn:wasl:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **named,
            **self.extra,
        }
        return JSONResponse(document, self.status, self.headers, media_type="application/problem+json")


def invalid_in(error: ValidationError, code: str = "invalid-field", detail: str | None = None) -> Problem:
    """Problem 422 for the first thing that does not fit a model which no route has read; what is wrong with it, unless `detail` says."""
    first = error.errors()[0]
    return Problem(422, code, detail or first["msg"], field=invalid.field_of(first["loc"]) or None)


def install(app: FastAPI) -> None:
    """Every error of `app` becomes a problem: known ones by handlers, all others by the outermost middleware."""
    app.add_exception_handler(Problem, _answer)
    app.add_exception_handler(RequestValidationError, _answer)
    app.add_exception_handler(HTTPException, _answer)
    app.add_middleware(LastResort)


def problem_of(exc: Exception) -> Problem:
    """What the caller is told about an exception; an unexpected one tells nothing but its trace id."""
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, RequestValidationError):
        return Problem(**invalid.describe(exc.errors()))
    if isinstance(exc, HTTPException):
        return _of_http(exc)
    if db.sqlstate(exc) in _TEXT_STATES:
        return Problem(422, "invalid-text", "A text holds a character that cannot be stored (NUL or half a surrogate pair): remove it.")
    if db.transient(exc):
        return Problem(
            503,
            "store-unavailable",
            "The store does not answer now: send the same request again, with the same Idempotency-Key if it had one.",
            headers={"Retry-After": "2"},
            trace_id=current_trace_id(),
        )
    return Problem(500, "internal", "The service failed; report the trace_id to its operator.", trace_id=current_trace_id())


class LastResort:
    """Pure ASGI: answers what no handler answered, and logs it once. After the answer has begun it can only raise on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as exc:
            problem = problem_of(exc)
            if problem.status >= 500:
                _log.error("request failed", code=problem.code, exc_info=exc)
            if begun:
                raise
            await problem.response()(scope, receive, send)


async def _answer(request: Request, exc: Exception) -> JSONResponse:
    return problem_of(exc).response()


def _of_http(exc: HTTPException) -> Problem:
    if exc.status_code == 400:
        # FastAPI's word for a body that its parser could not read at all.
        return Problem(**invalid.NOT_JSON)
    code = HTTPStatus(exc.status_code).phrase.lower().replace(" ", "-")
    return Problem(exc.status_code, code, _DETAILS.get(exc.status_code, exc.detail), headers=exc.headers)
