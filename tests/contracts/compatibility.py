"""Whether one JSON Schema may follow another: each reads what the other writes (FULL, in the words of schema registries).

It knows what pydantic writes. A keyword that it does not know must be equal on both sides, so that nothing slips by.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_WORDS = {"title", "description", "$id", "$schema", "$defs", "examples"}
_FOLLOWED = {"properties", "required", "items", "anyOf", "additionalProperties"}
_LEFT_OUT = object()


def breaks(old: Schema, new: Schema) -> list[str]:
    """Everything that makes `new` no compatible successor of `old`, each with its path; empty where it is one."""
    return sorted(set(_Comparison(old, new).compare(old, new, "", frozenset())))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old.get("$defs", {}), new.get("$defs", {})

    def compare(self, old: Schema, new: Schema, at: str, seen: frozenset[tuple[str, str]]) -> Iterator[str]:
        names = str(old.get("$ref")), str(new.get("$ref"))
        if "$ref" in old and "$ref" in new:
            if names in seen:
                return
            seen = seen | {names}
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        for keyword in sorted((old.keys() | new.keys()) - _WORDS - _FOLLOWED):
            if not _equal(keyword, old.get(keyword, _LEFT_OUT), new.get(keyword, _LEFT_OUT)):
                yield f"{at or '/'}: {keyword} changed"
        yield from self._fields(old, new, at, seen)
        yield from self._alternatives(old, new, at, seen)
        yield from self._inner("items", old, new, f"{at}/*", seen)
        yield from self._inner("additionalProperties", old, new, f"{at}/*", seen)

    def _fields(self, old: Schema, new: Schema, at: str, seen: frozenset[tuple[str, str]]) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(before.keys() - after.keys()):
            yield f"{at}/{name}: removed"
        for name in sorted(after.keys() - before.keys()):
            yield from _added(f"{at}/{name}", after[name], required=name in needed_after, closed=old.get("additionalProperties") is False)
        for name in sorted(before.keys() & after.keys()):
            if (name in needed_before) != (name in needed_after):
                yield f"{at}/{name}: required changed"
            yield from self.compare(before[name], after[name], f"{at}/{name}", seen)

    def _alternatives(self, old: Schema, new: Schema, at: str, seen: frozenset[tuple[str, str]]) -> Iterator[str]:
        before = {_label(schema): schema for schema in old.get("anyOf", ())}
        after = {_label(schema): schema for schema in new.get("anyOf", ())}
        # A reader that takes objects of a kind unknown to it takes those of a kind added later.
        tolerant = any(_resolved(schema, self._old).get("additionalProperties") is True for schema in before.values())
        for label in sorted(before.keys() - after.keys()):
            yield f"{at or '/'}: {label} no longer allowed"
        for label in sorted(after.keys() - before.keys()):
            if not tolerant or "$ref" not in after[label]:
                yield f"{at or '/'}: {label} newly allowed"
        for label in sorted(before.keys() & after.keys()):
            yield from self.compare(before[label], after[label], f"{at}|{label}" if len(before) > 2 else at, seen)

    def _inner(self, keyword: str, old: Schema, new: Schema, at: str, seen: frozenset[tuple[str, str]]) -> Iterator[str]:
        before, after = old.get(keyword, _LEFT_OUT), new.get(keyword, _LEFT_OUT)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self.compare(before, after, at, seen)
        elif before != after:
            yield f"{at}: {keyword} changed"


def _equal(keyword: str, old: Any, new: Any) -> bool:
    """A default that is an object may take the fields that were added to it: whoever does not know them passes them over."""
    if keyword == "default" and isinstance(old, Mapping) and isinstance(new, Mapping):
        return all(name in new and new[name] == value for name, value in old.items())
    return bool(old == new)


def _added(at: str, schema: Schema, *, required: bool, closed: bool) -> Iterator[str]:
    if closed:
        yield f"{at}: added to an object that takes no other fields"
    if required or "default" not in schema:
        yield f"{at}: added without a default"


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    name = str(schema["$ref"]).removeprefix("#/$defs/")
    return {**definitions[name], **{key: value for key, value in schema.items() if key != "$ref"}}


def _label(schema: Schema) -> str:
    return str(schema.get("$ref", "")).removeprefix("#/$defs/") or str(schema.get("const", schema.get("type", sorted(schema))))
