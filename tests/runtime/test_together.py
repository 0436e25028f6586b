import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.runtime.together import ENOUGH_BYTES, Lines, _Together


class Out:
    """A stream or a transport: what it was given, call by call."""

    def __init__(self, *, full: bool = False) -> None:
        self.calls: list[Any] = []
        self.closed, self._full = False, full

    def write(self, given: Any) -> None:
        if self._full:
            raise OSError(28, "No space left on device")
        self.calls.append(given)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


async def test_lines_of_one_turn_leave_together_and_in_order() -> None:
    out = Out()
    lines = Lines(out)  # type: ignore[arg-type]
    for text in ("a\n", "b\n", "c\n"):
        lines.write(text)
        lines.flush()
    assert out.calls == []
    await asyncio.sleep(0)
    assert out.calls == ["a\nb\nc\n"]
    lines.write("d\n")
    await asyncio.sleep(0)
    assert out.calls == ["a\nb\nc\n", "d\n"]


def test_outside_a_loop_a_line_leaves_at_once() -> None:
    out = Out()
    Lines(out).write("a\n")  # type: ignore[arg-type]
    assert out.calls == ["a\n"]


async def test_no_line_is_lost_or_torn_whatever_thread_writes_it() -> None:
    out = Out()
    lines = Lines(out)  # type: ignore[arg-type]
    with ThreadPoolExecutor(8) as threads:
        written = [threads.submit(lines.write, f"{n}\n") for n in range(2_000)]
        for n in range(2_000, 4_000):
            lines.write(f"{n}\n")
            if n % 10 == 0:
                await asyncio.sleep(0)
        for one in written:
            one.result()
    await asyncio.sleep(0)
    assert sorted(map(int, "".join(out.calls).split())) == list(range(4_000))


async def test_what_is_said_while_lines_leave_leaves_after_them() -> None:
    """As when the collector ends a forgotten task in the midst of it, which is logged by the same thread."""

    class Telling(Out):
        def write(self, given: Any) -> None:
            super().write(given)
            if given == "a\n":
                lines.write("b\n")

    out = Telling()
    lines = Lines(out)  # type: ignore[arg-type]
    lines.write("a\n")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert out.calls == ["a\n", "b\n"]


@pytest.mark.parametrize("loop", [True, False])
async def test_a_full_disk_fails_nobody(loop: bool) -> None:
    out = Out(full=True)
    lines = Lines(out)  # type: ignore[arg-type]
    if loop:
        lines.write("a\n")
        await asyncio.sleep(0)
    else:
        await asyncio.to_thread(lines.write, "a\n")
    out._full = False
    await asyncio.to_thread(lines.write, "b\n")
    assert out.calls == ["b\n"]


async def test_head_and_body_go_into_the_connection_together() -> None:
    transport = Out()
    both = _Together(transport, asyncio.get_running_loop())  # type: ignore[arg-type]
    both.write(b"head")
    both.write(b"body")
    await asyncio.sleep(0)
    both.write(b"next")
    await asyncio.sleep(0)
    assert transport.calls == [b"headbody", b"next"]
    assert both.get_extra_info("peer") == "the peer"


async def test_a_long_answer_does_not_wait_for_its_end() -> None:
    transport = Out()
    both = _Together(transport, asyncio.get_running_loop())  # type: ignore[arg-type]
    both.write(b"x" * ENOUGH_BYTES)
    assert transport.calls == []
    both.write(b"y")
    assert transport.calls == [b"x" * ENOUGH_BYTES + b"y"]
    await asyncio.sleep(0)
    assert len(transport.calls) == 1


async def test_what_was_written_before_a_close_still_leaves_and_nothing_after_it() -> None:
    transport = Out()
    both = _Together(transport, asyncio.get_running_loop())  # type: ignore[arg-type]
    both.write(b"last")
    both.close()
    assert (transport.calls, transport.closed) == ([b"last"], True)
    both.write(b"late")
    await asyncio.sleep(0)
    assert transport.calls == [b"last"]
