"""Whatever a service refuses, a test has seen refused: each problem's code is named in a test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
RAISED = {"Problem", "Refused", "conflict", "invalid_in", "TableRefused", "_Wrong"}
CODE = re.compile("[a-z][a-z0-9]*(-[a-z0-9]+)+")


def codes(source: str) -> Iterator[str]:
    """What is given as a code wherever something is refused; of an expression each code that stands in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in RAISED:
            words = (word.value for given in node.args[:2] for word in ast.walk(given) if isinstance(word, ast.Constant))
            yield from (word for word in words if isinstance(word, str) and CODE.fullmatch(word))


def test_each_code_of_a_problem_is_named_in_a_test() -> None:
    found = {code for folder in ("services", "shared") for file in (ROOT / folder).rglob("*.py") for code in codes(file.read_text("utf-8"))}
    named = {
        word for file in (ROOT / "tests").rglob("test_*.py") for word in re.findall(r"[\"']([a-z0-9-]+)[\"']", file.read_text("utf-8"))
    }
    assert len(found) > 120
    assert sorted(found - named) == []


def test_a_code_is_found_wherever_something_is_refused() -> None:
    source = 'raise Problem(409, "case-open", "x-y")\nraise conflict("too-late" if late else "too-early", "Why.")\nlog("not-this")'
    assert list(codes(source)) == ["case-open", "too-late", "too-early"]
