"""The HTTP shell that every service shares: probes, metrics, problems, limits, traces; and how the process runs."""

import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from shared.runtime import errors
from shared.runtime.auth import Verifier
from shared.runtime.body import BodyGuard
from shared.runtime.crowd import Crowd, Door, Places
from shared.runtime.direct import Direct
from shared.runtime.edge import Edge
from shared.runtime.examples import Described
from shared.runtime.memory import settle
from shared.runtime.settings import Settings

_log = structlog.get_logger(__name__)
_GRACE_S = 10
_IDLE_S = 75
"""How long a connection may say nothing between two requests: longer than proxies (60 s mostly) and clients keep one. Who sends into one
that is just being closed is told nothing, and cannot know whether what they sent was done."""
_LISTENERS = 16
"""On the one socket. libuv takes one new connection for each in a turn of the loop; what a busy turn leaves waits in the kernel, where no
bound on requests sees it, and is cut off when that row is full."""
_START_FAILED = 1
_NONE: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""Of the framework: traces, measurements and lines are the edge's, and asking each time whether an SDK is there costs more than they do."""
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457); `code` is stable, `detail` says what to do.",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "code", "detail"],
                    "properties": {
                        **{name: {"type": "string"} for name in ("type", "title", "code", "detail", "field", "trace_id")},
                        "status": {"type": "integer"},
                    },
                }
            }
        },
    }
}


class Readiness:
    """What must hold before the service may take work. Each named check starts as not ready."""

    def __init__(self, *names: str) -> None:
        self._reasons = dict.fromkeys(names, "not checked yet")

    def set(self, name: str, ok: bool, why: str = "") -> None:
        """`why` says, for the operator, what is missing; it is dropped when ok."""
        if ok:
            self._reasons.pop(name, None)
        else:
            self._reasons[name] = why or "not ready"

    @property
    def ready(self) -> bool:
        return not self._reasons

    @property
    def reasons(self) -> dict[str, str]:
        """Check → what is missing; empty when ready."""
        return dict(self._reasons)


class _App(Described):
    def build_middleware_stack(self) -> ASGIApp:
        """The framework's own, but for its three outermost layers: its page for failures, telemetry and limit are off or ours."""
        app: ASGIApp = ExceptionMiddleware(AsyncExitStackMiddleware(self.router), handlers=self.exception_handlers)
        for layer in reversed(self.user_middleware):
            app = layer.cls(app, *layer.args, **layer.kwargs)
        return app


def create_app(
    title: str, settings: Settings, *, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]], checks: Readiness
) -> FastAPI:
    """An app whose `state` has `settings`, `readiness` and, where WASL_OIDC_JWKS is set, the `verifier` that `staff` needs."""
    app = _App(title=title, lifespan=lifespan, docs_url=None, redoc_url=None, responses=_PROBLEMS, telemetry=_NONE)
    app.state.settings, app.state.readiness, app.state.shortcuts, app.state.body_limits = settings, checks, {}, {}
    app.state.places = Places(settings.requests_at_once)
    if settings.oidc_jwks:
        app.state.verifier = Verifier(settings)
    for path, probe in (("/livez", _livez), ("/readyz", _readyz), ("/metrics", _metrics)):
        app.add_api_route(path, probe, include_in_schema=False, response_model=None)
    # Added last is outermost: trace and access line, then problems, then the body's limit, then that of the
    # requests in hand, then shortcuts to the routes.
    app.add_middleware(Direct, shortcuts=app.state.shortcuts)
    app.add_middleware(Crowd, places=app.state.places)
    app.add_middleware(BodyGuard)
    errors.install(app)
    app.add_middleware(Edge)
    return app


def run(app: FastAPI, settings: Settings) -> None:
    """Serves until SIGTERM, SIGINT or `stop`; then takes no more requests and gives those in flight 10 s.

    Returns after a signal; SystemExit with `stop`'s code after it, 1 when the service could not start.
    """
    config = uvicorn.Config(
        app,
        settings.host,
        settings.port,
        loop="uvloop",
        http=partial(Door, places=app.state.places),  # type: ignore[arg-type]
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # whose X-Forwarded-For counts is a setting of ours (WASL_TRUSTED_PROXIES), not 127.0.0.1's by default
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = uvicorn.Server(config)
    app.state.server, app.state.exit_code = server, 0
    # For a signal before uvicorn listens to them, and for the one that it raises again after it has obeyed.
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: setattr(server, "should_exit", True))
    settle()
    try:
        listening = config.bind_socket()
        server.run([listening, *(listening.dup() for _ in range(_LISTENERS - 1))])
    except SystemExit:
        # uvicorn's own status for a failed start is 3, which here means that a consumer stopped on poison.
        sys.exit(_START_FAILED)
    if app.state.exit_code:
        sys.exit(app.state.exit_code)


def stop(app: FastAPI, code: int, why: str) -> None:
    """Ends the process in order, with this exit code; for what only a restart or an operator can mend."""
    _log.critical("stopping", why=why, exit_code=code)
    app.state.exit_code, app.state.server.should_exit = code, True


async def _livez() -> Response:
    return JSONResponse({"live": True})


async def _readyz(request: Request) -> Response:
    readiness: Readiness = request.app.state.readiness
    return JSONResponse({"ready": readiness.ready, "reasons": readiness.reasons}, 200 if readiness.ready else 503)


async def _metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
