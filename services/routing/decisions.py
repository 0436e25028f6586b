"""The desk's decisions over HTTP. Each needs If-Match with the version that was read, and gives the case after it."""

from typing import Any

from fastapi import APIRouter

from services.routing.calls import TheCall, Version
from services.routing.commands import Desk
from services.routing.desk import domain
from services.routing.desk.refusals import conflict
from services.routing.shapes import Answer, Assignment, CaseOut, Extension, InformationRequest
from services.routing.work import drafts
from shared.contracts.private import RequestText
from shared.contracts.states import Case
from shared.messaging.registers import Registers
from shared.runtime.ids import uuid7

router = APIRouter()


@router.post("/v1/cases/{reference}/take-up")
async def take_up(call: TheCall, version: Version) -> CaseOut:
    """Opens the case at the body's desk, which qualifies it."""

    async def work(desk: Desk) -> Registers:
        return await desk.tell("take-up", "complaint-taken-up", domain.take_up(desk.matter, desk.tx.now))

    return await call.decide(version, work)


@router.post("/v1/cases/{reference}/assignment")
async def assign(call: TheCall, asked: Assignment, version: Version) -> CaseOut:
    """Gives the case to another body, or back to the national desk."""

    async def work(desk: Desk) -> Registers:
        after = domain.assign(desk.matter, call.who.role, asked.body, asked.reason, desk.tx.now)
        return await desk.tell("assignment", "complaint-routed", after, asked.reason)

    return await call.decide(version, work)


@router.post("/v1/cases/{reference}/information-requests")
async def ask(call: TheCall, asked: InformationRequest, version: Version) -> CaseOut:
    """Asks the filer; the case waits until the information comes or the request lapses."""

    async def work(desk: Desk) -> Registers:
        id = uuid7(desk.tx.now)
        after = domain.ask(desk.matter, id, desk.tx.now)
        await desk.write(lambda held: {"requests": (*(held.requests if held else ()), RequestText(id=id, text=asked.text))})
        return await desk.tell("information-request", "information-requested", after)

    return await call.decide(version, work)


@router.post("/v1/cases/{reference}/extensions")
async def extend(call: TheCall, asked: Extension, version: Version) -> CaseOut:
    """Extends a clock, as far as the procedure allows; one granted after the due time changes nothing."""

    async def work(desk: Desk) -> Registers:
        after = domain.extend(desk.matter, asked.clock, asked.reason, desk.tx.now)
        return await desk.tell("extension", "extension-granted", after, asked.reason)

    return await call.decide(version, work)


@router.post("/v1/cases/{reference}/response")
async def respond(call: TheCall, asked: Answer, version: Version) -> CaseOut:
    """Answers and closes the case. 409 approval-missing: the procedure wants these words approved, as a draft, first."""

    async def work(desk: Desk) -> Registers:
        return await answer(desk, asked)

    return await call.decide(version, work)


async def answer(desk: Desk, asked: Answer) -> Registers:
    after = domain.answer(desk.matter, uuid7(desk.tx.now), asked.outcome, asked.reasons, desk.tx.now)
    await drafts.spend(desk, asked.outcome, asked.reasons)
    await desk.write(lambda held: _words(after, asked))
    return await desk.tell("response", "response-posted", after)


@router.post("/v1/cases/{reference}/closure")
async def close(call: TheCall, version: Version) -> CaseOut:
    """Closes a case as lapsed: its filer was asked, and the time to answer is over. 409 nothing-lapsed."""

    async def work(desk: Desk) -> Registers:
        return await desk.tell("closure", "complaint-closed", domain.close_lapsed(desk.matter, desk.tx.now), "lapsed")

    return await call.decide(version, work)


@router.put("/v1/cases/{reference}/response")
async def amend(call: TheCall, asked: Answer, version: Version) -> CaseOut:
    """Corrects an answer, by whoever gave it. It keeps its id and the time at which it was first given."""

    async def work(desk: Desk) -> Registers:
        given = desk.matter.case.response
        if given and given.body and call.who.body is None:
            raise conflict("not-your-answer", "A body gave this answer: only that body can amend it.")
        after = domain.amend(desk.matter, asked.outcome, asked.reasons, desk.tx.now)
        await drafts.spend(desk, asked.outcome, asked.reasons)
        await desk.write(lambda held: _words(after, asked))
        return await desk.tell("amended-response", "response-posted", after, "amended")

    return await call.decide(version, work)


def _words(case: Case, asked: Answer) -> dict[str, Any]:
    assert case.response
    return {"response_id": case.response.id, "outcome": asked.outcome, "reasons": asked.reasons}
