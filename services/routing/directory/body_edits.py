"""What a body's record becomes by an edit, or why it cannot. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.routing.desk.refusals import Refused
from services.routing.directory.editing import differences, edited, with_name
from services.routing.directory.imports import check_body
from shared.contracts.base import Text
from shared.contracts.directory import BodyRecord, Directory


def day(on: date | None, today: date) -> date:
    """The local day from which a change holds. 422 date-in-future."""
    if on and on > today:
        raise Refused("date-in-future", "This holds at once: give today or an earlier day.", "on")
    return on or today


def changed_body(body: BodyRecord, on: date, directory: Directory, fields: Mapping[str, Any]) -> BodyRecord | None:
    """The body after these fields were changed, an old name in its history; None where nothing changes.

    422 name-missing, date-before-history, unknown-body, own-ancestor, unknown-territory, territory-missing.
    """
    given = dict(fields)
    if given.get("name", body.name) != body.name:
        _check_name(given["name"], body, on, directory)
        given["history"] = with_name(body, on)
    after = edited(body, on, **given)
    for wrong in check_body(after, directory.updated([after])):
        raise Refused(wrong.code, f"{wrong.reason}.", wrong.column)
    return after if differences(body, after) else None


def _check_name(name: Text, body: BodyRecord, on: date, directory: Directory) -> None:
    check_words(name, "name", directory)
    if any(former.until >= on for former in body.history):
        raise Refused("date-before-history", "A former name was still in use on that day: give a later one.", "on")


def check_words(words: Text, field: str, directory: Directory) -> None:
    """422 name-missing: not in every language of the jurisdiction."""
    assert directory.pack
    for language in directory.pack.languages:
        if language not in words:
            raise Refused("name-missing", "The name is given in every language of the jurisdiction.", f"{field}.{language}")
