"""Every place where a person's words can stand: each column of the five databases, each topic, each file."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from deploy.local.environment import SERVICES
from shared.contracts.registry import TOPICS
from tests.reliability.world import World

_COLUMNS = """
    select format('%I.%I', table_schema, table_name) as place, quote_ident(column_name) as name, table_name || '.' || column_name as told
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'"""


async def in_columns(world: World, word: str, services: Iterable[str] = SERVICES) -> set[str]:
    """`service: table.column`, whatever the column's type: each has a text form, in which bytes are hexadecimal."""
    found = set()
    for service in services:
        columns = await world.rows(service, _COLUMNS)
        assert len(columns) > 50, f"{service} has hardly a column: was the right database walked?"
        looks = [f"select '{c['told']}' where exists (select from {c['place']} where {c['name']}::text like any($1))" for c in columns]
        rows = await world.rows(service, " union all ".join(looks), [f"%{word}%", f"%{word.encode().hex()}%"])
        found |= {f"{service}: {row[0]}" for row in rows}
    return found


async def in_topics(world: World, word: str, topics: Iterable[str] = TOPICS) -> set[str]:
    """Names of topics of which a reader from the beginning gets the word."""
    found = set()
    for name in topics:
        for record in await world.records(name, TOPICS[name].writer):
            fields = (record.key, record.value, *(value for _, value in record.headers))
            if any(word.encode() in field for field in fields if field):
                found.add(name)
    return found


async def in_files(folder: Path, word: str) -> set[str]:
    """Names of files below a folder; what a dump holds as bytes stands there in hexadecimal."""
    needles = (word.encode(), word.encode().hex().encode())
    return await asyncio.to_thread(
        lambda: {path.name for path in folder.rglob("*") if path.is_file() and any(n in path.read_bytes() for n in needles)}
    )
