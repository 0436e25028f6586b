"""Mail in tests: the sink as a process, what it was given, and a sender that runs for a while."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path

from services.notifications.app import sender
from tests.support.stores import Bench

_runs = count(1)


class MailServer:
    """`port` stays the same over a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> None:
        command = [
            sys.executable,
            "-m",
            "tests.support.smtp_sink",
            str(self.folder),
            "--run",
            str(next(_runs)),
            "--port",
            str(self.port),
            *options,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.communicate()
            self._process = None

    @property
    def settings(self) -> dict[str, object]:
        return {"channel": "smtp", "smtp_port": self.port, "smtp_tls": "none"}

    def copies(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        return Counter(mail["Message-ID"] for mail in self.mails())

    def connections(self) -> set[str]:
        """The connections on which messages came, by the sender's port."""
        return {path.stem.rpartition("-")[2] for path in self.folder.glob("*.eml")}

    def mails(self) -> list[EmailMessage]:
        return read(self.folder)


@contextmanager
def mail_server(folder: Path, *options: str) -> Iterator[MailServer]:
    server = MailServer(folder)
    server.start(*options)
    try:
        yield server
    finally:
        server.stop()


def read(folder: Path) -> list[EmailMessage]:
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.glob("*.eml"))]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part
    return str(part.get_content())


@asynccontextmanager
async def sending(bench: Bench) -> AsyncIterator[None]:
    """The service's own sender at work."""
    task = asyncio.create_task(sender(bench.node).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def settled(bench: Bench, seconds: float = 80) -> None:
    """Until no notice waits."""
    until = time.monotonic() + seconds
    while rows := await bench.execute("select code, state, reason from notices where state in ('held', 'pending', 'sending')"):
        assert time.monotonic() < until, rows
        await asyncio.sleep(0.05)
