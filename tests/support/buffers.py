"""How many of the store's pages a look at what is due touches."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import text

from services.deadlines import store
from shared.runtime.db import Database

CHUNK = 500
_EXPLAIN = "explain (analyze, buffers, format json) "


async def touched(url: str, until: datetime) -> dict[str, int]:
    """Of one look: the partitions that have something due by then, and the first chunk of one of them. `url`: of a superuser."""
    ripe = {"partitions": list(range(12)), "until": [until] * 12}
    chunk = {"partition": 0, "until": until, "most": CHUNK}
    found, db = {}, Database(url, 1)
    for name, statement, given in (("ripe", store._RIPE, ripe), ("due", store._DUE, chunk)):
        async with db.begin() as conn:
            plan: Any = json.loads((await conn.execute(text(_EXPLAIN + statement.text), given)).scalar_one())[0]["Plan"]
        found[name] = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    await db.close()
    return found
