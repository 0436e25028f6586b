"""The five services as processes: started, watched, and started again when something from outside ends one."""

import http.client
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from signal import SIGKILL, SIGTERM, Signals

from deploy.local.home import Home, Refusal, tail
from deploy.local.processes import Child

STARTS_A_MINUTE = 3


class Supervisor:
    """`environment` gives the WASL_ settings of a service, `command` what runs it, both afresh at each start.

    "stats.1" is one more replica of stats.
    """

    def __init__(
        self,
        home: Home,
        environment: Callable[[str], Mapping[str, str]],
        command: Callable[[str], Sequence[str]] = lambda name: [sys.executable, "-m", f"services.{name.partition('.')[0]}", "serve"],
    ) -> None:
        self._home, self._environment, self._command = home, environment, command
        self._children: dict[str, Child] = {}
        self._ends: dict[str, deque[float]] = {}

    def start(self, name: str) -> None:
        """Returns at once; `wait_ready` waits."""
        child = Child(self._home, name, self._command(name), self._environment(name))
        self._children[name] = child
        child.start()

    def wait_ready(self, name: str, seconds: float = 120) -> None:
        port = int(self._environment(name)["WASL_PORT"])
        self._children[name].wait_until(lambda: _ready(port), seconds)

    def kill(self, name: str, sig: Signals = SIGKILL) -> None:
        self._children[name].kill(sig)

    def running(self, name: str) -> bool:
        return name in self._children and self._children[name].running()

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def stop(self) -> None:
        """All at once: each finishes the batch in its hands."""
        for child in self._children.values():
            child.send(SIGTERM)
        for child in self._children.values():
            child.stop(SIGTERM)
        self._children.clear()

    def check(self, say: Callable[[str], None]) -> None:
        """One look at all: a service ended by a signal from outside is started again; one that fails by itself ends the platform."""
        for name, child in list(self._children.items()):
            if (code := child.exit_code()) is None:
                continue
            if code > 0 or self._too_often(name):
                raise Refusal(f"service {name} ended by itself (exit code {code}); the end of {child.log}:\n{tail(child.log)}")
            say(f"service {name} was ended from outside ({_cause(code)}); starting it again")
            self.start(name)

    def _too_often(self, name: str) -> bool:
        ends = self._ends.setdefault(name, deque(maxlen=STARTS_A_MINUTE))
        ends.append(time.monotonic())
        return len(ends) == STARTS_A_MINUTE and ends[-1] - ends[0] < 60


def _cause(code: int) -> str:
    return Signals(-code).name if code < 0 else "exit code 0"


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
