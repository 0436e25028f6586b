"""One trace id along a request, its outbox rows, their Kafka records and what consumers do with them (W3C traceparent).

Only the context is carried: a process that runs under an OpenTelemetry SDK sees these as its own parents.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()


@contextmanager
def use_traceparent(header: str | None) -> Iterator[str]:
    """Within the block the trace of `header` goes on as a new span; without a valid header a new trace starts.

    Yields the trace id (32 hex digits).
    """
    parent = _read(header) if header else trace.INVALID_SPAN_CONTEXT
    trace_id = parent.trace_id if parent.is_valid else random.getrandbits(128) | 1
    span = trace.SpanContext(trace_id, random.getrandbits(64) | 1, is_remote=False, trace_flags=parent.trace_flags)
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(span)))
    try:
        yield trace.format_trace_id(trace_id)
    finally:
        context.detach(token)


def current_traceparent() -> str | None:
    """The traceparent to send onward; None outside a trace."""
    trace_id, span_id, _, flags, _, valid = trace.get_current_span().get_span_context()
    return f"00-{trace_id:032x}-{span_id:016x}-{flags:02x}" if valid else None


def current_trace_id() -> str | None:
    """32 hex digits, or None outside a trace."""
    trace_id, *_, valid = trace.get_current_span().get_span_context()
    return f"{trace_id:032x}" if valid else None


def _read(header: str) -> trace.SpanContext:
    return trace.get_current_span(_PROPAGATOR.extract({"traceparent": header}, context.Context())).get_span_context()
