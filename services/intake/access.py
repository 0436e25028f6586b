"""Who may open a complaint: the holder of its secret, or staff whose scope holds it. All others get one and the same 404."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake import store
from shared.contracts.directory import Directory
from shared.contracts.states import Case
from shared.runtime.auth import Principal, Verifier
from shared.runtime.errors import Problem
from shared.runtime.ids import parse_reference, secret_fits

_BEARER = HTTPBearer(auto_error=False, description="A complaint's secret (s1.…), or a token of the platform's OIDC issuer.")
_NOBODY = UUID(int=0)
READERS = ("body-agent", "approver", "body-admin", "machine", "national-desk", "auditor")


@dataclass(frozen=True)
class Caller:
    """A member of staff, or whoever holds this secret; neither for a caller without a token."""

    staff: Principal | None = None
    secret: str | None = None

    @property
    def role(self) -> str:
        return self.staff.role if self.staff else "citizen"


async def caller(request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> Caller:
    """A JWT has two dots, a secret one. Problem 401 `token-invalid` for a JWT that is not to be believed."""
    if bearer is None:
        return Caller()
    if bearer.credentials.count(".") != 2:
        return Caller(secret=bearer.credentials)
    verifier: Verifier | None = getattr(request.app.state, "verifier", None)
    if verifier is None:
        raise Problem(401, "token-invalid", "No issuer of staff tokens is set up here.", headers={"WWW-Authenticate": "Bearer"})
    return Caller(staff=await verifier.principal(bearer.credentials))


async def known_caller(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Problem 401 `token-missing` without a token."""
    if who == Caller():
        detail = "Send the complaint's secret as Authorization: Bearer s1.…; it is on the receipt."
        raise Problem(401, "token-missing", detail, headers={"WWW-Authenticate": "Bearer"})
    return who


AnyCaller = Annotated[Caller, Depends(caller)]
KnownCaller = Annotated[Caller, Depends(known_caller)]


async def open_with_secret(conn: AsyncConnection, key: bytes, reference: str, secret: str) -> UUID | None:
    """The complaint that this secret opens; None, after the same work, for an unknown reference and for a wrong secret."""
    try:
        found = await store.look_up(conn, parse_reference(reference))
    except ValueError:
        found = await store.look_up(conn, "")
    id, version = found or (_NOBODY, store.FIRST_SECRET)
    return id if secret_fits(key, id, version, secret) and found else None


async def find(conn: AsyncConnection, reference: str) -> UUID | None:
    """For staff, whose scope is checked on what is found."""
    try:
        found = await store.look_up(conn, parse_reference(reference))
    except ValueError:
        return None
    return found[0] if found else None


def in_scope(staff: Principal, case: Case | None, directory: Directory) -> bool:
    """Body roles: the body that has the case now; a body admin also those below it; national roles all."""
    if staff.body is None:
        return True
    scope = directory.body_scope(staff.body) if staff.role == "body-admin" else {staff.body}
    return case is not None and case.body in scope


def not_found() -> Problem:
    return Problem(404, "complaint-not-found", "No complaint opens with this reference and token: check both on the receipt.")
