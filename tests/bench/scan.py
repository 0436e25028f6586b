"""What a look at what is due costs, among ten thousand open clocks and among a million: pages of the store that it touches.

It knows time by its own parameter: nothing that these clocks say is due for years, so that the service beside leaves them alone.
"""

from datetime import UTC, datetime, timedelta

from tests.bench.bench import Bench, Clock
from tests.bench.spread import Figures, Spread
from tests.support.buffers import touched

FEW, MANY, DUE = 10_000, 1_000_000, 5_000
MOMENT = datetime(2100, 1, 1, tzinfo=UTC)
_FILL = """
    insert into clock (complaint_id, code, partition, procedure, calendar, calendar_version, breach_at, alert_at)
    select gen_random_uuid(), 'scanned', n % 12, null, 'noria', 1, $1::timestamptz + n * $2::interval, null
    from generate_series($3::int, $4::int) n"""


async def scan(bench: Bench) -> Figures:
    """DUE of them are due at one moment in both cases; the others after it."""
    store, clock = await bench.world.store("deadlines"), Clock()
    figures: Figures = {}
    await store.execute(_FILL, MOMENT, timedelta(), 1, DUE)
    filled = 0
    for size in (FEW, MANY):
        await store.execute(_FILL, MOMENT + timedelta(days=1), timedelta(minutes=1), filled + 1, size - DUE, timeout=600)
        filled = size - DUE
        await store.execute("vacuum analyze clock", timeout=600)
        found = await touched(bench.world.platform.pg_url("wasl_deadlines", "postgres"), MOMENT)
        bench.say(f"{size} open clocks, {clock.seconds:.0f} s after the first: {found} pages")
        figures |= {f"scan_pages_{name}_{size}": Spread.of([pages]) for name, pages in found.items()}
    await store.execute("delete from clock where code = 'scanned'", timeout=600)
    grown = [figures[f"scan_pages_{name}_{MANY}"].mid / figures[f"scan_pages_{name}_{FEW}"].mid for name in ("ripe", "due")]
    return figures | {"scan_growth": Spread.of([max(grown)])}
