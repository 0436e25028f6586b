"""SIGKILL in the middle of the move of a merged body's open cases: all moved once, none lost, clocks as they were, one notice."""

import asyncio
import json
from signal import SIGKILL
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.registry import ROUTING
from tests.reliability.trial import Trial
from tests.reliability.world import World
from tests.support.citizen import filing

CASES, AT_ONCE = 1_000, 40
"""More than routing moves in one transaction, so that there is a middle."""
FILER = {"name": "Amina Test", "phone": "+212661000001", "language": "fr"}
"""Has no mailbox, so that nobody but the body is told."""
HEIR = "ministry-waters"
HELD = "select count(*) from desk_case where body = $1 and status = any('{triage,with_body,waiting_for_citizen}')"
CLOCKS = "select complaint_id, deadlines from register where complaint_id = any($1)"
CASE = """
    select routing->>'body' as body, routing->>'status' as status, routing_version, routing->'custody' as custody
    from register where complaint_id = any($1)"""
TOLD = "select code, audience, state, count(*) as n from notices where code = 'succession' group by 1, 2, 3"


async def filed(world: World) -> set[UUID]:
    async with httpx.AsyncClient(base_url=world.platform.url("intake"), timeout=60) as client:
        places = asyncio.Semaphore(AT_ONCE)

        async def one() -> UUID:
            async with places:
                answer = await client.post("/v1/complaints", json=filing(filer=FILER), headers={"Idempotency-Key": str(uuid4())})
                assert answer.status_code == 201, answer.text
                return UUID(answer.json()["id"])

        return set(await asyncio.gather(*(one() for _ in range(CASES))))


async def merged(world: World) -> None:
    """Returns once the merger is answered, which is before any case has to have moved."""
    sent = {"Authorization": f"Bearer {world.platform.token('national-desk')}", "If-Match": '"1"'}
    async with httpx.AsyncClient(base_url=world.platform.url("routing"), timeout=60) as client:
        answer = await client.post("/v1/directory/bodies/water-office/merge", json={"into": HEIR}, headers=sent)
        assert answer.status_code == 200, answer.text


async def held(world: World, body: str) -> int:
    return int((await world.rows("routing", HELD, body))[0][0])


async def dues(world: World, ids: set[UUID]) -> dict[str, list[tuple[str, str]]]:
    """Each complaint's clocks: code and due time."""
    rows = await world.rows("deadlines", CLOCKS, ids)
    return {str(row["complaint_id"]): [(clock["code"], clock["due_at"]) for clock in json.loads(row["deadlines"])] for row in rows}


@pytest.mark.timeout(300)
async def test_a_merger_that_is_killed_in_the_middle_moves_each_case_once(timed: World, trial: Trial) -> None:
    ids = await filed(timed)
    await timed.steady()
    before, there, coming = await dues(timed, ids), await held(timed, HEIR), await held(timed, "water-office")
    assert len(before) == CASES <= coming
    await merged(timed)
    while await held(timed, HEIR) == there:
        await asyncio.sleep(0.005)
    await asyncio.to_thread(timed.platform.kill_service, "routing", SIGKILL)
    moved = await held(timed, HEIR) - there
    assert 0 < moved < coming
    trial.effective(f"killed with {moved} of {coming} moved")
    await timed.start("routing")
    while await held(timed, "water-office"):
        await asyncio.sleep(0.1)
    print(f"steady {await timed.steady():.1f} s after all had moved")
    assert await held(timed, HEIR) == there + coming
    for row in await timed.rows("routing", CASE, ids):
        assert (row["body"], row["status"], row["routing_version"]) == (HEIR, "with_body", 2)
        first, second = json.loads(row["custody"])
        assert (first["body"], first["reason"], first["until"]) == ("water-office", "succession", second["since"])
    # A copy that the relay sent again is the same to the byte; another fact of a move would be a third one.
    keys = {str(id).encode() for id in ids}
    assert len({(record.key, record.value) for record in await timed.records(ROUTING) if record.key in keys}) == 2 * CASES
    assert await dues(timed, ids) == before
    assert [tuple(row) for row in await timed.rows("notifications", TOLD)] == [("succession", f"body:{HEIR}", "sent", 1)]
    (notice,) = await timed.rows("notifications", "select id from notices where code = 'succession'")
    assert str(notice["id"]) in dict(timed.mails())
