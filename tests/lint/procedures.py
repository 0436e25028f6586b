"""Procedures are data: nothing in services/ or shared/ decides on a procedure's code or kind.

Two kinds of findings. Names: a file holds the name of a procedure that only a country pack may know. Decisions: code compares the
code, version or kind of a procedure with a literal or a constant, matches on it, or looks it up in a table of its own. Comparing
it with other data (the follow-ups that a law offers, the question that a caller asks) is no decision of the code.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDERS = ("services", "shared")
NAMES = re.compile(r"access-to-information|integrity-claim|health-proposal|late-permit")
SQL = re.compile(r"\b(procedure|kind)\b\s*(=|<>|!=|~|\bin\b|\blike\b)\s*\(?\s*'", re.IGNORECASE)
TEXTS = (".py", ".sql", ".yaml", ".toml", ".json", ".html", ".js", ".css", ".md")

OF_LAW = frozenset({"law", "laws", "procedure", "procedures"})
"""What holds a procedure is named so, in this code."""
WORDS = frozenset({"code", "ref", "version", "kind"})
OTHERS = frozenset({"to", "target", "record", "topic", "topics", "day", "alert"})
"""What has a `kind` that is no procedure's is named so: a rule's target, a record of the directory, a topic, a day off."""
SELF = ("services/routing/directory/domain.py", "shared/contracts/directory_records.py")
"""The files in which it is `self`."""
PURE = frozenset(
    {"partition", "rpartition", "split", "removeprefix", "removesuffix", "lower", "upper", "strip", "casefold", "replace", "join"}
)
LOOKS = frozenset({"get", "pop", "setdefault", "__getitem__"})
ASKS = frozenset({"startswith", "endswith", "__eq__", "__contains__", "index", "find", "count", "fullmatch", "match", "search"})


class Finding(NamedTuple):
    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


def check(root: Path) -> Iterator[Finding]:
    """Every finding in the files below services/ and shared/."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in TEXTS and "__pycache__" not in path.parts:
                yield from check_text(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))


def check_text(file: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := NAMES.search(line):
            yield Finding(file, number, f"{found[0]} is a name of a country's pack")
        if found := SQL.search(line):
            yield Finding(file, number, f"SQL asks for the {found[1].lower()} of a procedure by name")
    if file.endswith(".py"):
        tree = ast.parse(text)
        for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))]:
            yield from _Scope(file, scope).findings()


class _Scope:
    """One function, or the statements of a module outside its functions: in it, a name that was given such a value counts as it."""

    def __init__(self, file: str, scope: ast.AST) -> None:
        self._file, self._nodes = file, list(_within(scope))
        self._named: set[str] = set()
        self._note(scope)

    def findings(self) -> Iterator[Finding]:
        for node in self._nodes:
            if (reason := self._reason(node)) is not None:
                yield Finding(self._file, getattr(node, "lineno", 0), reason)

    def _note(self, scope: ast.AST) -> None:
        arguments = scope.args if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef) else None
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs] if arguments else ():
            written = ast.unparse(argument.annotation) if argument.annotation else ""
            if argument.arg == "procedure" and written.split(" ")[0] in ("", "str", "Code"):
                self._named.add(argument.arg)
        before = -1
        while before != len(self._named):
            before = len(self._named)
            for node in self._nodes:
                for target, value in _assigned(node):
                    if self._tells(value):
                        self._named.update(name.id for name in ast.walk(target) if isinstance(name, ast.Name))

    def _reason(self, node: ast.AST) -> str | None:
        match node:
            case ast.Compare():
                sides = [node.left, *node.comparators]
                if any(map(self._tells, sides)) and any(_fixed(side) for side in sides):
                    return f"a decision on a procedure's name: {ast.unparse(node)}"
            case ast.Match() if self._tells(node.subject):
                return f"a match on a procedure's name: {ast.unparse(node.subject)}"
            case ast.Subscript() if _table(node.value) and self._tells(node.slice):
                return f"a table with a procedure's name as key: {ast.unparse(node)}"
            case ast.Call(func=ast.Attribute(attr=how, value=table)) if how in LOOKS and _table(table):
                if any(map(self._tells, node.args)):
                    return f"a table with a procedure's name as key: {ast.unparse(node)}"
            case ast.Call(func=ast.Attribute(attr=how, value=value)) if how in ASKS:
                parts = [value, *node.args]
                if any(map(self._tells, parts)) and any(map(_fixed, parts)):
                    return f"a decision on a procedure's name: {ast.unparse(node)}"
        return None

    def _tells(self, node: ast.AST | None) -> bool:
        """Whether an expression is a procedure's reference, code, version or kind, or a part of one."""
        match node:
            case ast.Name():
                return node.id in self._named
            case ast.Attribute(attr="procedure", value=value):
                return not _holds_law(value)
            case ast.Attribute(attr="kind", value=value):
                return not (_last_name(value) in OTHERS or (_last_name(value) == "self" and self._file in SELF))
            case ast.Attribute(attr=word, value=value) if word in WORDS:
                return _holds_law(value)
            case ast.Subscript(value=value):
                return self._tells(value)
            case ast.Call(func=ast.Attribute(attr=how, value=value)) if how in PURE:
                return self._tells(value) or any(map(self._tells, node.args))
            case ast.Call(func=ast.Name(id="str" | "int"), args=[value]):
                return self._tells(value)
            case ast.BoolOp(values=values) | ast.Tuple(elts=values):
                return any(map(self._tells, values))
            case ast.IfExp(body=body, orelse=otherwise):
                return self._tells(body) or self._tells(otherwise)
            case ast.JoinedStr(values=values):
                return any(self._tells(value.value) for value in values if isinstance(value, ast.FormattedValue))
            case ast.NamedExpr(value=value):
                return self._tells(value)
        return False


def _within(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions in it, which are scopes of their own."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _within(child)


def _assigned(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _pairs(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield target, value


def _pairs(target: ast.AST, value: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """a, b = c, d gives a its c and b its d; anything else gives the whole to the whole."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for left, right in zip(target.elts, value.elts, strict=True):
            yield from _pairs(left, right)
    else:
        yield target, value


def _holds_law(node: ast.AST) -> bool:
    """law, seen.law, self.procedure, directory.procedure(…): what is named as a whole procedure."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in OF_LAW
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in ("procedure", "newest_procedure")
    return False


def _last_name(node: ast.AST) -> str:
    """rule.to: to. self.topics[topic]: topics."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _last_name(value)
    return ""


def _fixed(node: ast.AST) -> bool:
    """A value that the code itself brings: a text, a collection of texts, or a constant."""
    match node:
        case ast.Constant(value=value):
            # Not "" and "@", which ask whether a version is named; not True, None and the like.
            return type(value) in (str, int) and value not in ("", "@")
        case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
            return any(map(_fixed, elts))
        case ast.Dict(keys=keys):
            return any(key is not None and _fixed(key) for key in keys)
        case ast.Call(func=ast.Name(id="frozenset" | "set" | "tuple" | "list"), args=[inner]):
            return _fixed(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
    return False


def _table(node: ast.AST) -> bool:
    """A mapping that the code itself brings: a literal or a constant."""
    match node:
        case ast.Dict():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
    return False
