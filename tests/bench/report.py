"""The table of a run beside the committed baseline, and the baseline itself."""

import json
import os
import platform as machine
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench.phases import Spread
from tests.reliability.world import World

BASELINE = Path(__file__).with_name("baseline.json")
MEANING = {
    "inserts_per_s": "yardstick: bare inserts/s",
    "filings_per_s": "filings/s at saturation",
    "filing_p50_ms": "filing p50, ms",
    "filing_p99_ms": "filing p99, ms",
    "filing_to_insert": "filings for one bare insert",
    "lives_per_s": "whole lives/s, all five services",
    "facts_per_s": "facts/s, all five services",
    "inserts_for_a_life": "bare inserts for one life",
}
PACKAGES = ("fastapi", "uvicorn", "asyncpg", "sqlalchemy", "pydantic", "aiokafka", "faststream")


async def circumstances(world: World) -> dict[str, Any]:
    """What the figures depend on; nothing that names the machine."""
    postgres = await world.stores["intake"].fetchval("show server_version")
    fsync = await world.stores["intake"].fetchval("show fsync")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "load_average_before": round(os.getloadavg()[0], 1),
        "python": machine.python_version(),
        "postgresql": f"{postgres}, fsync {fsync}",
        **{name: version(name) for name in PACKAGES},
    }


def table(figures: Mapping[str, Spread]) -> str:
    """Each figure with its spread over the blocks, and the baseline's; ratios are what to compare, rates are of this machine and hour."""
    known: dict[str, Any] = json.loads(BASELINE.read_text(encoding="utf-8"))["figures"] if BASELINE.exists() else {}
    lines = [f"{'':36} {'now':>24} {'baseline':>24}"]
    for name, spread in figures.items():
        before = Spread(**known[name]) if name in known else None
        lines.append(f"{MEANING.get(name, name.replace('_', ' ')):36} {_shown(spread):>24} {_shown(before) if before else '-':>24}")
    return "\n".join(lines)


def save(figures: Mapping[str, Spread], about: Mapping[str, Any]) -> None:
    document = {"about": about, "figures": {name: asdict(spread) for name, spread in figures.items()}}
    BASELINE.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _shown(spread: Spread) -> str:
    if spread.low == spread.high:
        return _number(spread.mid)
    return f"{_number(spread.mid)} ({_number(spread.low)}–{_number(spread.high)})"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
