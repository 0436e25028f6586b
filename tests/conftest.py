"""What every test may use: one broker and one database for the whole run, and sockets only where they are the point."""

import asyncio
import functools
import inspect
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import structlog
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from deploy.local import jars
from deploy.local.platform import Platform
from tests.support.leftovers import HOMES, sweep

HERE = Path(__file__).parent
FOLDERS_WITH_SOCKETS = {"integration", "reliability", "e2e", "platform", "bench"}
FIXTURES_WITH_SOCKETS = {"broker_and_database"}
SHARED_WORLDS = ("reliability", "e2e", "platform")
"""Folders whose tests share what takes long to start: each is one worker's, and they begin first. Of the others each file is anybody's."""
LAST = "test_kill"
"""Of its folder: its lives are very many, and whoever came after it would look at each of them again."""
APART = {"test_clock", "test_false_breach", "test_storm", "test_succession", LAST}
"""Of reliability: these are another worker's, in worlds that the other faults do not touch; so all take half of the time."""
LOOPBACK = ["127.0.0.1", "::1", "localhost"]
COROUTINE_SECONDS = 100  # below pytest's own time-out, which still bounds everything else; a test's own is kept below likewise


class OneWorkerAWorld(LoadScopeScheduling):
    """How tests are spread over processes. By its names of tests, not by marks: those are lost between this xdist and this pytest."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.split("/")[1]
        if folder not in SHARED_WORLDS:
            return file
        return f"{folder}, apart" if Path(file).stem in APART else folder


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneWorkerAWorld:
    return OneWorkerAWorld(config, log)


def pytest_sessionstart() -> None:
    """A run that is told to end (a CI's time is over) stops what it started, as for Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # The default one draws every local variable, which takes seconds a traceback.
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of faults; here, since a process that only tells of others' tests reads no folder's own conftest."""
    if any(getattr(report, "user_properties", ()) for found in terminalreporter.stats.values() for report in found):
        from tests.reliability import summary  # it knows the whole platform, and most runs try no fault

        summary.tell(terminalreporter)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A unit test opens no socket; the others reach this machine and nothing else. No coroutine waits for ever."""
    items.sort(key=_turn)
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = _in_time(item.obj, _seconds(item))
        item.add_marker(pytest.mark.allow_hosts(LOOPBACK) if _opens_sockets(item) else pytest.mark.disable_socket)
    if any(map(_opens_sockets, items)):
        jars.jars(lambda said: print(said, file=sys.stderr))  # a machine's first run downloads them, which no test itself may


@pytest.fixture(scope="session")
def platform_folder() -> Iterator[Path]:
    """For the platforms of this run. Not pytest's own folder: that one takes away the right to pass, which PostgreSQL's user needs."""
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=HOMES))
    yield folder
    # A process that is just ending takes away files of its own meanwhile.
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def broker_and_database(platform_folder: Path) -> Iterator[Platform]:
    """PostgreSQL and Kafka, with roles, topics, users and rights as in production, once for the whole run; the legal clock is a file."""
    with Platform(platform_folder / "shared", clock="file", services=False) as platform:
        yield platform


def _turn(item: pytest.Item) -> tuple[int, bool]:
    folder = _folder(item)
    return SHARED_WORLDS.index(folder) if folder in SHARED_WORLDS else len(SHARED_WORLDS), item.path.stem == LAST


def _opens_sockets(item: pytest.Item) -> bool:
    return _folder(item) in FOLDERS_WITH_SOCKETS or not FIXTURES_WITH_SOCKETS.isdisjoint(getattr(item, "fixturenames", ()))


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).parts[0]


def _seconds(item: pytest.Function) -> float:
    own = item.get_closest_marker("timeout")
    return own.args[0] - 20 if own else COROUTINE_SECONDS


def _in_time(test: Callable[..., Awaitable[None]], seconds: float) -> Callable[..., Awaitable[None]]:
    """Cancels it: pytest-timeout's alarm is lost when it falls into one of the loop's other tasks."""

    @functools.wraps(test)
    async def timed(*args: object, **kwargs: object) -> None:
        async with asyncio.timeout(seconds):
            await test(*args, **kwargs)

    return timed
