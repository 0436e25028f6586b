"""Each span of Morocco's procedures says how sure it is, and each that is no text of law stands on the page of assumptions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROCEDURES = ROOT / "deploy" / "packs" / "morocco" / "procedures"
PAGE = ROOT / "docs" / "decisions" / "assumptions.md"
MARK = re.compile(r"\((A/B|A|B|C|G|I)\)|(not found)")
FOUND = {"A", "B", "A/B"}
"""Official text, or reputable press."""


@dataclass(frozen=True)
class Span:
    """One span of a procedure, where it stands, and the marks of the comment that is nearest to it."""

    procedure: str
    place: str
    value: str
    marks: tuple[str, ...]

    @property
    def assumed(self) -> bool:
        return not self.marks or not set(self.marks) <= FOUND

    @property
    def row(self) -> str:
        return f"| {self.procedure} | {self.place} | {self.value} | {', '.join(self.marks)} |"


def spans(file: Path) -> Iterator[Span]:
    """All but those of warnings, which no law counts."""
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    for place, above, value in _walk(yaml.compose(text) or yaml.MappingNode("", []), (), ()):
        if "alerts" not in place:
            comments = (lines[n].partition("#")[2] for n in reversed(above))
            marks = next((found for comment in comments if (found := _marks(comment))), ())
            yield Span(file.stem.partition("@")[0], ".".join(place), value, marks)


def _marks(comment: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark or words for mark, words in MARK.findall(comment)))


def _walk(node: yaml.Node, place: tuple[str, ...], above: tuple[int, ...]) -> Iterator[tuple[tuple[str, ...], tuple[int, ...], str]]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _walk(item, (*place, _code(item)), (*above, item.start_mark.line))
    elif isinstance(node, yaml.MappingNode):
        given = {key.value: value for key, value in node.value}
        if given.keys() >= {"n", "unit"}:
            yield place, above, f"{given['n'].value} {given['unit'].value}"
            return
        for key, value in node.value:
            # The key's line, not the value's: a value may be an alias of one that stands elsewhere.
            yield from _walk(value, (*place, key.value), (*above, key.start_mark.line))


def _code(item: yaml.Node) -> str:
    if not isinstance(item, yaml.MappingNode):
        return "item"
    return next((value.value for key, value in item.value if key.value in ("code", "rel")), "item")


def every() -> list[Span]:
    return [span for file in sorted(PROCEDURES.glob("*.yaml")) for span in spans(file)]


@pytest.mark.parametrize("file", sorted(PROCEDURES.glob("*.yaml")), ids=lambda file: file.stem)
def test_each_span_says_how_sure_it_is(file: Path) -> None:
    found = list(spans(file))
    assert found
    assert [span for span in found if not span.marks] == []


def test_the_page_lists_each_assumed_span_and_no_other() -> None:
    rows = {line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" not in line}
    expected = {span.row for span in every() if span.assumed}
    assert len(expected) > 20
    assert rows - {"| procedure | span | as it stands | how sure |"} == expected


def test_a_span_without_a_mark_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "invented@1.yaml"
    file.write_text(
        "clocks:\n  - code: answer   # from somewhere\n    span: {n: 3, unit: months}\nretention: {n: 1, unit: months}  # (I)\n"
    )
    assert [(span.place, span.marks, span.assumed) for span in spans(file)] == [
        ("clocks.answer.span", (), True),
        ("retention", ("I",), True),
    ]
