"""Mail as files: for one machine, for tests, and for a relay that picks them up."""

import asyncio
import os
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from services.notifications.channels.base import Later


class FileChannel:
    """One <Message-ID>.eml a message, there whole or not at all; a second sending replaces the first."""

    name = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        name = f"{message['Message-ID'].strip('<>')}.eml"
        try:
            await asyncio.to_thread(self._write, name, message.as_bytes(policy=SMTP))
        except OSError as error:
            raise Later(f"file: {os.strerror(error.errno or 0)}") from error

    def _write(self, name: str, raw: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{name}.{os.getpid()}"
        draft.write_bytes(raw)
        os.replace(draft, self._folder / name)
