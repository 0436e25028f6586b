"""The desk's decisions over HTTP. Each needs If-Match with the version that was read, and gives the case after it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from services.routing.commands import Desk, decide
from services.routing.desk import domain
from services.routing.desk.refusals import conflict
from services.routing.rights import Worker
from services.routing.shapes import Answer, Assignment, CaseOut, Extension, InformationRequest
from shared.contracts.private import RequestText
from shared.contracts.states import Case
from shared.messaging.node import Node
from shared.messaging.registers import Registers
from shared.runtime.ids import uuid7
from shared.runtime.preconditions import IfMatch

router = APIRouter()


def the_node(request: Request) -> Node:
    node: Node = request.app.state.node
    return node


TheNode = Annotated[Node, Depends(the_node)]


@router.post("/v1/cases/{reference}/take-up")
async def take_up(reference: str, version: IfMatch, who: Worker, node: TheNode, response: Response) -> CaseOut:
    """Opens the case at the body's desk, which qualifies it."""

    async def work(desk: Desk) -> Registers:
        return await desk.tell("take-up", "complaint-taken-up", domain.take_up(desk.matter, desk.tx.now))

    return _fresh(await decide(node, who, reference, version, work), response)


@router.post("/v1/cases/{reference}/assignment")
async def assign(reference: str, asked: Assignment, version: IfMatch, who: Worker, node: TheNode, response: Response) -> CaseOut:
    """Gives the case to another body, or back to the national desk."""

    async def work(desk: Desk) -> Registers:
        after = domain.assign(desk.matter, who.role, asked.body, asked.reason, desk.tx.now)
        return await desk.tell("assignment", "complaint-routed", after, asked.reason)

    return _fresh(await decide(node, who, reference, version, work), response)


@router.post("/v1/cases/{reference}/information-requests")
async def ask(reference: str, asked: InformationRequest, version: IfMatch, who: Worker, node: TheNode, response: Response) -> CaseOut:
    """Asks the filer; the case waits until the information comes or the request lapses."""

    async def work(desk: Desk) -> Registers:
        id = uuid7(desk.tx.now)
        after = domain.ask(desk.matter, id, desk.tx.now)
        await desk.write(lambda held: {"requests": (*(held.requests if held else ()), RequestText(id=id, text=asked.text))})
        return await desk.tell("information-request", "information-requested", after)

    return _fresh(await decide(node, who, reference, version, work), response)


@router.post("/v1/cases/{reference}/extensions")
async def extend(reference: str, asked: Extension, version: IfMatch, who: Worker, node: TheNode, response: Response) -> CaseOut:
    """Extends a clock, as far as the procedure allows; one granted after the due time changes nothing."""

    async def work(desk: Desk) -> Registers:
        after = domain.extend(desk.matter, asked.clock, asked.reason, desk.tx.now)
        return await desk.tell("extension", "extension-granted", after, asked.reason)

    return _fresh(await decide(node, who, reference, version, work), response)


@router.post("/v1/cases/{reference}/response")
async def respond(reference: str, asked: Answer, version: IfMatch, who: Worker, node: TheNode, response: Response) -> CaseOut:
    """Answers and closes the case."""

    async def work(desk: Desk) -> Registers:
        after = domain.answer(desk.matter, uuid7(desk.tx.now), asked.outcome, asked.reasons, desk.tx.now)
        await desk.write(lambda held: _words(after, asked))
        return await desk.tell("response", "response-posted", after)

    return _fresh(await decide(node, who, reference, version, work), response)


@router.put("/v1/cases/{reference}/response")
async def amend(reference: str, asked: Answer, version: IfMatch, who: Worker, node: TheNode, response: Response) -> CaseOut:
    """Corrects an answer, by whoever gave it. It keeps its id and the time at which it was first given."""

    async def work(desk: Desk) -> Registers:
        given = desk.matter.case.response
        if given and given.body and who.body is None:
            raise conflict("not-your-answer", "A body gave this answer: only that body can amend it.")
        after = domain.amend(desk.matter, asked.outcome, asked.reasons, desk.tx.now)
        await desk.write(lambda held: _words(after, asked))
        return await desk.tell("amended-response", "response-posted", after, "amended")

    return _fresh(await decide(node, who, reference, version, work), response)


def _words(case: Case, asked: Answer) -> dict[str, Any]:
    assert case.response
    return {"response_id": case.response.id, "outcome": asked.outcome, "reasons": asked.reasons}


def _fresh(registers: Registers, response: Response) -> CaseOut:
    response.headers["ETag"] = f'"{registers.routing_version}"'
    return CaseOut.of(registers)
