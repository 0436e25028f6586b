"""The public fields of a procedure's form: known, present where they must be, of the right kind."""

import re
from collections.abc import Mapping
from datetime import date

from services.intake.refusals import Refused
from shared.contracts.directory import Directory
from shared.contracts.procedures import Field, Procedure
from shared.contracts.states import Coded

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def check_form(law: Procedure, coded: Mapping[str, Coded], directory: Directory) -> None:
    """Refused names `coded.<code>`. Only fields that the law makes public are taken: these values ride in the facts."""
    fields = {field.code: field for field in law.form}
    for code, value in coded.items():
        if code not in fields:
            raise Refused("unknown-field", "The form of this procedure has no such field; /v1/directory lists its fields.", "coded", code)
        if fields[code].private:
            raise Refused("private-field", "This field is private: write it in the narrative.", "coded", code)
        if not _shown(fields[code], coded):
            raise Refused("field-not-shown", "This field is not asked with these answers: leave it out.", "coded", code)
        _check_value(fields[code], value, directory)
    for field in law.form:
        if field.required and not field.private and field.code not in coded and _shown(field, coded):
            raise Refused("field-missing", "This field is required.", "coded", field.code)


def _shown(field: Field, coded: Mapping[str, Coded]) -> bool:
    return field.shown_if is None or field.shown_if.holds(dict(coded))


def _check_value(field: Field, value: Coded, directory: Directory) -> None:
    options = [option.code for option in field.options]
    if field.type == "choice" and value not in options:
        raise Refused("wrong-option", f"This field is one of {', '.join(options)}.", "coded", field.code)
    if field.type == "date" and not _is_date(value):
        raise Refused("wrong-value", "This field is a date such as 2026-03-01.", "coded", field.code)
    if field.type == "place" and value not in directory.territories:
        raise Refused("wrong-value", "This field is a territory's code of nine digits.", "coded", field.code)
    if field.type == "money" and not _is_amount(value, field.max):
        ceiling = f" up to {field.max}" if field.max else ""
        raise Refused("wrong-value", f"This field is an amount{ceiling}, a number that is not negative.", "coded", field.code)


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
