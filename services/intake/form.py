"""The fields of a procedure's form: known, present where they must be, of the right kind; the public and the private ones apart."""

import re
from collections.abc import Mapping
from datetime import date

from services.intake.refusals import Refused
from shared.contracts.directory import Directory
from shared.contracts.procedures import Field, Procedure
from shared.contracts.states import Coded

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2})?")
PUBLIC, PRIVATE = "coded", "private"
LONGEST = 4_000
"""Characters of a private field whose law sets no other limit."""


def check_form(law: Procedure, coded: Mapping[str, Coded], private: Mapping[str, str], directory: Directory) -> None:
    """Refused names `coded.<code>` or `private.<code>`. Public values ride in the facts, private ones in the papers alone."""
    fields = {field.code: field for field in law.form}
    given: dict[str, Coded] = {**coded, **private}
    for where, values in ((PUBLIC, coded), (PRIVATE, private)):
        for code, value in values.items():
            _check_place(where, code, fields)
            if not _shown(fields[code], given):
                raise Refused("field-not-shown", "This field is not asked with these answers: leave it out.", where, code)
            if where == PUBLIC:
                _check_public(fields[code], value, directory)
            else:
                _check_private(fields[code], str(value))
    for field in law.form:
        where = PRIVATE if field.private else PUBLIC
        if field.required and field.code not in given and _shown(field, given):
            raise Refused("field-missing", "This field is required.", where, field.code)


def _check_place(where: str, code: str, fields: Mapping[str, Field]) -> None:
    if code not in fields:
        raise Refused("unknown-field", "The form of this procedure has no such field; /v1/directory lists its fields.", where, code)
    if where == PUBLIC and fields[code].private:
        raise Refused("private-field", "This field is private: send it in `private`.", where, code)
    if where == PRIVATE and not fields[code].private:
        raise Refused("public-field", "This field is public: send it in `coded`.", where, code)


def _shown(field: Field, given: Mapping[str, Coded]) -> bool:
    return field.shown_if is None or field.shown_if.holds(dict(given))


def _check_public(field: Field, value: Coded, directory: Directory) -> None:
    _check_option(PUBLIC, field, value)
    if field.type == "date" and not _is_date(value):
        raise Refused("wrong-value", "This field is a date such as 2026-03-01.", PUBLIC, field.code)
    if field.type == "place" and value not in directory.territories:
        raise Refused("wrong-value", "This field is a territory's code of nine digits.", PUBLIC, field.code)
    if field.type == "money" and not _is_amount(value, field.max):
        ceiling = f" up to {field.max}" if field.max else ""
        raise Refused("wrong-value", f"This field is an amount{ceiling}, a number that is not negative.", PUBLIC, field.code)


def _check_private(field: Field, value: str) -> None:
    """All values are texts. A private place is an address in the filer's words."""
    _check_option(PRIVATE, field, value)
    if field.type == "file":
        raise Refused("wrong-value", "Files cannot be sent yet: describe it in words.", PRIVATE, field.code)
    if field.type == "date" and not _is_date(value):
        raise Refused("wrong-value", "This field is a date such as 2026-03-01.", PRIVATE, field.code)
    if field.type == "money" and not (_AMOUNT.fullmatch(value) and float(value) <= (field.max or 10**15)):
        ceiling = f" up to {field.max}" if field.max else ""
        raise Refused("wrong-value", f"This field is an amount{ceiling}, such as 1200.50.", PRIVATE, field.code)
    longest = field.max if field.max and field.type != "money" else LONGEST
    if len(value) > longest:
        raise Refused("too-long", f"This field takes {longest} characters.", PRIVATE, field.code)


def _check_option(where: str, field: Field, value: Coded) -> None:
    if field.type == "choice" and value not in (options := [option.code for option in field.options]):
        raise Refused("wrong-option", f"This field is one of {', '.join(options)}.", where, field.code)


def _is_date(value: Coded) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_amount(value: Coded, most: int | None) -> bool:
    # bool is an int to Python; the upper bound keeps a number of 300 digits out of the facts.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= (most or 10**15)
