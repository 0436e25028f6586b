"""What is taken as an e-mail address or a phone number."""

import pytest

from services.intake.contact import email_address, phone_number
from services.intake.refusals import Refused

RABAT, TUNIS = "Africa/Casablanca", "Africa/Tunis"


@pytest.mark.parametrize(
    ("given", "zone", "kept"),
    [
        ("0612345678", RABAT, "+212612345678"),
        ("06 12-34.56 78", RABAT, "+212612345678"),
        ("00212 612345678", RABAT, "+212612345678"),
        ("+33 6 12 34 56 78", RABAT, "+33612345678"),
        ("٠٦١٢٣٤٥٦٧٨", RABAT, "+212612345678"),
        ("71 123 456", TUNIS, "+21671123456"),
        # Possible, though in no table of numbers that were given out.
        ("0812345678", RABAT, "+212812345678"),
    ],
)
def test_a_number_is_kept_with_its_countrys_prefix(given, zone, kept):
    assert phone_number(given, zone) == kept


@pytest.mark.parametrize("given", ["12", "phone", "+", "06123456789012345", "+999 123", "0612345678 or so, ask for Amina"])
def test_what_is_no_number(given):
    with pytest.raises(Refused, match="invalid-phone"):
        phone_number(given, RABAT)


def test_a_zone_of_no_country_asks_for_the_prefix():
    assert phone_number("+212612345678", "UTC") == "+212612345678"
    with pytest.raises(Refused):
        phone_number("0612345678", "UTC")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Amina.B+wasl@Citizen.Example", "Amina.B+wasl@citizen.example"),
        ("أمينة@مثال.المغرب", "أمينة@مثال.المغرب"),
        ("o'brien@mail.example.org", "o'brien@mail.example.org"),
    ],
)
def test_an_address_is_kept(given, kept):
    assert email_address(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "amina",
        "amina@",
        "@citizen.example",
        "amina@citizen",
        "a@b@c.example",
        "amina@citizen..example",
        ".amina@citizen.example",
        "amina@-citizen.example",
        "amina@citizen.example\r\nBcc: all@citizen.example",
        "Amina <amina@citizen.example>",
        "amina@citizen.example, driss@citizen.example",
        "a" * 65 + "@citizen.example",
        "amina@[127.0.0.1]",
    ],
)
def test_what_is_no_address(given):
    with pytest.raises(Refused, match="invalid-email"):
        email_address(given)
