"""Mail as files: for one machine, for tests, and for a relay that picks them up."""

import asyncio
import os
from pathlib import Path

from services.notifications.channels.base import Later
from services.notifications.mail import Mail


class FileChannel:
    """One <Message-ID>.eml a message, there whole or not at all; a second sending replaces the first."""

    name = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: Mail) -> None:
        try:
            await asyncio.to_thread(self._write, f"{mail.id}.eml", mail.raw)
        except OSError as error:
            raise Later(f"file: {os.strerror(error.errno or 0)}") from error

    def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, name: str, raw: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{name}.{os.getpid()}"
        draft.write_bytes(raw)
        os.replace(draft, self._folder / name)
