"""How a person can be reached: addresses as they must look to be of use. Nothing is sent to find out."""

import re
from functools import lru_cache
from importlib.resources import files

import phonenumbers

from services.intake.refusals import Refused

# RFC 5321's dot-atom without quoting, in any script (RFC 6531); what a mail header could break on is out.
_EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f.-][^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]*\.[^\W\d_]{2,63}"
)


def email_address(given: str) -> str:
    """The address, its domain in lower case."""
    local, _, domain = given.rpartition("@")
    if not _EMAIL.fullmatch(given) or ".." in given or local.startswith(".") or local.endswith(".") or len(local) > 64:
        raise Refused("invalid-email", "This is no e-mail address: write it as name@example.org.", "filer", "email")
    return f"{local}@{domain.lower()}"


def phone_number(given: str, time_zone: str) -> str:
    """E.164, such as +212612345678. A number without a country's prefix is one of the jurisdiction, known by its time zone.

    Lenient: it must be possible, not listed, since tables of valid numbers lag behind the operators'.
    """
    try:
        number = phonenumbers.parse(given, _region(time_zone))
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise Refused("invalid-phone", "This is no phone number: write it with + and the country's prefix.", "filer", "phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=8)
def _region(time_zone: str) -> str | None:
    """The ISO 3166 code of a zone's country, from the tz database's zone.tab; None for a zone of no one country."""
    for line in files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines():
        columns = line.split("\t")
        if len(columns) > 2 and columns[2] == time_zone:
            return columns[0]
    return None
