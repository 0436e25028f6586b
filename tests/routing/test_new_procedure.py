"""A procedure written as a file and nothing else: taken when it is consistent, else refused with file, line and reason."""

import shutil
from pathlib import Path

import pytest

from services.routing.directory.documents import PackRefused
from services.routing.directory.pack import load

PACKS = Path(__file__).parents[1] / "packs"
ADDED = PACKS / "added" / "lost-document-request@1.yaml"
FILE = f"procedures/{ADDED.name}"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(PACKS / "noria", tmp_path / "noria"))
    shutil.copy(ADDED, folder / FILE)
    return folder


def test_a_consistent_one_is_taken(pack: Path) -> None:
    law = load(pack).directory.newest_procedure("lost-document-request")
    assert law is not None
    assert [clock.code for clock in law.clocks] == ["duplicate", "supply"]


@pytest.mark.parametrize(
    ("old", "new", "words", "reason"),
    [
        ("    starts: filed\n", "    starts: lost\n", "starts: lost", "Input should be 'filed', 'qualified'"),
        (
            "      reasons:\n        - {code: archives, label: {ar: البحث في الأرشيف, fr: Archives, en: Archives}}\n",
            "      reasons: []\n",
            "reasons: []",
            "an extension needs at least one legal reason",
        ),
        (
            "    stops: [answered, closed]\n    paused",
            "    stops: [filed]\n    paused",
            "stops: [filed]",
            "the clock can never stop: none of its stops",
        ),
        ("holder: citizen\n", "holder: body\n", "requests: {max: 1", "a request could never lapse"),
        ("calendar: noria}\n    holder: body", "calendar: moon}\n    holder: body", "calendar: moon", "unknown calendar 'moon'"),
    ],
)
def test_an_inconsistent_one_is_refused_with_file_line_and_reason(pack: Path, old: str, new: str, words: str, reason: str) -> None:
    text = (pack / FILE).read_text(encoding="utf-8")
    assert old in text
    (pack / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PackRefused) as refused:
        load(pack)
    (line,) = [number for number, written in enumerate((pack / FILE).read_text(encoding="utf-8").splitlines(), 1) if words in written]
    findings = [(finding.file, finding.line) for finding in refused.value.findings if reason in finding.reason]
    assert findings == [(FILE, line)], refused.value
