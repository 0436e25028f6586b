"""How a record of the directory is changed by hand: one version further, dated, and known as no longer the pack's word. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from shared.contracts.directory_records import BodyRecord, DirectoryRecord, Editable, Name

R = TypeVar("R", bound=Editable)
_ABOUT = ("version", "base_version", "valid_from")


def base_version(known: Editable | None) -> int:
    """The version that the pack gave last, for a record that follows `known`; 0 where the pack never had it."""
    if known is None:
        return 0
    return known.version if known.base_version is None else known.base_version


def edited(known: R, on: date, **fields: Any) -> R:
    """The record after a change. Raises ValidationError where a field is not as its contract says."""
    given = known.model_dump() | fields | {"version": known.version + 1, "base_version": base_version(known), "valid_from": on}
    return type(known).model_validate(given)


def with_name(known: BodyRecord, on: date) -> tuple[Name, ...]:
    """The history of a body whose present name ends on the day before `on`."""
    return (*known.history, Name(until=on - timedelta(days=1), name=known.name))


def same(one: DirectoryRecord, other: DirectoryRecord) -> bool:
    """Whether two records say the same, whatever their versions and dates."""
    return not differences(one, other)


def differences(before: DirectoryRecord | None, after: DirectoryRecord) -> dict[str, list[Any]]:
    """Each field that a change touched, as [before, after]; of a new record, every field that says something."""
    old: Mapping[str, Any] = before.model_dump(mode="json", exclude={*_ABOUT}) if before else {}
    new = after.model_dump(mode="json", exclude={*_ABOUT, "key"})
    return {name: [old.get(name), value] for name, value in new.items() if (old.get(name) or None) != (value or None) and name != "kind"}
