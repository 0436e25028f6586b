"""YAML files that remember their lines, so that whoever wrote a mistake is told where."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

Loc = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Finding:
    """One mistake in a file of a pack; line counts from 1."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class PackRefused(Exception):
    """The pack is broken and none of it may be loaded; every mistake that was found is in `findings`."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(sorted(set(findings)))
        super().__init__("\n".join(map(str, self.findings)))


# The loader in C, where the wheel has it, takes a fifth of the time.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]
    """YAML as version 1.2 reads it: `on`, `no` and 010000000 are words, not truths or octal numbers; dates are words too,
    so that a wrong one is found by the model, which knows its place."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in ("bool", "int", "timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^(?:-?[1-9][0-9]*|0)$"), list("-0123456789"))


@dataclass(frozen=True)
class Document:
    """One file: its data and, for each path in it, the line."""

    file: str
    root: yaml.Node | None
    data: Any

    @classmethod
    def parse(cls, file: str, text: str) -> "Document":
        """Raises PackRefused if the text is no YAML."""
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            return cls(file, node, loader.construct_document(node) if node else None)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            raise PackRefused([Finding(file, mark.line + 1 if mark else 1, f"no valid YAML: {error.problem}")]) from error
        except (yaml.YAMLError, ValueError) as error:
            raise PackRefused([Finding(file, 1, f"no valid YAML: {error}")]) from error
        finally:
            loader.dispose()

    def line(self, loc: Loc) -> int:
        """The line of the key or item at a path; of the nearest thing above it where the path leads out of the file."""
        node, line = self.root, self.root.start_mark.line + 1 if self.root else 1
        for step in loc:
            found = _child(node, step)
            if found:
                node, line = found
        return line

    def finding(self, loc: Loc, reason: str) -> Finding:
        words = ".".join(str(step) for step in loc)
        return Finding(self.file, self.line(loc), f"{words}: {reason}" if words else reason)

    @cached_property
    def repeated_keys(self) -> tuple[Finding, ...]:
        """Keys that stand twice in one mapping: YAML would silently keep the last."""
        return tuple(Finding(self.file, line, f"key {key!r} stands twice") for key, line in _repeated(self.root))


def read(folder: Path, file: str) -> Document:
    """A file of a pack. Raises PackRefused if it is absent, no UTF-8 or no YAML."""
    try:
        return Document.parse(file, (folder / file).read_text(encoding="utf-8"))
    except OSError as error:
        raise PackRefused([Finding(file, 1, f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise PackRefused([Finding(file, 1, f"is not UTF-8: {error.reason}")]) from error


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        pairs = ((value, key.start_mark.line + 1) for key, value in node.value if key.value == step)
        return next(pairs, None)
    return None


def _repeated(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if key.value in keys:
                yield key.value, key.start_mark.line + 1
            keys.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
