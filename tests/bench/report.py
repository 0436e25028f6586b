"""The table of a run beside the committed baseline, and the baseline itself."""

import json
import os
import platform as machine
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deploy.local import jars
from tests.bench.spread import Figures, Spread
from tests.reliability.world import World

BASELINE = Path(__file__).with_name("baseline.json")
MEANING = {
    "inserts_per_s": "yardstick: bare inserts/s",
    "filings_per_s": "filings/s at saturation",
    "filing_to_insert": "filings for one bare insert (>= 0.8)",
    "lives_per_s": "whole lives/s, all five services",
    "facts_per_s": "facts/s, all five services",
    "inserts_for_a_life": "bare inserts for one life (<= 33)",
    "lives_steady_s": "lag steady after a block, s",
    "stored_inserts_for_a_life": "the same beside SIZE stored",
    "stored_to_empty": "lives beside SIZE stored, to empty (>= 0.8)",
    "idle_due_to_hop": "due date to one hop, idle (<= 5)",
    "idle_counted_to_hop": "figures to one hop, idle (<= 5)",
    "half_load_due_to_hop": "due date to one hop, half load (<= 5)",
    "half_load_counted_to_hop": "figures to one hop, half load (<= 5)",
    "spike_accepted_share": "spike: share accepted at once",
    "spike_caught_up_s": "spike: caught up after, s (<= 300)",
    "flood_accepted_share": "flood: share accepted at once",
    "flood_caught_up_s": "flood: caught up after, s (<= 300)",
    "rebuild_besides_s": "rebuild: its seconds besides the facts",
    "rebuild_to_bare": "rebuild to bare upserts (>= 0.7)",
    "scan_growth": "a look at 1,000,000 clocks, to 10,000 (< 2)",
}
"""What the less plain names say, and what they must reach."""
PACKAGES = ("fastapi", "uvicorn", "asyncpg", "sqlalchemy", "pydantic", "aiokafka", "faststream")


async def circumstances(world: World, form: str) -> dict[str, Any]:
    """What the figures depend on; nothing that names the machine."""
    postgres = await world.stores["intake"].fetchval("show server_version")
    fsync = await world.stores["intake"].fetchval("show fsync")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "form": form,
        "cores": os.cpu_count(),
        "load_average_before": round(os.getloadavg()[0], 1),
        "python": machine.python_version(),
        "postgresql": f"{postgres}, fsync {fsync}",
        "kafka": jars.VERSION,
        **{name: version(name) for name in PACKAGES},
    }


def table(figures: Figures) -> str:
    """Each figure with its spread over the blocks, and the baseline's; ratios are what to compare, rates are of this machine and hour."""
    known = _baseline()["figures"]
    lines = [f"{'':48} {'now':>24} {'baseline':>24}"]
    for name, spread in figures.items():
        before = _shown(Spread(**known[name])) if name in known else "-"
        lines.append(f"{MEANING.get(name, name.replace('_', ' ')):48} {_shown(spread):>24} {before:>24}")
    return "\n".join(lines)


def save(figures: Figures, about: Mapping[str, Any], phases: Iterable[str]) -> None:
    """These figures in the place of the baseline's; those of phases that were not run stay, under their own date."""
    before = _baseline()
    kept = {name: spread for name, spread in before["figures"].items() if name not in figures}
    runs = {phase: run for phase, run in before.get("runs", {}).items() if phase not in phases}
    document = {
        "runs": runs | dict.fromkeys(phases, about),
        "figures": kept | {name: asdict(spread) for name, spread in figures.items()},
    }
    BASELINE.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _baseline() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {"figures": {}}
    return found


def _shown(spread: Spread) -> str:
    if spread.low == spread.high:
        return _number(spread.mid)
    return f"{_number(spread.mid)} ({_number(spread.low)}–{_number(spread.high)})"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
