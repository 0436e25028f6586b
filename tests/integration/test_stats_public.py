"""What the public may ask, and what it is not shown."""

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.support.lives import facts, life
from tests.support.stores import Bench, Opener


@pytest.fixture
async def bench(open_store: Opener) -> Bench:
    """water-office: 8 in January, 9 in February, 2 in March; commune-prima: 6 in each; 3 more from Bassa and 3 from Riva."""
    bench: Bench = await open_store("stats", clock_at="2026-04-01T10:00:00Z")
    lives = []
    for month, office in (("01", 8), ("02", 9), ("03", 2)):
        lives += [life(f"2026-{month}-05") for _ in range(office)]
        lives += [life(f"2026-{month}-06", body="commune-prima", public_service="civil-status") for _ in range(6)]
    lives += [life("2026-01-07", body="prefect-north", public_service="order", territory="010020101") for _ in range(3)]
    lives += [life("2026-01-07", body="commune-quarta", public_service="civil-status", territory="020010101") for _ in range(3)]
    await bench.deliver(*(fact for known in lives for fact in facts(known)))
    return bench


async def get(bench: Bench, **question: Any) -> httpx.Response:
    async with bench.client() as client:
        return await client.get("/v1/figures", params=question)


async def shown(bench: Bench, **question: Any) -> dict[str | None, int | None]:
    answer = (await get(bench, **question)).json()
    return {row["key"]: row["n"] for row in answer["rows"]}


async def total(bench: Bench, **question: Any) -> int:
    counts = (await shown(bench, **question)).values()
    return sum(n for n in counts if n is not None)


async def test_one_dimension_is_shown_whole(bench: Bench) -> None:
    assert await shown(bench, by="body") == {"commune-prima": 18, "commune-quarta": 3, "prefect-north": 3, "water-office": 19}
    assert await shown(bench, by="month", **{"from": "2026-02"}) == {"2026-02": 15, "2026-03": 8}
    assert await shown(bench, by="territory") == {"010000000": 40, "020000000": 3}


async def test_a_small_cell_is_hidden_with_the_next_smallest(bench: Bench) -> None:
    # 2 in March: with January's and February's it would follow from the total 19, so January's 8 goes too.
    assert await shown(bench, by="month", body="water-office") == {"2026-01": None, "2026-02": 9, "2026-03": None}


async def test_a_hidden_row_says_so_and_says_nothing_else(bench: Bench) -> None:
    rows = (await get(bench, by="month", body="water-office")).json()["rows"]
    assert rows[2] == {"key": "2026-03", "n": None, "hidden": True}
    assert rows[1]["hidden"] is False


async def test_cells_that_are_large_enough_are_shown(bench: Bench) -> None:
    assert await shown(bench, by="month", body="commune-prima", to="2026-02") == {"2026-01": 6, "2026-02": 6}


async def test_a_large_cell_that_tells_a_small_one_is_hidden(bench: Bench) -> None:
    # commune-prima's 6 of March's 8 would tell water-office's 2.
    assert (await shown(bench, by="month", body="commune-prima"))["2026-03"] is None


async def test_what_a_filter_leaves_out_does_not_follow_from_the_whole(bench: Bench) -> None:
    # January and February hold 17 of water-office's 19: the 2 of March would follow.
    found = await shown(bench, by="body", **{"from": "2026-01", "to": "2026-02"})
    assert found["water-office"] is None
    assert Counter(found.values())[None] >= 2


async def test_below_a_region_small_cells_are_hidden_among_those_of_the_same_region(bench: Bench) -> None:
    found = await get(bench, by="territory", level="province")
    # Bassa's 3 would follow from the region's 40; Riva is all of the South's 3.
    assert {row["key"]: row["n"] for row in found.json()["rows"]} == {"010010000": None, "010020000": None}
    assert found.json()["withheld"] is True


async def test_a_prefix_of_a_territory_is_a_filter_like_any_other(bench: Bench) -> None:
    assert await shown(bench, by="public_service", territory="01") == {"civil-status": None, "order": None, "water-bill": 19}


async def test_a_parameter_that_is_not_there_or_cannot_be_stored_is_refused(bench: Bench) -> None:
    misspelt = await get(bench, by="body", public_servce="dams")
    assert (misspelt.status_code, misspelt.json()["code"], misspelt.json()["field"]) == (422, "invalid-field", "public_servce")
    nul = await get(bench, by="body", body="water-office\x00")
    assert (nul.status_code, nul.json()["code"]) == (422, "invalid-text")
    unknown = await get(bench, by="bod")
    assert unknown.json()["allowed"] == ["body", "public_service", "territory", "month"]


async def test_a_procedure_is_asked_for_by_code_or_by_version(bench: Bench) -> None:
    await bench.deliver(*(fact for _ in range(5) for fact in facts(life(procedure="observation@1", due="none"))))
    assert await total(bench, by="month") == 48
    assert await total(bench, by="month", procedure="complaint@1") == 43
    assert await total(bench, by="month", procedure="complaint") == 43
