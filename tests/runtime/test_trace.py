import pytest

from shared.runtime.trace import current_trace_id, current_traceparent, use_traceparent

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_goes_on_with_a_span_of_its_own() -> None:
    with use_traceparent(GIVEN) as trace_id:
        assert trace_id == current_trace_id() == "0af7651916cd43dd8448eb211c80319c"
        onward = current_traceparent()
        assert onward
        version, trace, span, flags = onward.split("-")
        assert (version, trace, flags) == ("00", trace_id, "01")
        assert span != "b7ad6b7169203331"


@pytest.mark.parametrize("header", [None, "", "rubbish", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-é"])
def test_without_a_valid_header_a_new_trace_starts(header: str | None) -> None:
    with use_traceparent(header) as first, use_traceparent(current_traceparent()) as inner:
        assert inner == first
        assert len(first) == 32
    with use_traceparent(header) as second:
        assert second != first


def test_outside_a_trace_there_is_none() -> None:
    with use_traceparent(GIVEN):
        pass
    assert current_traceparent() is None
    assert current_trace_id() is None


def test_a_request_within_a_trace_does_not_take_that_trace_for_its_own() -> None:
    with use_traceparent(GIVEN) as outer, use_traceparent(None) as inner:
        assert inner != outer
