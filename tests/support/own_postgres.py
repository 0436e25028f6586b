"""A PostgreSQL of one test module's own, to be killed, frozen and restarted without hurting other tests."""

import shutil
import signal
import tempfile
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
        processes = self._processes()
        for process in processes:
            process.suspend()  # nobody starts a new session while the others fall
        for process in processes:
            process.kill()
        self._server.kill()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        processes = self._processes()
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)

    def _processes(self) -> list[psutil.Process]:
        record = self._home / "postgres" / "data" / "postmaster.pid"
        server = psutil.Process(int(record.read_text(encoding="utf-8").splitlines()[0]))
        return [server, *server.children(recursive=True)]


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
