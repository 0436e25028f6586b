"""What a body's admin may not change themselves they propose; the national desk accepts it, or declines it with a reason."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, Field

from services.routing.calls import TheNode
from services.routing.commands import deciding
from services.routing.desk.refusals import Refused, conflict
from services.routing.directory import examples, proposal_store
from services.routing.directory.access import NATIONAL, author, demand_theirs, find_body
from services.routing.directory.body_edits import changed_body, day
from services.routing.directory.changing import Dated, shown, within_record
from services.routing.directory.editing import differences
from services.routing.directory.proposal_store import Proposal
from services.routing.directory.writing import stored, today, write
from services.routing.rights import National, within
from services.routing.shapes import Asked
from shared.contracts.base import Instant
from shared.contracts.directory import BodyRecord
from shared.contracts.directory_records import TerritoryCode
from shared.contracts.words import Code, Label
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal, staff
from shared.runtime.errors import Problem
from shared.runtime.examples import in_answer
from shared.runtime.examples import shown as shown_as
from shared.runtime.preconditions import IfMatch
from shared.runtime.scope import scope
from shared.runtime.text import Clean

router = APIRouter(prefix="/v1/directory")
Proposer = Annotated[Principal, Depends(staff("body-admin"))]
Watcher = Annotated[Principal, Depends(staff("body-admin", NATIONAL, "auditor"))]
Words = Annotated[str, Clean(1_000)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


class Propose(Dated):
    """The fields that would change; those left out stay."""

    model_config = shown_as(examples.PROPOSE)

    name: Label | None = Field(default=None, description="The new name, in every language of the jurisdiction.")
    parent: Code | None = None
    territory: TerritoryCode | None = None
    online: bool = Field(default=True, description="Whether rules may send cases to it.")
    reason: Words | None = Field(default=None, description="Why, for the national desk: a decree, a decision of the council.")


class Decline(Asked):
    model_config = shown_as(examples.DECLINE)

    reason: Words


class Decision(BaseModel):
    at: Instant
    role: str
    reason: str | None = Field(description="Of a declined one.")


class ProposalOut(BaseModel):
    """`fields` as [before, after], as they were when it was made; `on` null: from the day on which it is accepted."""

    model_config = shown_as(examples.PROPOSAL)

    id: int
    about: str
    version: int = Field(description="Of the body's record that was read.")
    on: date | None
    fields: dict[str, list[Any]]
    reason: str | None
    at: Instant
    role: str
    by_body: str | None
    state: Literal["open", "accepted", "declined"]
    decision: Decision | None

    @classmethod
    def of(cls, found: Proposal) -> Self:
        decided = {"at": found.decided_at, "role": found.decided_role, "reason": found.comment} if found.decided_at else None
        named = {"about": found.key.partition("/")[2], "on": found.valid_from, "by_body": found.body, "decision": decided}
        return cls.model_validate({**vars(found), **named})


class ProposalPage(BaseModel):
    model_config = shown_as({"proposals": [examples.PROPOSAL], "next": None})

    proposals: list[ProposalOut]
    next: int | None = Field(description="For `after`; null: this was the last page.")


@router.post("/bodies/{id}/proposals", status_code=201)
async def propose(id: str, asked: Propose, version: IfMatch, who: Proposer, node: TheNode) -> ProposalOut:
    """Proposes what only the national desk may change. Nothing changes until it is accepted. 409 nothing-changes."""
    fields = {name: getattr(asked, name) for name in asked.model_fields_set - {"on", "reason"}}
    if "name" in fields and fields["name"] is None:
        raise Problem(422, "invalid-field", "A body has a name: give the new one, or leave it out.", field="name")

    async def work(tx: Tx) -> Proposal:
        body = find_body(await stored(tx), id)
        demand_theirs(who, body, tx.directory)
        find_body(tx.directory, id, version)
        after = _after(tx, body, asked.on, fields)
        changes = {name: both for name, both in differences(body, after).items() if name in fields}
        return await proposal_store.add(tx.conn, author(who), tx.now, body.key, body.version, asked.on, changes, asked.reason)

    return ProposalOut.of(await within_record(deciding(node, work)))


@router.get("/proposals")
async def list_proposals(
    who: Watcher,
    node: TheNode,
    state: Literal["open", "accepted", "declined"] | None = None,
    body: Annotated[str | None, Query(max_length=64)] = None,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ProposalPage:
    """Proposals about your body and those below it; at the national desk about all. Oldest first."""
    bodies = within(scope(who, await node.directory()), body)
    keys = None if bodies is None else sorted(f"body/{id}" for id in bodies)
    async with node.read() as conn:
        found = await proposal_store.listed(conn, keys, state, after, limit + 1)
    return ProposalPage(proposals=[ProposalOut.of(one) for one in found[:limit]], next=found[limit - 1].id if len(found) > limit else None)


@router.post("/proposals/{number}/acceptance", responses=in_answer(examples.RECORD))
async def accept(number: Number, version: IfMatch, who: National, node: TheNode, response: Response) -> BodyRecord:
    """Makes the change that was proposed, on the body's record as you have read it (If-Match). 409 proposal-decided, nothing-changes."""

    async def work(tx: Tx) -> BodyRecord:
        directory = await stored(tx)
        found = await _open(tx, number)
        body = find_body(directory, found.key.partition("/")[2], version)
        after = _after(tx, body, found.valid_from, {name: new for name, (_, new) in found.fields.items()})
        await write(tx, author(who), "proposal", [after], proposal=number)
        await proposal_store.decide(tx.conn, author(who), tx.now, number, "accepted", None)
        return after

    changed = await within_record(deciding(node, work))
    node.cache.expire()
    return shown(changed, response)


@router.post("/proposals/{number}/refusal", responses=in_answer(examples.DECLINED))
async def decline(number: Number, asked: Decline, who: National, node: TheNode) -> ProposalOut:
    """Declines what was proposed; whoever proposed it reads the reason. 409 proposal-decided."""

    async def work(tx: Tx) -> Proposal:
        await _open(tx, number)
        return await proposal_store.decide(tx.conn, author(who), tx.now, number, "declined", asked.reason)

    return ProposalOut.of(await deciding(node, work))


async def _open(tx: Tx, number: int) -> Proposal:
    """Problems: 404 proposal-unknown; 409 proposal-decided."""
    found = await proposal_store.find(tx.conn, number)
    if found is None:
        raise Problem(404, "proposal-unknown", "No proposal has this number: take one from the list.")
    if found.state != "open":
        raise Problem(409, "proposal-decided", f"This proposal was {found.state} already.")
    return found


def _after(tx: Tx, body: BodyRecord, on: date | None, fields: dict[str, Any]) -> BodyRecord:
    if body.closed_on:
        raise conflict("body-closed", "This body was closed: its record stays as it is.")
    after = changed_body(body, day(on, today(tx)), tx.directory, fields)
    if after is None:
        raise Refused("nothing-changes", "The record says so already.", status=409)
    return after
