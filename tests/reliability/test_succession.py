"""SIGKILL in the middle of the move of a merged body's open cases: all moved once, none lost, clocks as they were, one notice."""

import asyncio
import json
from pathlib import Path
from signal import SIGKILL
from uuid import uuid4

import httpx
import pytest

from shared.contracts.registry import ROUTING
from tests.reliability.world import World, world
from tests.support.citizen import filing

CASES, AT_ONCE = 1_000, 40
HELD = "select count(*) from desk_case where body = 'ministry-waters'"
CLOCKS = "select complaint_id, deadlines from register order by complaint_id"
CASE = "select routing->>'body' as body, routing->>'status' as status, routing_version, routing->'custody' as custody from register"
TOLD = "select code, audience, state, count(*) as n from notices where audience = 'body:ministry-waters' group by 1, 2, 3"


async def filed(world: World) -> None:
    async with httpx.AsyncClient(base_url=world.platform.url("intake"), timeout=60) as client:
        places = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with places:
                answer = await client.post("/v1/complaints", json=filing(), headers={"Idempotency-Key": str(uuid4())})
                assert answer.status_code == 201, answer.text

        await asyncio.gather(*(one() for _ in range(CASES)))


async def merged(world: World) -> None:
    """Returns once the merger is answered, which is before any case has to have moved."""
    sent = {"Authorization": f"Bearer {world.platform.token('national-desk')}", "If-Match": '"1"'}
    async with httpx.AsyncClient(base_url=world.platform.url("routing"), timeout=60) as client:
        answer = await client.post("/v1/directory/bodies/water-office/merge", json={"into": "ministry-waters"}, headers=sent)
        assert answer.status_code == 200, answer.text


async def dues(world: World) -> dict[str, list[tuple[str, str]]]:
    """Each complaint's clocks: code and due time."""
    rows = await world.rows("deadlines", CLOCKS)
    return {str(row["complaint_id"]): [(clock["code"], clock["due_at"]) for clock in json.loads(row["deadlines"])] for row in rows}


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_a_merger_that_is_killed_in_the_middle_moves_each_case_once(tmp_path: Path) -> None:
    async with world(tmp_path / "succession") as made:
        await filed(made)
        await made.steady()
        before = await dues(made)
        assert len(before) == CASES
        await merged(made)
        while not (moved := (await made.rows("routing", HELD))[0][0]):
            await asyncio.sleep(0.005)
        await asyncio.to_thread(made.platform.kill_service, "routing", SIGKILL)
        moved = (await made.rows("routing", HELD))[0][0]
        print(f"killed with {moved} of {CASES} moved")
        assert 0 < moved < CASES
        await made.start("routing")
        while (await made.rows("routing", HELD))[0][0] < CASES:
            await asyncio.sleep(0.1)
        print(f"steady {await made.steady():.1f} s after all had moved")
        for row in await made.rows("routing", CASE):
            assert (row["body"], row["status"], row["routing_version"]) == ("ministry-waters", "with_body", 2)
            first, second = json.loads(row["custody"])
            assert (first["body"], first["reason"], first["until"]) == ("water-office", "succession", second["since"])
        # A copy that the relay sent again is the same to the byte; another fact of a move would be a third one.
        assert len({(record.key, record.value) for record in await made.records(ROUTING)}) == 2 * CASES
        assert await dues(made) == before
        assert [tuple(row) for row in await made.rows("notifications", TOLD)] == [("succession", "body:ministry-waters", "sent", 1)]
        assert len({id for id, to in made.mails() if to == "waters@noria.example"}) == 1
