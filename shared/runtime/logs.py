"""Logs: one line an event on stdout, as JSON or for a console, with the trace id and the complaint's reference.

No secret and no person's data: suspicious keys are masked, and the messages of database and validation errors, which
repeat the values that they refuse, are replaced by their codes.
"""

import logging
import sys
import time
import traceback
from functools import lru_cache
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from pydantic import ValidationError
from pydantic_core import to_json
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bind_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.runtime.db import sqlstate
from shared.runtime.together import Lines
from shared.runtime.trace import current_trace_id

_SECRET_KEYS = ("secret", "authorization", "token", "password", "cookie")
_MASK = "…"
_QUIET = ("uvicorn.access", "asyncio.coroutines")


def configure(service: str, log_format: str = "json", level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sets up structlog and the standard library's logging alike. `level` is a name such as INFO."""
    out = stream or sys.stdout
    lines = stream or cast(TextIO, Lines(out))  # all that loggers ask of one
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_service(service),
        _mask,
        _tell_exception,
    ]
    renderer: Processor = structlog.processors.JSONRenderer(_json)
    if log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(lines),
        cache_logger_on_first_use=stream is None,  # a process sets its logs up once; whoever gives a stream may do so again
    )
    _configure_stdlib(lines, level, shared, renderer)


def bind_reference(reference: str) -> None:
    """Every line of this request or batch from here on names the complaint."""
    bind_contextvars(reference=reference)


def describe_exception(exc: BaseException) -> str:
    """The traceback of an exception and its causes, without the values that database and validation errors repeat."""
    frames = "".join(traceback.format_tb(exc.__traceback__))
    told = f"{frames}{type(exc).__module__}.{type(exc).__qualname__}: {_message(exc)}"
    inner = exc.exceptions if isinstance(exc, BaseExceptionGroup) else ()
    cause = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    return "\n".join([*(describe_exception(link) for link in (*inner, cause) if link), told])


class OneASecond(logging.Filter):
    """Of each message template of the named loggers, one line a second; the next one says how many were left out."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._names = names
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._names):
            return True
        key, now = (record.name, str(record.msg)), time.monotonic()
        last, left_out = self._seen.get(key, (float("-inf"), 0))
        if now - last < 1:
            self._seen[key] = (last, left_out + 1)
            return False
        if len(self._seen) > 1000:  # templates with values formatted into them
            self._seen.clear()
        self._seen[key] = (now, 0)
        if left_out:
            record.msg = f"{record.msg} [{left_out} more like this were left out]"
        return True


def _configure_stdlib(lines: TextIO, level: str, shared: list[Processor], renderer: Processor) -> None:
    handler = logging.StreamHandler(lines)
    handler.addFilter(OneASecond("aiokafka"))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(True)
    for name in _QUIET:
        logging.getLogger(name).disabled = True
    sys.excepthook = _log_crash


def _log_crash(kind: type[BaseException], exc: BaseException, tb: TracebackType | None) -> None:
    structlog.get_logger("crash").critical("the process ends by an exception", exc_info=exc)


def _add_trace(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    if "trace_id" not in event and (trace_id := current_trace_id()):
        event["trace_id"] = trace_id
    return event


def _add_service(service: str) -> Processor:
    def add(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add


def _json(event: EventDict, **_: Any) -> str:
    return to_json(event, fallback=repr).decode()


def _mask(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    # Nearly every line is as it may be: to know that costs a seventh of writing it anew.
    if _has_secret(tuple(event)) or any(isinstance(value, dict) for value in event.values()):
        return {key: _masked(key, value) for key, value in event.items()}
    return event


def _masked(key: Any, value: Any) -> Any:
    if _is_secret(key):
        return _MASK
    if isinstance(value, dict):
        return {inner: _masked(inner, held) for inner, held in value.items()}
    return value


@lru_cache(1024)
def _has_secret(keys: tuple[Any, ...]) -> bool:
    return any(map(_is_secret, keys))


@lru_cache(1024)
def _is_secret(key: Any) -> bool:
    return any(word in str(key).lower() for word in _SECRET_KEYS)


def _tell_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    exc = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    if exc is not None:
        event["exception"] = describe_exception(exc)
    return event


def _message(exc: BaseException) -> str:
    if isinstance(exc, ValidationError):
        return "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['type']}" for error in exc.errors(include_input=False))
    if isinstance(exc, SQLAlchemyError) or type(exc).__module__.startswith(("asyncpg", "sqlalchemy")):
        state = sqlstate(exc)
        return f"SQLSTATE {state}" if state else "(message left out)"
    return str(exc)
