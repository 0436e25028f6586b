"""All that is known of one complaint, for whoever must find out why a run failed."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from deploy.local.environment import SERVICES
from tests.reliability.findings import Finding
from tests.reliability.life import Life
from tests.reliability.world import TOLD, World

MOST = 20


async def report(world: World, lives: Iterable[Life], findings: list[Finding], seed: str) -> str:
    """The findings, and the history of the first complaint that broke."""
    broken = next((finding.complaint for finding in findings if finding.complaint), None)
    lines = [f"seed {seed}: {len(findings)} findings", *map(str, findings[:MOST])]
    if broken:
        lines += [f"history of {broken}:", *await history(world, next((life for life in lives if life.id == broken), None), broken)]
    return "\n".join(lines)


async def history(world: World, life: Life | None, id: UUID) -> list[str]:
    lines = [f"  {line}" for line in life.told] if life else ["  nobody filed it"]
    for topic in TOLD:
        for record in await world.told(topic):
            if record.key == str(id).encode():
                headers = {name: (value or b"").decode() for name, value in record.headers}
                lines.append(f"  {topic}/{record.partition}@{record.offset} {headers.get('ce_type')} {(record.value or b'').decode()}")
    for service in SERVICES:
        seen = await world.rows(service, "select slot, intake, routing, deadlines from witness where complaint_id = $1 order by n", id)
        lines.append(f"  {service} saw versions {[tuple(row.values()) for row in seen]}")
    rows = await world.rows("notifications", "select code, audience, state, attempts, reason from notices where complaint_id = $1", id)
    return lines + [f"  notice {_plain(dict(row))}" for row in rows]


def _plain(row: dict[str, Any]) -> str:
    return json.dumps(row, default=str, ensure_ascii=False)
