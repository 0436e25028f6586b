"""Columns of texts on their way to the store, each as one text: of an array the driver looks at each value, for a microsecond."""

from collections.abc import Iterable

_JOINT = "\x1f"
"""Stands in no JSON, id or number."""


def joined(values: Iterable[str | None]) -> str:
    """None becomes null; a value must hold no separator of units (U+001F), nor be empty."""
    return _JOINT.join(value or "" for value in values)


def column(name: str, type: str = "text") -> str:
    """The SQL for what was joined under this name, as an array. An end of nulls may be missing: unnest beside other columns adds it."""
    return f"cast(string_to_array(:{name}, chr({ord(_JOINT)}), '') as {type}[])"
