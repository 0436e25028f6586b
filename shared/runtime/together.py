"""What is written within one turn of the event loop leaves by one call to the system; a call costs as much as reading a request does.

An answer's head and its body go into their connection together, and the lines of all that happens in one turn into the log.
"""

import asyncio
import atexit
from contextlib import suppress
from threading import RLock
from typing import Any, TextIO

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ENOUGH_BYTES = 64 * 1024
"""Of one answer; more are not worth a copy."""


class Lines:
    """A text stream for logs. Texts stay whole and in order whatever thread writes them; outside an event loop each leaves at once.

    A process that is killed loses the texts of its last turn, some milliseconds; one that ends loses none. Where nothing can be
    written any more (a full disk, a reader that went away) texts are lost, and nobody who writes fails for it.
    """

    def __init__(self, out: TextIO) -> None:
        # To be had again by who has it: the collector may end a task in the midst of this, and that is logged.
        self._out, self._waiting, self._lock = out, list[str](), RLock()
        atexit.register(self._leave)

    def write(self, text: str) -> None:
        with self._lock:
            first = not self._waiting
            self._waiting.append(text)
        if first:
            try:
                asyncio.get_running_loop().call_soon(self._leave)
            except RuntimeError:
                self._leave()

    def flush(self) -> None:
        """Does nothing: loggers ask for it after each line."""

    def _leave(self) -> None:
        with self._lock, suppress(OSError, ValueError):
            texts, self._waiting = self._waiting, []
            self._out.write("".join(texts))
            self._out.flush()


class Protocol(HttpToolsProtocol):
    """uvicorn's, which writes an answer's head and its body one after the other."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_Together(transport, self.loop))  # type: ignore[arg-type]


class _Together:
    """A transport in all but this: what is written waits for the end of the turn, or for as much as a socket takes at once."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop, self._waiting = transport, loop, bytearray()

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._leave)
        self._waiting += data
        if len(self._waiting) > ENOUGH_BYTES:  # whoever streams without a pause is held back by the transport, not by memory
            self._leave()

    def close(self) -> None:
        self._leave()
        self._transport.close()

    def _leave(self) -> None:
        waiting, self._waiting = self._waiting, bytearray()
        if waiting and not self._transport.is_closing():
            self._transport.write(waiting)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
