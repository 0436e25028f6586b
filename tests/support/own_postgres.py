"""A PostgreSQL of one test module's own, to be killed, frozen and restarted without hurting other tests."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy.local.databases import ensure
from deploy.local.home import Home
from deploy.local.ports import draw
from deploy.local.postgres import Postgres

SERVICE = "trial"


class OwnPostgres:
    """With a database wasl_trial and its roles, as each service has one."""

    def __init__(self, folder: Path) -> None:
        self._home = Home(folder)
        self._home.prepare()
        self.port = draw(1)[0]
        self._server = Postgres(self._home, self.port)
        self.start()
        ensure(self.port, [SERVICE], self._home.secret)

    def url(self, role: str = "app", database: str = f"wasl_{SERVICE}") -> str:
        name = "postgres" if role == "admin" else f"{SERVICE}_{role}"
        password = self._home.secret("postgres-admin" if role == "admin" else f"postgres-{name}")
        return f"postgresql://{name}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, sessions are told."""
        self._server.stop()

    def kill(self) -> None:
        """As a machine dies: the server and every session at once."""
        for process in self._suspended():
            process.kill()
        self.kill_alone()

    def kill_alone(self) -> None:
        """The server, not its sessions: each ends when it next waits for something, and not before."""
        self._server.kill()

    def running(self) -> bool:
        return self._server.running()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        processes = self._suspended()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def _suspended(self) -> list[psutil.Process]:
        """The server first, until it stands still: a session that it began after a look at them would be overlooked."""
        server = psutil.Process(self._server.pid)
        server.suspend()
        while server.status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)
        sessions = server.children(recursive=True)
        for session in sessions:
            session.suspend()  # one that has just ended is a zombie of the server, which takes a signal like any other
        return [server, *sessions]


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    # Not pytest's folder: PostgreSQL's own user could not pass through it.
    folder = Path(tempfile.mkdtemp(prefix="wasl-own-"))
    server = OwnPostgres(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
