"""A store's backup, made and put back as the runbook says, and what a store holds, table by table."""

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.postgres import PROGRAMS
from tests.reliability.world import World

Content = dict[str, list[tuple[Any, ...]]]

_AT_DESKS = {"desk_assignee", "desk_draft", "desk_note", "staff", "staff_absence", "reply_template", "decision_key"}
_ABOUT_BODIES = {"directory_change", "directory_proposal", "directory_import", "body_login"}
LOST = {"idempotency", "secret_version", "audit"} | _AT_DESKS | _ABOUT_BODIES
"""What no log holds; docs/guarantees.md says so. (Of the ledger, the states other than sent: see _ONLY.)"""
OF_THIS_STORE = {"consumer_position", "own_position", "lease", "live", "store_stamp", "witness"}
"""What says how far this very store has come, and not what it knows."""
_ONLY = {
    "notices": "id, complaint_id, code, subject, audience, channel, sent_at from {0} where state = 'sent'",
    "directory_record": "key, version, value from {0}",  # the stamp is the order in which this store got them
    # The facts name the rule; when it decided, upon what, and for whom before a person decided otherwise, is lost.
    "routing_decision": "complaint_id, rule, rule_version, rule_set_version, final from {0} where rule is not null",
    "dead_letters": "* from {0} where replayed_at is null",  # those that an operator has dealt with are a matter of this store's past
    "erased": "complaint_id from {0}",  # when it heard of it, and when tombstones went out again, is this store's matter
}
_TABLES = """
    select schemaname || '.' || tablename as place, tablename as name from pg_tables
    where schemaname in ('public', 'twin') order by 1"""


async def dump(world: World, service: str, file: Path) -> None:
    """While the service runs."""
    await _run(world, "pg_dump", f"wasl_{service}", "-Fc", "--file", str(file))


async def put_back(world: World, service: str, file: Path) -> None:
    """While the service is stopped."""
    await _run(world, "pg_restore", f"wasl_{service}", "--clean", "--if-exists", "--exit-on-error", str(file))


async def content(world: World, service: str) -> Content:
    """All rows of all tables but those that a restore loses by its nature; the slot that is not in use is empty."""
    found: Content = {}
    for table in await world.rows(service, _TABLES):
        if table["name"] not in LOST | OF_THIS_STORE:
            what = _ONLY.get(table["name"], "* from {0}").format(table["place"])
            rows = await world.rows(service, f"select {what}")
            found.setdefault(table["name"], []).extend(tuple(row.values()) for row in rows)
    return found


def differences(before: Content, after: Content) -> list[str]:
    """The first rows of each table that are in one of them only."""
    found = []
    for table in sorted(before.keys() | after.keys()):
        old, new = (Counter(map(repr, content.get(table, []))) for content in (before, after))
        if old != new:
            gone, come = list((old - new).elements()), list((new - old).elements())
            found.append(f"{table}: {len(gone)} rows gone, {len(come)} come; {gone[:2]} / {come[:2]}")
    return found


async def _run(world: World, program: str, database: str, *words: str) -> None:
    url = world.platform.pg_url(database, "postgres", "postgresql")
    login, _, place = url.removeprefix("postgresql://").partition("@")
    environment: Mapping[str, str] = os.environ | {"PGPASSWORD": login.partition(":")[2]}
    command: Sequence[str] = [str(PROGRAMS / "bin" / program), *words, "--dbname", f"postgresql://postgres@{place}"]
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
