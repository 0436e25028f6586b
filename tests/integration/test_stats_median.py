"""The median of the database against the slow one, on histories drawn at random."""

import random
from datetime import date, timedelta

from tests.stats.slow import median
from tests.support.lives import facts, life
from tests.support.stores import Opener

FILED = date(2026, 1, 1)


async def test_the_median_of_each_body_is_the_slow_ones(open_store: Opener) -> None:
    bench = await open_store("stats", clock_at="2026-06-01T10:00:00Z")
    draw = random.Random(20260601)
    bodies = ("water-office", "commune-prima", "commune-seconda", "commune-quarta", "ministry-towns", "prefect-north")
    expected = {}
    for body in bodies:
        answered = [draw.randrange(0, 12) for _ in range(draw.randrange(0, 12))]
        ended = [draw.randrange(0, 12) for _ in range(draw.randrange(1, 6))]
        lives = [life(str(FILED), body=body, answered=str(FILED + timedelta(days=days))) for days in answered]
        lives += [life(str(FILED), body=body, closed=str(FILED + timedelta(days=days)), outcome="withdrawn") for days in ended]
        still_open = [draw.randrange(0, 12) for _ in range(draw.randrange(0, 6))]
        lives += [life(str(date(2026, 6, 1) - timedelta(days=days)), body=body) for days in still_open]
        await bench.deliver(*(fact for known in lives for fact in facts(known)))
        expected[body] = median(answered, ended + still_open)
    async with bench.client() as client:
        rows = (await client.get("/v1/figures", params={"by": "body"})).json()["rows"]
    assert {row["key"]: row["median_days"] for row in rows} == expected
    assert len({*expected.values()} - {None}) > 1
    assert None in expected.values()
