"""Cases like this one: where they went, and which of them may be the same case filed again."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.domain import standing
from services.routing.triage import store
from services.routing.triage.domain import Alike, Print, alike, neighbourhood
from shared.contracts.directory import Directory

YEAR = timedelta(days=365)
NEAR_IN_TIME = timedelta(days=180)
MOST_SUGGESTIONS = 10
MOST_CANDIDATES, LOOKED_AT = 20, 100
LEAST_ALIKE = 0.3
"""Share of the fingerprint below which two texts are only of the same subject."""
ON = ("public_service", "territory", "words")


class Suggested(NamedTuple):
    body: str
    on: tuple[str, ...]
    n: int


class Found(NamedTuple):
    reference: str
    status: str
    body: str | None
    filed_at: datetime
    alike: Alike


async def suggested(conn: AsyncConnection, one: Print, directory: Directory, now: datetime) -> list[Suggested]:
    """Where cases of the last year went that share with this one its public service or a word of its subject.

    Those that share more come first, then those that are more; one query. A body that was closed stands as its successor.
    """
    asked: dict[str, Any] = {"id": one.complaint_id, "public_service": one.public_service, "words": list(one.words)}
    asked |= {"places": neighbourhood(one.territory, directory), "since": now - YEAR, "until": now}
    found: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for body, *shared, n in await store.like_it(conn, asked):
        if heir := standing(body, directory):
            found[heir, tuple(name for name, same in zip(ON, shared, strict=True) if same)] += n
    rows = [Suggested(body, on, n) for (body, on), n in found.items()]
    return sorted(rows, key=lambda row: (-len(row.on), -row.n, row.body))[:MOST_SUGGESTIONS]


async def duplicates(conn: AsyncConnection, one: Print, directory: Directory, bodies: Collection[str] | None) -> list[Found]:
    """Cases filed within half a year of this one, of these bodies (None: of all), with a text like its own or by the same filer."""
    asked: dict[str, Any] = {"id": one.complaint_id, "bands": list(one.bands), "contacts": list(one.contacts), "filed_at": one.filed_at}
    asked |= {"since": one.filed_at - NEAR_IN_TIME, "until": one.filed_at + NEAR_IN_TIME, "limit": LOOKED_AT}
    rows = await store.alike(conn, asked | {"bodies": None if bodies is None else sorted(bodies)})
    found = [Found(reference, status, body, rest[1], alike(one, _print(*rest), directory)) for reference, status, body, *rest in rows]
    close = [row for row in found if row.alike.filer or row.alike.text >= LEAST_ALIKE]
    return sorted(close, key=lambda row: (-row.alike.weight, row.reference))[:MOST_CANDIDATES]


def _print(id: UUID, filed_at: datetime, public_service: str | None, territory: str, *numbers: Sequence[int]) -> Print:
    words, bands, signature, contacts = (tuple(column) for column in numbers)
    return Print(id, filed_at, public_service, territory, words, bands, signature, contacts)
