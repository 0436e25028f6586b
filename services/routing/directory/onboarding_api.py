"""Bringing bodies on line, over HTTP: invitations, tests of their mailbox, who never came, and the public coverage."""

from collections.abc import Sequence
from datetime import date
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.routing.calls import TheNode
from services.routing.desk.refusals import conflict
from services.routing.directory import examples, onboarding, store
from services.routing.directory.access import Keeper, Overseer
from services.routing.directory.bodies_api import changed
from services.routing.directory.changing import shown
from services.routing.directory.editing import edited
from services.routing.directory.writing import today
from services.routing.rights import National
from shared.contracts.base import Instant
from shared.contracts.directory import BodyRecord
from shared.contracts.directory_records import Editable
from shared.contracts.procedures import Family
from shared.contracts.words import Label
from shared.messaging.tx import Tx
from shared.runtime.examples import in_answer
from shared.runtime.examples import shown as shown_as
from shared.runtime.preconditions import IfMatch

router = APIRouter(prefix="/v1/directory")


class FamilyOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    family: str
    bodies: int = Field(description="Open bodies that the directory has.")
    online: int = Field(description="Those to which rules may send and of which somebody has come with a good token.")
    target: int | None
    source: str | None


class PhaseOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    code: str
    label: Label
    target: int
    reached: bool


class CoverageOut(BaseModel):
    """How many bodies are on line, by family and against the country's targets."""

    model_config = shown_as(examples.COVERAGE, from_attributes=True)

    bodies: int
    online: int
    families: list[FamilyOut]
    phases: list[PhaseOut]


class BodyLine(BaseModel):
    """A body on its way on line. Days are local ones of the jurisdiction."""

    id: str
    name: Label
    family: str
    online: bool = Field(description="Whether rules may send cases to it.")
    has_mailbox: bool
    invited_at: Instant | None
    contact_tested_at: Instant | None
    first_login: date | None
    last_login: date | None


class OnboardingOut(BaseModel):
    model_config = shown_as(examples.ONBOARDING)

    bodies: list[BodyLine]
    next: str | None = Field(description="For `after`; null: this was the last page.")


@router.get("/coverage")
async def read_coverage(node: TheNode) -> CoverageOut:
    """Public. A body counts as on line once somebody of it has come; a closed one counts no more."""
    directory = await node.directory()
    async with node.read() as conn:
        found = onboarding.coverage(directory, await store.logins(conn))
    return CoverageOut.model_validate(found)


@router.get("/onboarding")
async def list_onboarding(
    who: Overseer,
    node: TheNode,
    never: bool = False,
    family: Family | None = None,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OnboardingOut:
    """Open bodies by id, with when they were invited and when somebody of them came; never=true: those of which nobody did."""
    directory = await node.directory()
    async with node.read() as conn:
        logins = await store.logins(conn)
    found = list(islice(onboarding.open_bodies(directory, logins, never=never, family=family, after=after), limit + 1))
    lines = [_line(body, logins) for body in found[:limit]]
    return OnboardingOut(bodies=lines, next=lines[-1].id if len(found) > limit else None)


@router.post("/bodies/{id}/invitation", responses=in_answer(examples.RECORD))
async def invite(id: str, version: IfMatch, who: National, node: TheNode, response: Response) -> BodyRecord:
    """Has the body's mailbox written to, how to come on line. 409 mailbox-missing, body-closed."""

    def make(tx: Tx, body: BodyRecord) -> Sequence[Editable]:
        return [edited(_reachable(body), today(tx), invited_at=tx.now)]

    return shown(await changed(node, who, id, version, "invitation", make), response)


@router.post("/bodies/{id}/contact-test", responses=in_answer(examples.RECORD))
async def test_contact(id: str, version: IfMatch, who: Keeper, node: TheNode, response: Response) -> BodyRecord:
    """Has a test message sent to the body's mailbox. 409 mailbox-missing, body-closed."""

    def make(tx: Tx, body: BodyRecord) -> Sequence[Editable]:
        return [edited(_reachable(body), today(tx), contact_tested_at=tx.now)]

    return shown(await changed(node, who, id, version, "contact-test", make), response)


def _reachable(body: BodyRecord) -> BodyRecord:
    if body.closed_on:
        raise conflict("body-closed", "This body was closed: write to the one that stands in its place.")
    if body.mailbox is None:
        raise conflict("mailbox-missing", "The body has no mailbox yet: enter one first.")
    return body


def _line(body: BodyRecord, logins: onboarding.Logins) -> BodyLine:
    first, last = logins.get(body.id, (None, None))
    return BodyLine(
        id=body.id,
        name=body.name,
        family=body.family,
        online=body.online,
        has_mailbox=body.mailbox is not None,
        invited_at=body.invited_at,
        contact_tested_at=body.contact_tested_at,
        first_login=first,
        last_login=last,
    )
