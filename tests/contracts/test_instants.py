"""Instants on the wire: what is read fast is read alike."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from shared.contracts.base import Instant, iso, to_milliseconds

READ, PLAIN = TypeAdapter(Instant), TypeAdapter(AwareDatetime)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(-2 * 10**15, 7 * 10**15).map(lambda microseconds: EPOCH + timedelta(microseconds=microseconds))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(INSTANTS)
def test_what_is_written_is_read_again(at: datetime) -> None:
    assert READ.validate_json(READ.dump_json(at)) == to_milliseconds(at)


@given(st.from_regex(r"[0-9]{4}[-.0-9W][0-9]{2}[-0-9][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]{3}[Z0-9]", fullmatch=True))
@example("2026-W09-1T10:00:00.123Z")
@example("2026-03-01T24:00:00.000Z")
@example("2026-02-29T10:00:00.000Z")
@example("2026-03-01T10:00:60.000Z")
def test_what_is_nearly_so_is_read_or_refused_as_any_time_is(text: str) -> None:
    try:
        plain = PLAIN.validate_python(text)
    except ValidationError:
        with pytest.raises(ValidationError):
            READ.validate_python(text)
    else:
        assert READ.validate_python(text) == to_milliseconds(plain)


@given(INSTANTS, ZONES)
def test_any_zone_becomes_utc_in_milliseconds(at: datetime, zone: timezone) -> None:
    read = READ.validate_python(at.astimezone(zone))
    assert read.tzinfo is UTC
    assert read == at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert iso(read) == iso(at)
