"""The commands of an operator: what would go elsewhere under another pack's rules, and why a case went where it went."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from services.routing.directory.documents import PackRefused
from services.routing.directory.pack import load
from services.routing.triage.explain import explained, written
from services.routing.triage.replay import Period, Report, replay
from shared.messaging import registers
from shared.messaging.node import Node
from shared.runtime.ids import parse_reference

REFUSED, WRONGLY_CALLED = 8, 2


async def what_if(node: Node, folder: str, **period: str | None) -> int:
    """Prints what would go elsewhere; changes nothing. Exit code 8 for a broken pack, 2 for a period that is none."""
    try:
        asked = Period(_instant(period.get("from")), _instant(period.get("until")))
    except ValueError as error:
        sys.stderr.write(f"{error}: give an instant such as 2026-03-01T00:00:00Z\n")
        return WRONGLY_CALLED
    try:
        pack = await asyncio.to_thread(load, Path(folder))
    except PackRefused as refused:
        sys.stderr.write(f"{refused}\nrefused: {len(refused.findings)} mistakes\n")
        return REFUSED
    directory = (await node.directory()).updated(pack.records)
    report = await replay(node, pack.rules, directory, asked, _progress)
    sys.stdout.write(_told(report))
    return 0


async def explain(node: Node, reference: str) -> int:
    """Prints why a case went where it went. Exit code 1 where there is none with this reference."""
    directory = await node.directory()
    async with node.read() as conn:
        try:
            found = await registers.find(conn, parse_reference(reference), lock=False)
        except ValueError:
            found = None
        if found is None:
            sys.stderr.write("no case has this reference\n")
            return 1
        # An operator reads no papers: the words that a rule found in them are left out.
        sys.stdout.write(written(await explained(conn, found, directory, words_too=False)))
    return 0


def _progress(n: int) -> None:
    sys.stderr.write(f"{n} filings\n")


def _told(report: Report) -> str:
    lines = [f"{report.looked_at} filings, {report.same} as before"]
    lines += [f"{report.unknown} not known: their words were erased"] if report.unknown else []
    for (was, now), moved in report.ordered():
        lines.append(f"{moved.n}\t{was or 'triage'} -> {now or 'triage'}\t{' '.join(moved.examples)}")
    return "\n".join(lines) + "\n"


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return at
