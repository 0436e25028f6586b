"""Groups: nobody waits for ever, nobody fails for another, and what comes together is written together."""

import asyncio

import pytest

from services.intake.batching import ENOUGH, MOST, WIDTH, Batcher
from shared.runtime.errors import Problem


class Worker:
    """Doubles numbers; a group waits until it is let go. -1 is told no, -2 makes its whole group fail."""

    def __init__(self, free: bool = True):
        self.groups: list[list[int]] = []
        self.gate = asyncio.Event()
        if free:
            self.gate.set()

    async def __call__(self, items):
        self.groups.append(list(items))
        await self.gate.wait()
        if -2 in items:
            raise ValueError("poison")
        return [Problem(409, "no", "No.") if item == -1 else item * 2 for item in items]


async def test_each_gets_its_own():
    worker = Worker()
    batcher = Batcher(worker)
    assert await asyncio.gather(*(batcher.submit(n) for n in range(500))) == [n * 2 for n in range(500)]
    assert max(map(len, worker.groups)) == MOST


async def test_what_comes_meanwhile_goes_together():
    worker = Worker(free=False)
    batcher = Batcher(worker)
    waiting = await started(batcher, range(11))
    assert worker.groups == [[0]]
    worker.gate.set()
    await asyncio.gather(*waiting)
    assert worker.groups == [[0], list(range(1, 11))]


async def test_enough_for_a_group_need_not_wait_for_those_under_way():
    worker = Worker(free=False)
    batcher = Batcher(worker)
    full = 1 + (WIDTH - 1) * ENOUGH
    waiting = await started(batcher, range(full + ENOUGH + 10))
    assert worker.groups == [[0], *(list(range(n, n + ENOUGH)) for n in range(1, full, ENOUGH))]
    worker.gate.set()
    await asyncio.gather(*waiting)
    assert worker.groups[WIDTH:] == [list(range(full, full + ENOUGH + 10))]


async def started(batcher, items):
    """Their callers, each waiting by now, in this order."""
    waiting = []
    for n in items:
        waiting.append(asyncio.create_task(batcher.submit(n)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return waiting


async def test_one_after_the_other_never_waits_for_a_group():
    batcher = Batcher(Worker())
    assert [await batcher.submit(n) for n in range(50)] == [n * 2 for n in range(50)]


async def test_a_problem_is_its_own_items():
    batcher = Batcher(Worker())
    results = await asyncio.gather(*(batcher.submit(n) for n in (1, -1, 2)), return_exceptions=True)
    assert isinstance(results[1], Problem)
    assert (results[0], results[1].code, results[2]) == (2, "no", 4)


async def test_a_poisonous_item_fails_alone():
    worker = Worker(free=False)
    batcher = Batcher(worker)
    tasks = [asyncio.create_task(batcher.submit(n)) for n in (0, 0, 1, -2, 3)]
    await asyncio.sleep(0.01)
    worker.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [int, int, int, ValueError, int]
    assert [-2] in worker.groups


async def test_when_the_store_is_down_all_are_told_and_nobody_tries_alone():
    tries = []

    async def down(items):
        tries.append(len(items))
        raise ConnectionRefusedError

    batcher = Batcher(down)
    results = await asyncio.gather(*(batcher.submit(n) for n in range(20)), return_exceptions=True)
    assert {type(result) for result in results} == {ConnectionRefusedError}
    assert sum(tries) == 20


async def test_a_caller_that_went_away_takes_nobody_along():
    worker = Worker(free=False)
    batcher = Batcher(worker)
    gone, stays = asyncio.create_task(batcher.submit(1)), asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    worker.gate.set()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await batcher.submit(3) == 6
