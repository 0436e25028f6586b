"""GET /v1/complaints/{reference}/deadlines and /elapsed: for staff, within their scope."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from pydantic import BaseModel

from services.deadlines import examples, preview_api
from services.deadlines.domain import Timed, clocks_of
from shared.contracts.base import Instant
from shared.contracts.clocks import shown
from shared.contracts.directory import Directory
from shared.contracts.elapsed import Elapsed, elapsed
from shared.contracts.languages import reading_order, said
from shared.contracts.states import ClockState, WhyStep
from shared.contracts.why import LANGUAGES, explain
from shared.messaging import registers
from shared.messaging.node import Node
from shared.messaging.registers import Registers
from shared.runtime.auth import Principal, staff
from shared.runtime.errors import Problem
from shared.runtime.examples import in_answer
from shared.runtime.examples import shown as shown_as
from shared.runtime.ids import parse_reference
from shared.runtime.scope import reaches

router = APIRouter()
READERS = ("body-agent", "approver", "body-admin", "machine", "national-desk", "auditor")
PENDING = "pending"


class Deadline(BaseModel):
    """One clock. clock and label are null where the procedure itself is not known yet.

    status: pending (procedure or calendar not known yet), running, paused, met, breached, ended (withdrawn or lapsed).
    due_at is the first instant that is too late, last_day the last legal day; why says how they come about, why_in the same in
    every language, steps in codes.
    """

    model_config = shown_as(examples.CLOCK)

    clock: str | None = None
    label: str | None = None
    holder: str | None = None
    body: str | None = None
    starts_at: Instant | None = None
    due_at: Instant | None = None
    last_day: date | None = None
    status: str
    breached_at: Instant | None = None
    corrected_at: Instant | None = None
    why: list[str] = []
    why_in: dict[str, list[str]] = {}
    steps: tuple[WhyStep, ...] = ()


def mount(app: FastAPI, node: Node) -> None:
    app.include_router(router)
    app.include_router(preview_api.router)


@router.get("/v1/complaints/{reference}/deadlines", summary="The clocks of a complaint, and why they are due when they are")
async def get_deadlines(
    request: Request,
    reference: str,
    reader: Annotated[Principal, Depends(staff(*READERS))],
    lang: Annotated[str | None, Query(description="ar, fr or en; else Accept-Language.", max_length=16)] = None,
    accept_language: Annotated[str, Header()] = "",
) -> list[Deadline]:
    """Every clock as it was last told, with the reasons of its date; one that is pending where the procedure is not known yet."""
    found, directory = await _readable(request.app.state.node, reference, reader)
    return deadlines(found, directory, reading_order(lang, accept_language, LANGUAGES[0], LANGUAGES)[0])


@router.get(
    "/v1/complaints/{reference}/elapsed",
    summary="How long the citizen has waited in all, and each body's custody",
    responses=in_answer(examples.ELAPSED),
)
async def get_elapsed(request: Request, reference: str, reader: Annotated[Principal, Depends(staff(*READERS))]) -> Elapsed:
    """The two clocks that run under every procedure, also one without deadlines; whole days by local date."""
    node: Node = request.app.state.node
    found, directory = await _readable(node, reference, reader)
    calendar = directory.calendar()
    if calendar is None:
        raise Problem(
            503, "calendar-unknown", "The jurisdiction's calendar has not been read yet: try again.", headers={"Retry-After": "2"}
        )
    return elapsed(found.header, found.intake, found.routing, calendar, node.clock.now())


def deadlines(found: Registers, directory: Directory, language: str) -> list[Deadline]:
    """Clocks as they were last told, in the words of the law; what they have become since is in their status."""
    timed = clocks_of(found.header, found.intake, found.routing, directory) if found.intake else None
    if timed is None and not found.deadlines:
        return [Deadline(status=PENDING)]
    by_code = {clock.rule.code: clock for clock in timed or ()}
    return [_deadline(clock, by_code.get(clock.code), language) for clock in found.deadlines or ()]


def _deadline(clock: ClockState, timed: Timed | None, language: str) -> Deadline:
    return Deadline(
        **{name: getattr(clock, name) for name in ("holder", "body", "starts_at", "due_at", "last_day", "breached_at", "corrected_at")},
        clock=clock.code,
        label=said(timed.rule.label, (language,)) if timed else None,
        status=shown(clock, timed.stop if timed else None),
        why=explain(clock, language),
        why_in={each: explain(clock, each) for each in LANGUAGES},
        steps=clock.why,
    )


async def _readable(node: Node, reference: str, reader: Principal) -> tuple[Registers, Directory]:
    directory, found = await node.directory(), await _find(node, reference)
    if found is None or not reaches(reader, found, directory):
        raise Problem(404, "complaint-unknown", "No complaint with this reference is within your reach.")
    return found, directory


async def _find(node: Node, reference: str) -> Registers | None:
    try:
        written = parse_reference(reference)
    except ValueError:
        return None
    async with node.read() as conn:
        return await registers.find(conn, written, lock=False)
