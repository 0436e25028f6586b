"""The desk's queue: its order, its filters, and pages that hold while cases change."""

import base64
import json
from datetime import timedelta
from typing import Any

from services.routing import handlers
from shared.contracts.base import iso
from shared.contracts.complaint import Header
from shared.contracts.states import ClockState
from tests.support.desk import NOON
from tests.support.desks import NATIONAL, OFFICE, Desks, refused
from tests.support.lives import at
from tests.support.stores import fact


async def due(desks: Desks, header: Header, days: int, version: int = 1) -> None:
    """Deadlines sets the answer's clock, so many days on."""
    moment = NOON + timedelta(days=days)
    clock = ClockState(code="answer", holder="body", due_at=moment, last_day=moment.date())
    await desks.bench.deliver(fact("deadlines", header, version, (clock,)))


async def listed(desks: Desks, **query: Any) -> list[str]:
    """Every page of a list, one after the other."""
    found, cursor = [], None
    while True:
        response = await desks.get("/v1/cases", NATIONAL, **query, **({"cursor": cursor} if cursor else {}))
        assert response.status_code == 200, response.text
        found += [case["reference"] for case in response.json()["cases"]]
        cursor = response.json()["next"]
        if cursor is None:
            return found


async def test_the_most_urgent_first_then_those_without_a_due_date(desks: Desks) -> None:
    late, soon, never = [await desks.file(filed=filed) for filed in ("2026-03-01", "2026-03-02", "2026-02-01")]
    await due(desks, late, 30)
    await due(desks, soon, 5)
    assert await listed(desks) == await listed(desks, limit=1) == [h.reference for h in (soon, late, never)]
    assert await listed(desks, sort="filed") == await listed(desks, sort="filed", limit=2) == [h.reference for h in (never, late, soon)]
    await desks.done(OFFICE, soon, "response", 1, outcome="favourable", reasons="Done.")
    assert (await listed(desks))[0] == late.reference


async def test_a_line_says_what_a_queue_needs(desks: Desks) -> None:
    header = await desks.file()
    await due(desks, header, 5)
    await desks.done(OFFICE, header, "take-up", 1)
    [line] = (await desks.get("/v1/cases", OFFICE)).json()["cases"]
    assert line == {
        "reference": header.reference,
        "status": "with_body",
        "body": "water-office",
        "public_service": "water-bill",
        "territory": "010010101",
        "procedure": "complaint@1",
        "filed_at": "2026-03-02T12:00:00.000Z",
        "due_at": "2026-03-07T12:00:00.000Z",
        "taken_up_at": "2026-03-02T10:00:00.000Z",
        "version": 2,
        "assignee": None,
        "unit": None,
    }


async def test_filter_by_status(desks: Desks) -> None:
    with_body, triage = await desks.file(), await desks.file(public_service=None)
    assert await listed(desks, status="triage") == [triage.reference]
    assert await listed(desks, status="with_body") == [with_body.reference]
    assert await listed(desks, status="answered") == []
    assert refused(await desks.get("/v1/cases", status="unknown")) == (422, "unknown-status")


async def test_pages_hold_while_cases_come_and_change(desks: Desks) -> None:
    """What does not change is listed once, whatever happens to its neighbours between two pages."""
    headers = [await desks.file() for _ in range(9)]
    for days, header in enumerate(headers, start=10):
        await due(desks, header, days)
    first = (await desks.get("/v1/cases", limit=4)).json()
    await desks.done(OFFICE, headers[0], "response", 1, outcome="favourable", reasons="Done.")  # shown, and gone from its place
    await due(desks, headers[8], 1, version=2)  # not shown yet, and now before the place where the page ended
    newcomer = await desks.file()
    await due(desks, newcomer, 14)  # beyond that place
    rest = (await desks.get("/v1/cases", limit=200, cursor=first["next"])).json()
    shown = [case["reference"] for case in first["cases"] + rest["cases"]]
    still = [h.reference for h in headers[1:8]]
    assert [reference for reference in shown if reference in still] == still
    assert newcomer.reference in shown
    assert rest["next"] is None


async def test_a_cursor_that_is_none_of_ours_is_refused(desks: Desks) -> None:
    """No base64, no list, a time without a zone, one before the first year, no ASCII."""
    made = [
        base64.urlsafe_b64encode(json.dumps(["due", at, "0" * 32]).encode()).decode() for at in ("2026-03-02", "0001-01-01T00:00:00+14:00")
    ]
    for cursor in ("!", "e30", *made, "é"):
        assert refused(await desks.get("/v1/cases", cursor=cursor)) == (422, "cursor-invalid"), cursor


async def test_a_cursor_belongs_to_its_sort(desks: Desks) -> None:
    for _ in range(2):
        await desks.file()
    cursor = (await desks.get("/v1/cases", limit=1)).json()["next"]
    assert refused(await desks.get("/v1/cases", sort="filed", cursor=cursor)) == (422, "cursor-invalid")


async def test_a_wrong_question_is_refused(desks: Desks) -> None:
    questions: list[dict[str, Any]] = [{"limit": 0}, {"limit": 201}, {"sort": "body"}]
    for query in questions:
        assert refused(await desks.get("/v1/cases", **query)) == (422, "invalid-field"), query


async def test_the_queue_is_rebuilt_from_the_registers(desks: Desks) -> None:
    for number in range(3):
        header = await desks.file()
        await due(desks, header, number)
    await desks.done(OFFICE, header, "take-up", 1)
    before = await desks.bench.execute("select * from desk_case order by complaint_id")
    await desks.bench.execute("delete from desk_case")
    ids = [row.complaint_id for row in before]
    node = desks.bench.node
    await node.run(lambda tx: _rebuild(tx, ids))
    assert await desks.bench.execute("select * from desk_case order by complaint_id") == before
    assert len(before) == 3


async def _rebuild(tx: Any, ids: list[Any]) -> None:
    await handlers.project(list((await tx.lock_many(ids)).values()), tx)


async def test_the_due_date_moves_with_the_clocks(desks: Desks) -> None:
    header = await desks.file()
    await due(desks, header, 5)
    await due(desks, header, 9, version=2)
    [line] = (await desks.get("/v1/cases", OFFICE)).json()["cases"]
    assert line["due_at"] == iso(at("2026-03-11"))
