import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from deploy.local.home import Home
from deploy.local.processes import stop_leftovers
from tests.support.leftovers import HOMES, OLD_SECONDS, sweep


def _left(folder: Path, records: int, home: str = "shared") -> Home:
    pids = folder / home / "pids"
    pids.mkdir(parents=True)
    for number in range(records):
        (pids / f"gone{number}.json").write_text(json.dumps({"pid": 2**22 - 1, "started": 1.0}))
    return Home(folder / home)


def _aged(folder: Path) -> None:
    os.utime(folder, (time.time() - OLD_SECONDS - 60,) * 2)


def test_two_workers_sweep_at_the_same_moment(tmp_path: Path) -> None:
    for number in range(8):
        folder = tmp_path / f"{HOMES}{number}"
        _left(folder, records=200)
        _aged(folder)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(sweep, tmp_path) for _ in range(4)]:
            done.result()
    assert not list(tmp_path.glob(f"{HOMES}*"))


@pytest.mark.parametrize("home", ["shared", "reliability/platform"])
def test_what_a_killed_run_left_running_is_ended_and_what_is_young_stays(tmp_path: Path, home: str) -> None:
    old, young = tmp_path / f"{HOMES}old", tmp_path / f"{HOMES}young"
    _left(young, records=1)
    pids = _left(old, records=1, home=home) / "pids"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        record = {"pid": process.pid, "started": psutil.Process(process.pid).create_time()}
        (pids / "intake.json").write_text(json.dumps(record))
        _aged(old)
        sweep(tmp_path)
        assert process.poll() is not None
    assert young.exists()
    assert not old.exists()


def test_a_run_that_goes_on_keeps_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / f"{HOMES}going-on"
    home = _left(folder, records=1, home="reliability/platform")
    _aged(folder)
    with home.held():
        sweep(tmp_path)
    assert folder.exists()


def test_records_may_vanish_while_leftovers_are_stopped(tmp_path: Path) -> None:
    home = _left(tmp_path, records=2000)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(stop_leftovers, home) for _ in range(4)]:
            assert done.result() == []
    assert not list((home / "pids").iterdir())
