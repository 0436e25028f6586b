"""The documents say nothing that is not there: tests that they name, files that they link to, and no path of anybody's machine."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(r"`(?:tests/)?([\w/]+\.py)::(\w+)`")
FOLLOWING = re.compile(r"`::(\w+)`")
MACHINE = re.compile(r"(?:/home/|/Users/|/root/|/work/|[A-Z]:\\)\w+")


def documents() -> list[Path]:
    """All of the project's own: folders with a dot hold what was installed or cached."""
    return [path for path in sorted(ROOT.rglob("*.md")) if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]


def names_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def named_tests(text: str) -> Iterator[tuple[str, str]]:
    """`file.py::name`, and `::name` for another test of the file named last."""
    file = ""
    for found in re.finditer(rf"{NAMED.pattern}|{FOLLOWING.pattern}", text):
        file = found[1] or file
        yield file, found[2] or found[3]


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> Iterator[str]:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        file, _, anchor = target.partition("#")
        there = path.parent / file if file else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            yield target


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_links_to_what_is_there_and_names_no_machine(path: Path) -> None:
    assert not list(broken_links(path))
    assert not MACHINE.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_tests_that_are_there(path: Path) -> None:
    for file, name in named_tests(path.read_text(encoding="utf-8")):
        assert (ROOT / "tests" / file).is_file(), file
        assert name in names_of(ROOT / "tests" / file), f"{file}::{name}"


def test_each_guarantee_names_a_test() -> None:
    text = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    rows = [line for line in text.partition("## What is not guaranteed")[0].splitlines() if line.startswith("| ")]
    claims = [line for line in rows if not line.startswith(("| guarantee", "|---"))]
    assert len(claims) > 30
    assert [line for line in claims if not any(True for _ in named_tests(line))] == []


def test_what_looks_for_mistakes_finds_them(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A heading, here\n", encoding="utf-8")
    wrong = tmp_path / "wrong.md"
    wrong.write_text("[a](there.md) [b](gone.md) [c](there.md#a-heading-here) [d](there.md#another) [e](https://x.org)", encoding="utf-8")
    assert list(broken_links(wrong)) == ["gone.md", "there.md#another"]
    assert list(named_tests("`a/test_b.py::test_c`, `::test_d`")) == [("a/test_b.py", "test_c"), ("a/test_b.py", "test_d")]
    assert MACHINE.findall("see /home/me/notes")
