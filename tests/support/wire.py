"""The lightest HTTP/1.1 client that will do: what the generator of a load costs is part of every figure that it helps to measure."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

_LENGTH = b"\r\ncontent-length:"


class Lost(ConnectionError):
    """No whole answer came: whether the request took effect is not known."""


@dataclass(frozen=True)
class Reply:
    status: int
    head: bytes
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        found = _field(self.head, f"\r\n{name.lower()}:".encode())
        return found.decode() if found else None


class Wire:
    """Keep-alive connections to one server, as many as there are requests at once. `in_flight` counts those not answered yet."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._idle: list[_Connection] = []
        self.in_flight = 0

    async def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}) -> Reply:
        """Raises Lost where the connection cannot be made or ends before the answer has."""
        self.in_flight += 1
        try:
            connection = await self._connection()
            reply = await connection.exchange(_request(self._host, method, path, body, headers))
        except OSError as error:
            raise Lost(f"{method} {path}: {error}") from error
        finally:
            self.in_flight -= 1
        if reply.header("Connection") == "close":
            connection.transport.close()
        else:
            self._idle.append(connection)
        return reply

    def close(self) -> None:
        for connection in self._idle:
            connection.transport.close()
        self._idle.clear()

    async def _connection(self) -> "_Connection":
        while self._idle:
            connection = self._idle.pop()
            if not connection.transport.is_closing():
                return connection
        _, made = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port)
        return made


class _Connection(asyncio.Protocol):
    """One request at a time; answers must have a Content-Length, as all of the platform's have."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[Reply] | None = None

    async def exchange(self, request: bytes) -> Reply:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[: end + 2]
        whole = end + 4 + int(_field(head.lower(), _LENGTH) or 0)
        if len(self._buffer) >= whole and self._answer and not self._answer.done():
            reply = Reply(int(head[9:12]), head.lower(), self._buffer[end + 4 : whole])
            self._buffer = self._buffer[whole:]
            self._answer.set_result(reply)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionResetError(str(error or "closed before the answer")))


def _field(head: bytes, name: bytes) -> bytes | None:
    start = head.find(name)
    return head[start + len(name) : head.find(b"\r\n", start + 2)].strip() if start >= 0 else None


def _request(host: str, method: str, path: str, body: Any, headers: Mapping[str, str]) -> bytes:
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(sent)}"]
    lines += ["Content-Type: application/json"] if sent else []
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + sent
