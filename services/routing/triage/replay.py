"""What would have gone elsewhere under other rules: past filings decided once more, in chunks. Nothing is changed or told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.routing.directory.domain import Rule, decide, standing
from services.routing.triage import store
from shared.contracts.complaint import Header
from shared.contracts.directory import Directory
from shared.contracts.wording import tokens
from shared.messaging.node import Node

CHUNK = 500
EXAMPLES = 5


@dataclass(frozen=True)
class Period:
    """From `since` on and before `until`, in legal time; None: without an end there."""

    since: datetime | None = None
    until: datetime | None = None


class Past(NamedTuple):
    """A filing that rules decided: its body then, and the words of its subject, None where they were erased."""

    at: datetime
    id: UUID
    header: Header
    body: str | None
    words: tuple[str, ...] | None


@dataclass
class Moved:
    n: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Report:
    """Counts by where a filing went and where it would go (None: triage). The first examples are the oldest."""

    looked_at: int = 0
    same: int = 0
    unknown: int = 0
    moves: dict[tuple[str | None, str | None], Moved] = field(default_factory=dict)

    def take(self, past: Past, rules: Sequence[Rule], directory: Directory) -> None:
        """Decides one filing once more. That a body has been closed since is no difference."""
        self.looked_at += 1
        decision = decide(rules, past.header, directory, past.words)
        was = standing(past.body, directory) or past.body
        if decision.waits:
            self.unknown += 1
        elif decision.body == was:
            self.same += 1
        else:
            moved = self.moves.setdefault((was, decision.body), Moved())
            moved.n += 1
            moved.examples += [past.header.reference] if len(moved.examples) < EXAMPLES else []

    def ordered(self) -> list[tuple[tuple[str | None, str | None], Moved]]:
        """The most frequent first."""
        return sorted(self.moves.items(), key=lambda item: (-item[1].n, str(item[0])))


async def replay(
    node: Node, rules: Sequence[Rule], directory: Directory, period: Period, progress: Callable[[int], None] = lambda n: None
) -> Report:
    """Every filing of a period under these rules. Holds one chunk of filings in memory, and lets others work between two."""
    report = Report()
    async for chunk in _chunks(node, period):
        for past in chunk:
            report.take(past, rules, directory)
        progress(report.looked_at)
        await asyncio.sleep(0)
    return report


async def _chunks(node: Node, period: Period) -> AsyncIterator[list[Past]]:
    at, id = None, None
    while True:
        async with node.read() as conn:
            chunk = [_past(*row) for row in await store.past(conn, period.since, period.until, at, id, CHUNK)]
        if not chunk:
            return
        yield chunk
        at, id = chunk[-1].at, chunk[-1].id


def _past(at: datetime, id: UUID, header: str, body: str | None, subject: str | None) -> Past:
    return Past(at, id, Header.model_validate_json(header), body, None if subject is None else tokens(subject))
