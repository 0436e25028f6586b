"""The search of an agent while the caller waits: by reference, phone, name or words, among the cases of their scope."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing import store
from services.routing.calls import TheNode
from services.routing.desk.names import is_phone, phone_tail
from services.routing.filters import Filter
from services.routing.models import Entry
from services.routing.questions import Asked
from services.routing.rights import Worker
from services.routing.work import search_store
from services.routing.work.search_store import Found
from services.routing.work.shapes import FoundLine, FoundOut
from shared.contracts.private import Papers
from shared.contracts.registry import PAPERS
from shared.messaging import private
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal
from shared.runtime.ids import parse_reference

router = APIRouter()

MOST = 50
FEW = 5
"""With fewer found by their very words, names that sound alike are shown too."""
Words = Annotated[str, Query(min_length=2, max_length=200, description="A reference, a phone number, a name, or words of the complaint.")]


@router.get("/v1/search")
async def search(q: Words, who: Worker, node: TheNode, asked: Asked) -> FoundOut:
    """The newest 50 cases that fit, with filer and subject: who has seen whose is in the audit. All filters of the queue hold."""

    async def work(tx: Tx) -> FoundOut:
        wanted = await asked.narrowed(tx.conn, who, tx.directory, tx.now)
        found = await _look(tx.conn, q, wanted)
        return await _shown(tx, who, found)

    return await node.command(work)


async def _look(conn: AsyncConnection, q: str, wanted: Filter) -> list[Found]:
    if found := await _by_reference(conn, q, wanted):
        return found
    if (tail := phone_tail(q)) and is_phone(q):
        return await search_store.by_phone(conn, tail, wanted, MOST + 1)
    found = await search_store.by_words(conn, q, wanted, MOST + 1)
    if len(found) < FEW:
        known = {one.case.complaint_id for one in found}
        alike = await search_store.by_like_names(conn, q, wanted, MOST)
        found += [one for one in alike if one.case.complaint_id not in known]
    return found


async def _by_reference(conn: AsyncConnection, q: str, wanted: Filter) -> list[Found]:
    try:
        return await search_store.by_reference(conn, parse_reference(q), wanted)
    except ValueError:
        return []


async def _shown(tx: Tx, who: Principal, found: Sequence[Found]) -> FoundOut:
    page = found[:MOST]
    papers = await private.many(tx.conn, PAPERS, [one.case.complaint_id for one in page])
    if papers:
        shown = [one.case.reference for one in page if one.case.complaint_id in papers]
        await store.note(tx.conn, Entry(tx.now, who.sub, who.role, who.body, None, "read-search", shown))
    return FoundOut(found=[_line(one, papers.get(one.case.complaint_id)) for one in page], more=len(found) > MOST)


def _line(found: Found, doc: object) -> FoundLine:
    papers = doc if isinstance(doc, Papers) else None
    told = {"match": found.match, "name": papers.person.name if papers else None, "subject": papers.subject if papers else None}
    return FoundLine.model_validate({**found.case._asdict(), **told})
