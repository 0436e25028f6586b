"""GET /v1/published and GET /v1/report: public, no token, for procedures whose `visibility.public_list` says so."""

import csv
import io
import re
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stats import figures, store
from services.stats.api import as_of, known
from services.stats.publication.domain import PATTERNS, Report, labels, listed, public, reported
from services.stats.publication.shapes import Counts, Hidden, Item, ListAsked, Listed, OfBody, Period, ReportAsked, Reported, counts
from services.stats.store import Published
from shared.contracts.directory import Directory
from shared.contracts.procedures import Procedure
from shared.runtime import cursors
from shared.runtime.errors import Problem

router = APIRouter()
_TOKEN = re.compile("[0-9a-f]{64}")
_COUNTS = ("n", "open", "answered", "refused", "withdrawn", "lapsed")


@router.get("/v1/published", summary="What became of each case of a procedure that lists its answered cases")
async def get_published(request: Request, asked: Annotated[ListAsked, Query()]) -> Listed:
    """Answered cases without reference, person or words: codes, the outcome, and months.

    Open, refused, withdrawn and erased cases are not listed. A case answered while pages are read may be missed; `as_of` says what each
    page was read from. Problems: 422 invalid-field with the procedures that may be asked for, 422 cursor-invalid.
    """
    node, directory = await known(request)
    laws = _laws(asked.procedure, directory)
    async with node.read(snapshot=True) as conn:
        found = await store.published(conn, [law.ref for law in laws], _after(asked.cursor), asked.limit + 1)
        at = await as_of(conn, node, node.clock.now())
    page, least = found[: asked.limit], figures.least_cell(directory, asked.procedure)
    following = cursors.written([page[-1].answered.isoformat(), page[-1].token]) if len(found) > asked.limit else None
    items = [_item(one, directory, least) for one in page]
    return Listed(as_of=at, title=laws[-1].title, labels=labels(laws), items=items, next=following)


@router.get("/v1/report", summary="A periodic report of a procedure that lists its answered cases", response_model=Reported)
async def get_report(request: Request, asked: Annotated[ReportAsked, Query()]) -> Reported | Response:
    """Counts by status, outcome and body for each quarter or year of filing, all of one instant; `format=csv`: the same as a table.

    Counts below the procedure's smallest cell are hidden, and with them those from which they would follow. Problems: 422 invalid-field.
    """
    node, directory = await known(request)
    laws = _laws(asked.procedure, directory)
    async with node.read(snapshot=True) as conn:
        report = await _report(conn, laws, asked, directory)
        made = Reported(
            as_of=await as_of(conn, node, node.clock.now()), title=laws[-1].title, labels=labels(laws), periods=_periods(report)
        )
    return made if asked.format == "json" else _table(made, asked.procedure)


async def _report(conn: AsyncConnection, laws: list[Procedure], asked: ReportAsked, directory: Directory) -> Report:
    pattern = PATTERNS[asked.period]
    groups = await store.report(conn, [law.ref for law in laws], pattern)
    whole, by_body = await store.filed_by_period(conn, pattern), await store.totals(conn, "body", {})
    rows = ((one.period, one.body, one.status, one.outcome, one.n) for one in groups)
    return reported(rows, whole, by_body, figures.least_cell(directory, asked.procedure))


def _laws(code: str, directory: Directory) -> list[Procedure]:
    found = listed(directory)
    if code not in found:
        detail = "Give the code of a procedure that lists its answered cases."
        raise Problem(422, "invalid-field", detail, field="procedure", allowed=sorted(found))
    return found[code]


def _item(one: Published, directory: Directory, least: int) -> Item:
    return Item(
        procedure=one.procedure,
        body=one.body,
        public_service=one.public_service,
        territory=one.territory if one.beside >= least else None,
        coded=public(directory.procedure(one.procedure), one.coded),
        outcome=one.outcome,
        filed=f"{one.filed:%Y-%m}",
        answered=f"{one.answered:%Y-%m}",
    )


def _after(cursor: str | None) -> tuple[date, str] | None:
    if cursor is None:
        return None
    try:
        month, token = cursors.read(cursor)
        if not _TOKEN.fullmatch(token):
            raise ValueError
        return date.fromisoformat(month), token
    except (ValueError, TypeError):
        raise cursors.invalid() from None


def _periods(report: Report) -> list[Period]:
    """The newest first."""
    bodies: dict[str, list[OfBody]] = {period: [] for period in report.periods}
    for (period, body), row in report.bodies.items():
        bodies[period].append(OfBody(body=body, counts=counts(row)))
    return [Period(period=name, counts=counts(row), bodies=bodies[name]) for name, row in sorted(report.periods.items(), reverse=True)]


def _table(made: Reported, procedure: str) -> Response:
    """One row a period, then one for each of its bodies; counts that are hidden are empty."""
    outcomes = sorted(made.labels["outcome"].keys() | {code for one in made.periods for code in _outcomes(one.counts)})
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["as_of", "period", "scope", "body", *_COUNTS, *(f"outcome_{code}" for code in outcomes), "hidden"])
    at = made.as_of.model_dump(mode="json")["at"]
    for one in made.periods:
        for scope, body, row in (("all", "", one.counts), *(("body", of.body or "", of.counts) for of in one.bodies)):
            writer.writerow([at, one.period, scope, body, *_numbers(row, outcomes)])
    headers = {"Content-Disposition": f'attachment; filename="{procedure}.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _outcomes(row: Counts | Hidden) -> dict[str, int]:
    return row.outcomes if isinstance(row, Counts) else {}


def _numbers(row: Counts | Hidden, outcomes: list[str]) -> list[int | str]:
    if isinstance(row, Hidden):
        return [*[""] * (len(_COUNTS) + len(outcomes)), "yes"]
    return [*(getattr(row, name) for name in _COUNTS), *(row.outcomes.get(code, 0) for code in outcomes), ""]
