"""Mail as files: for one machine, for tests, and for a relay that picks them up."""

import asyncio
import os
from pathlib import Path

from services.notifications.channels.base import Later
from services.notifications.mail import Mail


class FileChannel:
    """One <Message-ID>.eml a message, there whole or not at all; a second sending replaces the first.

    Those of one moment share the way to a thread and back, which costs more than their files.
    """

    name = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[tuple[Mail, asyncio.Future[OSError | None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def send(self, mail: Mail) -> None:
        written: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((mail, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        if error := await written:
            raise Later(f"file: {os.strerror(error.errno or 0)}") from error

    def close(self) -> None:
        """Nothing is kept open."""

    async def _write_all(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            errors = await asyncio.to_thread(lambda mails: [self._write(mail) for mail in mails], [mail for mail, _ in taken])
            for (_, written), error in zip(taken, errors, strict=True):
                if not written.done():  # its sender may have given up
                    written.set_result(error)

    def _write(self, mail: Mail) -> OSError | None:
        name, folder = f"{mail.id}.eml", str(self._folder)
        try:
            if not os.path.isdir(folder):
                os.makedirs(folder, exist_ok=True)
            draft = os.path.join(folder, f".{name}.{os.getpid()}")
            with open(draft, "wb") as file:
                file.write(mail.raw)
            os.replace(draft, os.path.join(folder, name))
        except OSError as error:
            return error
        return None
