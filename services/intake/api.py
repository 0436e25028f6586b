"""The routes of intake."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from services.intake.access import Caller, Checker, Filer, KnownCaller
from services.intake.catalogue import Catalogue
from services.intake.domain import LinkGiven, Submission
from services.intake.handlers import Intake
from services.intake.page_shapes import Tracking
from services.intake.problems import directory_of
from services.intake.shapes import (
    Checked,
    CheckIn,
    DirectoryOut,
    Erased,
    FilingIn,
    InformationIn,
    Rated,
    RatingIn,
    Receipt,
    Supplied,
    Withdrawn,
)
from shared.contracts.private import Person
from shared.runtime.errors import Problem
from shared.runtime.ids import parse_reference
from shared.runtime.preconditions import IdempotencyKey, request_digest

FILERS = ("body-agent", "body-admin", "national-desk")
"""Roles that enter what a person brought, said or sent."""

router = APIRouter(prefix="/v1")
_NO_STORE = {"Cache-Control": "no-store"}


async def _intake(request: Request) -> Intake:
    # Not a plain function: those are run in a thread, which costs more than the whole dependency.
    found: Intake = request.app.state.intake
    return found


IntakeHere = Annotated[Intake, Depends(_intake)]


@router.post("/complaints", status_code=201, response_model=Receipt)
async def file_complaint(intake: IntakeHere, who: Filer, key: IdempotencyKey, given: FilingIn) -> Response:
    """Files a complaint, an observation, a suggestion or a request. The receipt's secret opens its page: keep it.

    The same request under the same key gives the same receipt for 72 hours. A renewal or an appeal is a filing with links.
    """
    if who.secret:
        raise Problem(
            401, "token-invalid", "A complaint is filed without a token, or with a staff token.", headers={"WWW-Authenticate": "Bearer"}
        )
    if who.staff and who.staff.role not in FILERS:
        raise Problem(403, "role-not-allowed", f"Filing for a person needs one of the roles {', '.join(FILERS)}.")
    receipt = await intake.filings.file(_submission(given, who), who, key, _digest(intake, given, who, "filing"))
    return _answer(receipt, 201, Location=f"/v1/complaints/{receipt.reference}")


@router.post("/complaints/check", response_model=Checked)
async def check(
    intake: IntakeHere,
    who: Checker,
    given: CheckIn,
    lang: Annotated[str | None, Query(max_length=35, description="Language of the doors' names, before Accept-Language.")] = None,
    accept_language: Annotated[str | None, Header(max_length=500)] = None,
) -> Response:
    """Before filing: whether these words have a better door than a complaint. Nothing is stored or logged, and filing stays free."""
    checked = await intake.check(given, lang, accept_language)
    return _answer(checked, 200, Vary="Accept-Language")


@router.get("/complaints/{reference}", response_model=Tracking)
async def track(
    intake: IntakeHere,
    who: KnownCaller,
    reference: str,
    lang: Annotated[str | None, Query(max_length=35, description="Language of names and reasons, before Accept-Language.")] = None,
    accept_language: Annotated[str | None, Header(max_length=500)] = None,
) -> Response:
    """A complaint's page: where it is, when the answer is due and why, what happened. Staff see it without the person's words."""
    page = await intake.page(reference, who, lang, accept_language)
    return _answer(page.tracking(), 200, **{"Content-Language": page.languages[0], "Vary": "Accept-Language, Authorization"})


@router.post("/complaints/{reference}/information", status_code=201, response_model=Supplied)
async def supply(intake: IntakeHere, who: KnownCaller, reference: str, key: IdempotencyKey, given: InformationIn) -> Response:
    """Answers a body's request for information. After closing it is kept with the papers (note: closed), and nothing reopens."""
    return _answer(await intake.supply(reference, who, key, _digest(intake, given, who, f"information {_plain(reference)}"), given), 201)


@router.post("/complaints/{reference}/withdrawal", status_code=202, response_model=Withdrawn)
async def withdraw(intake: IntakeHere, who: KnownCaller, reference: str) -> Response:
    """Withdraws a complaint; repeating it changes nothing. An answer posted before stands."""
    return _answer(await intake.withdraw(reference, who), 202)


@router.post("/complaints/{reference}/rating", response_model=Rated)
async def rate(intake: IntakeHere, who: KnownCaller, reference: str, given: RatingIn) -> Response:
    """Rates an answer; a later rating of the same answer replaces it. The comment is read by nobody but you and the body."""
    return _answer(await intake.rate(reference, who, given), 200)


@router.delete("/complaints/{reference}/person", status_code=202, response_model=Erased)
async def erase(intake: IntakeHere, who: KnownCaller, reference: str) -> Response:
    """Forgets the person of a closed complaint: here at once, on the log within a day. What happened to the case remains."""
    return _answer(await intake.erase(reference, who), 202)


@router.get("/directory", response_model=DirectoryOut)
async def directory(request: Request, intake: IntakeHere, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Bodies, public services, territories and procedures with their forms: the codes that a filing names."""
    catalogue: Catalogue = request.app.state.catalogue
    body, etag = catalogue.document(*await directory_of(intake.node))
    headers = {"ETag": etag, "Cache-Control": "public, max-age=60"}
    if if_none_match and (if_none_match.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _submission(given: FilingIn, who: Caller) -> Submission:
    return Submission(
        procedure=given.procedure,
        territory=given.territory,
        subject=given.subject,
        narrative=given.narrative,
        person=Person(**vars(given.filer)),
        channel=given.channel,
        public_service=given.public_service,
        body=given.body,
        coded=given.coded,
        private=given.private,
        links=tuple(LinkGiven(link.rel, link.reference, link.secret) for link in given.links),
        filed_at=given.filed_at,
        entered_by=who.staff.role if who.staff else None,
    )


def _digest(intake: Intake, given: BaseModel, who: Caller, act: str) -> bytes:
    return request_digest(intake.key, given, act, who.role, who.staff.body if who.staff else None)


def _plain(reference: str) -> str:
    try:
        return parse_reference(reference)
    except ValueError:
        return ""


def _answer(document: BaseModel, status: int, **headers: str) -> Response:
    """No shared cache may keep it: it holds a secret or what only its holder may read."""
    return Response(to_json(document, by_alias=False), status, {**_NO_STORE, **headers}, media_type="application/json")
