from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.ids import ALPHABET, new_reference, parse_reference, secret_fits, secret_for, uuid7

instants = st.datetimes(datetime(1970, 1, 1), datetime(3000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
KEY, ID = b"k" * 32, UUID("01960000-0000-7000-8000-000000000001")


@given(at=instants)
def test_uuid7_holds_its_instant_version_and_variant(at: datetime) -> None:
    made = uuid7(at)
    assert (made.version, made.variant) == (7, RFC_4122)
    held = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=made.int >> 80)
    assert timedelta(0) <= at - held < timedelta(milliseconds=1)


def test_uuid7_of_the_rfc_example_time() -> None:
    # RFC 9562, A.6: 2022-02-22 14:22:22.00 GMT-05:00 is 0x017F22E279B0.
    assert str(uuid7(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC))).startswith("017f22e2-79b0-7")


def test_uuid7_differs_in_74_random_bits() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    made = [uuid7(at).int for _ in range(500)]
    assert len(set(made)) == 500
    ones = zeros = 0
    for value in made:
        ones, zeros = ones | value, zeros | ~value
    both = ones & zeros & ((1 << 80) - 1)
    assert both == ((1 << 80) - 1) & ~(0xF << 76) & ~(0b11 << 62)


def test_uuid7_before_1970_is_refused() -> None:
    with pytest.raises(ValueError, match="1970"):
        uuid7(datetime(1969, 12, 31, tzinfo=UTC))


def test_references_are_written_in_one_form_and_parse_to_themselves() -> None:
    made = [new_reference() for _ in range(1000)]
    assert len(set(made)) == 1000
    for reference in made:
        assert parse_reference(reference) == reference
        assert [len(part) for part in reference.split("-")] == [4, 4, 1]
        assert set(reference) <= {*ALPHABET, "-"}


def test_the_check_is_crockfords() -> None:
    # Crockford's check: the number modulo 37. 1 → "1"; 37 → "0"; 32 × 32 → 1024 mod 37 = 25 → "S".
    assert parse_reference("00000001" + "1") == "0000-0001-1"
    assert parse_reference("00000015" + "0") == "0000-0015-0"
    assert parse_reference("0000010" + "0" + "S") == "0000-0100-S"


@pytest.mark.parametrize(
    "typed", ["oooo-oool-i", "0000 000I 1", "OOOO–OOO1–L", "\u200f00000001-1\u200e", "٠٠٠٠-٠٠٠١-١", "\t0000\u00a00001 1\n"]
)
def test_what_people_type_is_understood(typed: str) -> None:
    assert parse_reference(typed) == "0000-0001-1"


@given(place=st.integers(0, 8), char=st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes(place: int, char: str) -> None:
    chars = list(new_reference().replace("-", ""))
    if chars[place] == char:
        return
    chars[place] = char
    with pytest.raises(ValueError, match="check"):
        parse_reference("".join(chars))


@given(place=st.integers(0, 6))
def test_two_swapped_neighbours_never_pass(place: int) -> None:
    chars = list(new_reference().replace("-", ""))
    if chars[place] == chars[place + 1]:
        return
    chars[place], chars[place + 1] = chars[place + 1], chars[place]
    with pytest.raises(ValueError, match="check"):
        parse_reference("".join(chars))


@given(text=st.text(max_size=12) | st.text(alphabet=ALPHABET, min_size=9, max_size=9))
def test_any_text_is_a_reference_or_a_value_error(text: str) -> None:
    try:
        parsed = parse_reference(text)
    except ValueError:
        return
    assert parse_reference(parsed) == parsed


def test_a_secret_is_the_hmac_of_id_and_version() -> None:
    # printf "<id><00000001>" | openssl dgst -sha256 -mac HMAC -macopt key:kkk… -binary | base64, its first 27 characters.
    assert secret_for(KEY, ID, 1) == "s1.xLxZqa1RNZanASx0a_OYtcBTG6i"


@pytest.mark.parametrize("wrong", ["", "s1.", "s1.é", "\ud800", "x" * 10_000])
def test_a_secret_fits_only_itself(wrong: str) -> None:
    secret = secret_for(KEY, ID, 1)
    assert len(secret) == 30
    assert secret_fits(KEY, ID, 1, secret)
    others = [wrong, secret + "A", secret[:-1], secret_for(KEY, ID, 2), secret_for(b"o" * 32, ID, 1), secret_for(KEY, UUID(int=1), 1)]
    assert not any(secret_fits(KEY, ID, 1, other) for other in others)
