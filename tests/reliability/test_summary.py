"""The table of a proof says of each test no more than what happened."""

import json
from typing import Literal

import pytest

from tests.reliability.summary import COLUMNS, about, markdown, rows
from tests.reliability.trial import Trial, trials_of


def _trial(name: str, **values: object) -> Trial:
    return Trial("kill", f"tests/reliability/test_kill.py::test_{name}", "7", **values)  # type: ignore[arg-type]


def test_a_test_held_failed_or_was_cut_off() -> None:
    trials = [_trial("a_b", faults=3, lost=0, doubled=0, facts=9, steady=1.25), _trial("c", faults=2, lost=1, doubled=0), _trial("d")]
    table = rows(trials, {trials[0].test}, {trials[1].test})
    assert table == [
        ("kill", "a b", "held", "3", "0", "0", "9", "0", "0", "1.2", "0"),
        ("kill", "c", "FAILED", "2", "1", "0", "0", "0", "0", "-", "0"),
        ("kill", "d", "cut off", "0", "-", "-", "-", "-", "-", "-", "0"),
    ]
    assert {len(row) for row in table} == {len(COLUMNS)}


def test_what_is_told_of_a_run_counts_its_effective_faults_and_names_its_seed() -> None:
    trials = [_trial("a", faults=3), _trial("b", faults=4)]
    told = about(trials, {"lives": 20})
    assert told[:2] == ["7 effective faults in 2 tests; seed 7 (again with WASL_PROOF_SEED)", "lives 20"]
    first, second, *_ = markdown(rows(trials, set(), set()), told).splitlines()
    assert first.count("|") == second.count("|") == len(COLUMNS) + 1


def test_a_trial_travels_with_its_tests_reports_and_the_last_one_counts() -> None:
    ended, cut_off = _trial("ended"), _trial("cut_off")
    reports = [_report(cut_off, "setup"), _report(ended, "setup")]
    ended.effective("a fault")
    reports = [_report(ended, "call"), *reports]
    ended.seconds = 7.0
    assert trials_of([*reports, _report(None, "setup"), _report(ended, "teardown")]) == [cut_off, ended]


def _report(trial: Trial | None, when: Literal["setup", "call", "teardown"]) -> pytest.TestReport:
    """As it comes from another process."""
    carried = [trial.travelling()] if trial else []
    made = pytest.TestReport(trial.test if trial else "another", ("", 1, ""), {}, "passed", None, when, user_properties=carried)
    return pytest.TestReport._from_json(json.loads(json.dumps(made._to_json())))
