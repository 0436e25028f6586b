"""More requests than a service has room for: who comes beside them is told when to come again, and nobody else notices."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from shared.runtime.crowd import AGAIN_SECONDS, Crowd, Places, whole

MOST = 3
Ask = Callable[[str], Coroutine[Any, Any, list[Message]]]


class Slow:
    """An application that answers when it is let go."""

    def __init__(self) -> None:
        self.begun, self.gate = 0, asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        await self.gate.wait()
        if scope["path"] == "/breaks":
            raise ConnectionResetError
        await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def ask(slow: Slow) -> Ask:
    crowd = Crowd(slow, Places(MOST))

    async def ask(path: str) -> list[Message]:
        told: list[Message] = []

        async def send(message: Message) -> None:
            told.append(message)

        async def receive() -> Message:
            raise AssertionError("nothing is read of who is sent away")

        await crowd({"type": "http", "path": path, "method": "POST", "headers": []}, receive, send)
        return told

    return ask


async def test_who_comes_beside_too_many_is_told_when_to_come_again(slow: Slow, ask: Ask) -> None:
    async with asyncio.TaskGroup() as group:
        inside = [group.create_task(ask("/v1/complaints")) for _ in range(MOST)]
        await asyncio.sleep(0)
        start, body = await ask("/v1/complaints")
        headers = dict(start["headers"])
        least, most = AGAIN_SECONDS
        assert (start["status"], json.loads(body["body"])["code"]) == (503, "busy")
        assert least <= int(headers[b"retry-after"]) <= most
        assert headers[b"connection"] == b"close"
        assert slow.begun == MOST
        probe = group.create_task(ask("/readyz"))
        await asyncio.sleep(0)
        assert slow.begun == MOST + 1
        slow.gate.set()
    assert [task.result()[0]["status"] for task in (*inside, probe)] == [200] * (MOST + 1)


async def test_a_place_is_free_again_however_its_request_ended(slow: Slow, ask: Ask) -> None:
    slow.gate.set()
    for _ in range(MOST + 1):
        with pytest.raises(ConnectionResetError):
            await ask("/breaks")
    assert (await ask("/v1/complaints"))[0]["status"] == 200


async def test_those_who_are_sent_away_are_not_all_asked_back_at_once(slow: Slow, ask: Ask) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(MOST):
            group.create_task(ask("/v1/complaints"))
        await asyncio.sleep(0)
        told = [dict((await ask("/v1/complaints"))[0]["headers"])[b"retry-after"] for _ in range(100)]
        slow.gate.set()
    assert len(set(told)) > 1


HEAD = b"POST /v1/complaints HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("data", "method"),
    [
        (HEAD + b"content-LENGTH: 2\r\n\r\n{}", "POST"),
        (HEAD + b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\n{}", "POST"),
        (b"GET /v1/bodies HTTP/1.1\r\nHost: x\r\n\r\n", "GET"),
        (HEAD + b"Content-Length: 2\r\n\r\n{", None),  # more is to come: closed now, it would be answered by a reset
        (HEAD + b"Content-Length: 2\r\n\r\n{}GET ", None),
        (HEAD + b"Content-Length: 2\r\n", None),
        (HEAD + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", None),
        (HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}", None),
        (HEAD + b"Expect: 100-continue\r\n\r\n", None),
        (b"HEAD /v1/bodies HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (b"GET /v1/bodies HTTP/1.0\r\nHost: x\r\n\r\n", None),
        (b"BREW /v1/tea HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (b"\x16\x03\x01", None),
        (b"", None),
    ],
)
def test_only_a_whole_and_usual_request_is_sent_away_at_the_door(data: bytes, method: str | None) -> None:
    assert whole(data) == method
