"""GET /v1/figures: public, no token."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stats import figures, store
from services.stats.cells import Cover
from services.stats.domain import local_date, time_zone
from services.stats.questions import Asked, check
from services.stats.shapes import AsOf, Figures, Question
from shared.contracts.directory import Directory
from shared.messaging import positions
from shared.messaging.node import Node
from shared.runtime.errors import Problem

router = APIRouter()


def mount(app: FastAPI, node: Node) -> None:
    app.include_router(router)


@router.get("/v1/figures", summary="Counts by body, public service, territory or month of filing")
async def get_figures(request: Request, question: Annotated[Question, Query()]) -> Figures:
    """Everything in one answer is of one instant of the store, and as_of names the prefix of the log that it came from.

    Rows that could point at a person are hidden: fewer than 5 complaints where a filter crosses the rows, or below a region.
    """
    node, directory = await known(request)
    asked = check(question, directory)
    async with node.read(snapshot=True) as conn:
        return await answer(conn, node, asked, directory)


async def known(request: Request) -> tuple[Node, Directory]:
    """Problem 503 starting: there is no directory yet by which to count."""
    node: Node = request.app.state.node
    directory = await node.directory()
    if directory.pack is None:
        raise Problem(503, "starting", "The directory has not been read yet: ask again.", headers={"Retry-After": "2"})
    return node, directory


async def answer(conn: AsyncConnection, node: Node, asked: Asked, directory: Directory) -> Figures:
    now = node.clock.now()
    places = figures.roll_up(directory, asked.level) if asked.by == "territory" else {}
    counts = await store.figures(conn, asked.by, asked.filters, now, local_date(now, time_zone(directory)), places)
    found = Cover()
    if figures.is_crossed(asked.by, asked.level, asked.filters):
        unfiltered = await store.totals(conn, asked.by, places)
        regions = figures.roll_up(directory, "region") if asked.by == "territory" else {}
        found = figures.covered(counts, unfiltered, regions, figures.least_cell(directory, asked.filters.procedure))
    return Figures(
        as_of=await as_of(conn, node, now),
        by=asked.by,
        withheld=bool(found.dropped),
        rows=figures.published(counts, found, rates=asked.rates),
    )


async def as_of(conn: AsyncConnection, node: Node, now: datetime) -> AsOf:
    return AsOf(at=now, offsets=await offsets(conn, node.consumer))


async def offsets(conn: AsyncConnection, consumer: str) -> dict[str, dict[int, int]]:
    """A partition of which nothing is counted has no entry, whether or not its position was ever made."""
    by_topic: dict[str, dict[int, int]] = {}
    for (topic, partition), offset in sorted((await positions.read(conn, consumer)).items()):
        if offset:
            by_topic.setdefault(topic, {})[partition] = offset
    return by_topic
