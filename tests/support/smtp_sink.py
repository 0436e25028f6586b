"""A mail server for tests: a process of its own that keeps each message it is given, and is as unreliable as asked.

python -m tests.support.smtp_sink FOLDER [--port N] [--busy-every N] [--drop-every N] [--refuse ADDRESS] [--slow SECONDS]

Prints its port when it listens, and ends with whoever started it. Each message whose DATA was taken is a file,
<run>-<number>-<the sender's port>.eml, whatever was answered after it.
--busy-every: each Nth message is answered 451 and not kept; --drop-every: each Nth is kept, and the connection cut instead of
an answer; --refuse: 550 to this recipient; --slow: the answer comes so much later than the message is kept.
"""

import argparse
import asyncio
import itertools
import os
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._numbers = itertools.count(1)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if address == self._given.refuse:
            return f"550 5.1.1 {address} is unknown here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        number = next(self._numbers)
        if self._given.busy_every and number % self._given.busy_every == 0:
            return "451 4.3.0 try again later"
        assert isinstance(server.transport, asyncio.Transport)
        self._keep(f"{number}-{server.transport.get_extra_info('peername')[1]}", envelope.content or b"")
        if self._given.drop_every and number % self._given.drop_every == 0:
            server.transport.abort()
        await asyncio.sleep(self._given.slow)
        return "250 OK"

    def _keep(self, name: str, content: bytes | str) -> None:
        draft = self._given.folder / f".{name}"
        draft.write_bytes(content if isinstance(content, bytes) else content.encode())
        draft.rename(self._given.folder / f"{self._given.run}-{name}.eml")


async def serve(given: argparse.Namespace) -> None:
    sink = Sink(given)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(sink, enable_SMTPUTF8=True, hostname="sink"), "127.0.0.1", given.port
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    parent = os.getppid()
    while os.getppid() == parent:  # a test run that is killed stops nothing that it started
        await asyncio.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", default="1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--busy-every", type=int, default=0)
    parser.add_argument("--drop-every", type=int, default=0)
    parser.add_argument("--refuse", default="")
    parser.add_argument("--slow", type=float, default=0)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
