"""The outermost layer of every service: one trace, one access line, one measurement a request."""

import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import clear_contextvars

from shared.runtime import metrics
from shared.runtime.trace import use_traceparent

_log = structlog.get_logger("access")
PROBES = frozenset({"/livez", "/readyz", "/metrics"})
_NO_ROUTE = "(none)"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Edge:
    """Pure ASGI. Continues the caller's traceparent or starts one; answers with its id in X-Trace-Id.

    Lines and metrics name the route's template, never the path or the query, which hold references and secrets.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        clear_contextvars()
        started, status = time.perf_counter(), 0
        with use_traceparent(header(scope["headers"], b"traceparent")) as trace_id:

            async def tagged(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    message["headers"] = [*message.get("headers", ()), (b"x-trace-id", trace_id.encode())]
                await send(message)

            try:
                await self.app(scope, receive, tagged)
            finally:
                _tell(scope, status, time.perf_counter() - started)


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None


def media_type(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Of a body, as in text/csv: in lower case, without parameters; empty where nothing is said."""
    return (header(headers, b"content-type") or "").partition(";")[0].strip().lower()


def template(scope: Scope) -> str:
    """The route's whole template, such as /v1/complaints/{reference}; a name in brackets for what has no template."""
    # The route of an included router knows its own part only; the context that FastAPI leaves holds the whole.
    context: Any = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(context, "path_format", None) or getattr(scope.get("route"), "path", None)
    if path:
        return str(path)
    endpoint = scope.get("endpoint")
    return f"({getattr(endpoint, '__name__', type(endpoint).__name__)})" if endpoint else _NO_ROUTE


def _tell(scope: Scope, status: int, seconds: float) -> None:
    """Status 0: the caller went away, or the answer broke, before it began."""
    route = template(scope)
    method = scope["method"] if scope["method"] in METHODS else "other"
    requests, times = _measured(method, route, status)
    requests.inc()
    times.observe(seconds)
    tell = _log.debug if route in PROBES else _log.info
    tell("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def count_refused(method: str) -> None:
    """One that was sent away at the door, before it had a route."""
    requests, _ = _measured(method, _NO_ROUTE, 503)
    requests.inc()


@lru_cache(maxsize=1_000)  # few, and a look by labels costs more than what is then counted
def _measured(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return metrics.HTTP_REQUESTS.labels(method, route, str(status)), metrics.HTTP_SECONDS.labels(method, route)
