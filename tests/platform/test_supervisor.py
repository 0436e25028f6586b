"""The supervisor with small real processes in the services' place."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.home import Home, Refusal
from deploy.local.supervisor import Supervisor

FAILS = "import sys; print('no such table: clock', flush=True); sys.exit(3)"
STAYS = "import time; time.sleep(600)"


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[str], Supervisor]]:
    home = Home(tmp_path)
    home.prepare()
    made: list[Supervisor] = []

    def make(program: str) -> Supervisor:
        made.append(Supervisor(home, lambda name: {}, lambda name: [sys.executable, "-c", program]))
        made[-1].start("trial")
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.stop()


def until_over(supervisor: Supervisor) -> None:
    while supervisor.running("trial"):
        time.sleep(0.01)


def test_one_that_is_killed_from_outside_is_started_again(supervise: Callable[[str], Supervisor]) -> None:
    supervisor, said = supervise(STAYS), list[str]()
    first = supervisor.pid("trial")
    supervisor.kill("trial", signal.SIGKILL)
    supervisor.check(said.append)
    assert supervisor.running("trial")
    assert supervisor.pid("trial") != first
    assert said == ["service trial was ended from outside (SIGKILL); starting it again"]


def test_one_that_fails_by_itself_ends_all_with_its_last_words(supervise: Callable[[str], Supervisor]) -> None:
    supervisor = supervise(FAILS)
    until_over(supervisor)
    with pytest.raises(Refusal, match=r"exit code 3.*\n.*no such table: clock"):
        supervisor.check(lambda line: None)


def test_one_that_ends_three_times_in_a_minute_ends_all(supervise: Callable[[str], Supervisor]) -> None:
    supervisor = supervise(STAYS)
    for _ in range(2):
        supervisor.kill("trial", signal.SIGTERM)
        supervisor.check(lambda line: None)
    supervisor.kill("trial", signal.SIGTERM)
    with pytest.raises(Refusal, match="ended"):
        supervisor.check(lambda line: None)


def test_stop_leaves_nobody_behind(supervise: Callable[[str], Supervisor]) -> None:
    supervisor = supervise("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_DFL); time.sleep(600)")
    supervisor.stop()
    assert not supervisor.running("trial")
