"""Planted decisions on a procedure's name are found, each at its line; what compares data with data is not."""

from pathlib import Path

import pytest

from tests.lint.procedures import FOLDERS, check, check_text

ROOT = Path(__file__).parents[2]

FOUND = [
    'if header.procedure == "complaint@1": pass',
    'if "complaint" != known.header.procedure.partition("@")[0]: pass',
    'if header.procedure in ("complaint@1", "petition@1"): pass',
    'if "petition" in header.procedure: pass',
    'if law.code == "petition": pass',
    'if self.law.kind == "claim": pass',
    'if directory.procedure(header.procedure).kind == "claim": pass',
    "if law.code in SPECIAL: pass",
    "if law.version >= 2: pass",
    'if case.kind == "request": pass',
    'if law.kind in frozenset({"claim"}): pass',
    'if header.procedure.startswith("petition"): pass',
    "if SPECIAL.fullmatch(header.procedure): pass",
    "DAYS[law.code]",
    '{"complaint": 60}[law.code]',
    '{"complaint": 60, "petition": 30}.get(header.procedure.partition("@")[0], 15)',
    "DAYS.get((law.kind, 1))",
    'match law.kind:\n    case "claim": pass',
    'if f"{law.code}!" == "claim!": pass',
    "query = \"select 1 from desk_case where procedure = 'complaint@1'\"",
    "query = \"select 1 from shadow where kind in ('claim')\"",
    "# like integrity-claim",
]
LINE_TWO = [
    'def f(procedure: str) -> bool:\n    return procedure == "complaint@1"',
    'def f(header):\n    return (code := header.procedure) and code == "complaint@1"',
    'def f(laws):\n    return [law for law in laws if law.code == "claim"]',
]
TAINTED = 'def f(header):\n    code, _, version = header.procedure.partition("@")\n    if code == "petition":\n        return 1'
CLEAN = [
    "if follow_up.procedure == procedure: pass",
    "def f(procedure: str, law):\n    return procedure in (None, law.code, law.ref)",
    "law = directory.procedure(header.procedure)\nif law is None: pass",
    'if rule.to == "triage": pass',
    "counted[law.kind] = counted.get(law.kind, 0) + 1",
    "directory.procedures[(law.code, law.version)]",
    "if directory.procedure(ref) if '@' in ref else None: pass",
    'if law.addressee.mode == "fixed": pass',
    'if clock.code == "answer": pass',
    'def f(procedure: Procedure):\n    return [c for c in procedure.clocks if c.holder == "body"]',
]


@pytest.mark.parametrize("code", FOUND)
def test_a_decision_on_a_procedure_s_name_is_found(code: str) -> None:
    assert [(finding.file, finding.line) for finding in check_text("services/x.py", code)] == [("services/x.py", 1)]


@pytest.mark.parametrize("code", LINE_TWO)
def test_so_is_one_inside_a_function(code: str) -> None:
    assert [finding.line for finding in check_text("services/x.py", code)] == [2]


def test_a_name_counts_as_what_it_was_given() -> None:
    (finding,) = check_text("services/x.py", TAINTED)
    assert str(finding) == "services/x.py:3: a decision on a procedure's name: code == 'petition'"


@pytest.mark.parametrize("code", CLEAN)
def test_what_compares_data_with_data_is_no_decision(code: str) -> None:
    assert list(check_text("services/x.py", code)) == []


@pytest.mark.parametrize("code", ['if to.kind == "body": pass', 'if rule.to.kind == "body": pass', "KINDS[self.topics[topic].kind]"])
def test_the_kind_of_a_rule_s_target_or_of_a_topic_is_not_that_of_a_procedure(code: str) -> None:
    assert list(check_text("services/x.py", code)) == []


def test_the_whole_tree_is_read_and_a_planted_file_is_found(tmp_path: Path) -> None:
    assert list(check(ROOT)) == []
    planted = tmp_path / "services" / "routing" / "page.html"
    planted.parent.mkdir(parents=True)
    planted.write_text("<p>\nlate-permit</p>", encoding="utf-8")
    assert [str(finding) for finding in check(tmp_path)] == ["services/routing/page.html:2: late-permit is a name of a country's pack"]
    assert all(any((ROOT / folder).rglob("*.py")) for folder in FOLDERS)
