"""Who may open a complaint: the holder of its secret, or staff whose scope holds it. All others get one and the same 404."""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake import store
from shared.runtime.auth import Principal, Verifier
from shared.runtime.errors import Problem
from shared.runtime.ids import parse_reference, secret_fits
from shared.runtime.limits import Limit, client_address

BEARER = HTTPBearer(auto_error=False, description="A complaint's secret (s1.…), or a token of the platform's OIDC issuer.")
_NOBODY = UUID(int=0)
_ADDRESSES = 3
READERS = ("body-agent", "approver", "body-admin", "machine", "national-desk", "auditor")


@dataclass(frozen=True)
class Caller:
    """A member of staff, or whoever holds this secret; neither for a caller without a token. `address`: whom its tries count for."""

    staff: Principal | None = None
    secret: str | None = None
    address: str = field(default="", compare=False)

    @property
    def role(self) -> str:
        return self.staff.role if self.staff else "citizen"


async def caller(request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> Caller:
    """A JWT has two dots, a secret one. Problem 401 `token-invalid` for a JWT that is not to be believed."""
    address = client_address(request.scope, request.app.state.settings.trusted_proxies)
    if bearer is None:
        return Caller(address=address)
    if bearer.credentials.count(".") != 2:
        return Caller(secret=bearer.credentials, address=address)
    verifier: Verifier | None = getattr(request.app.state, "verifier", None)
    if verifier is None:
        raise Problem(401, "token-invalid", "No issuer of staff tokens is set up here.", headers={"WWW-Authenticate": "Bearer"})
    return Caller(staff=await verifier.principal(bearer.credentials), address=address)


async def known_caller(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Problem 401 `token-missing` without a token."""
    if who == Caller():
        detail = "Send the complaint's secret as Authorization: Bearer s1.…; it is on the receipt."
        raise Problem(401, "token-missing", detail, headers={"WWW-Authenticate": "Bearer"})
    return who


async def filer(request: Request, who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Problem 429 `too-many-requests` for an address that has sent too many; each counts, whatever becomes of it. Staff are not counted."""
    if who.staff is None:
        limit: Limit = request.app.state.intake.filing_limit
        limit.take(who.address)
    return who


async def checker(request: Request, who: Annotated[Caller, Depends(caller)]) -> Caller:
    """As filer, counted apart: whoever asks before filing still may file."""
    if who.staff is None:
        limit: Limit = request.app.state.intake.check_limit
        limit.take(who.address)
    return who


Filer = Annotated[Caller, Depends(filer)]
Checker = Annotated[Caller, Depends(checker)]
KnownCaller = Annotated[Caller, Depends(known_caller)]


class Door:
    """Opens complaints with their secrets, and counts the tries that fail, by address and by reference.

    A reference bears more of them than an address: who guesses from one place shuts nobody out at another.
    """

    def __init__(self, key: bytes, wrong_per_minute: int) -> None:
        self._key = key
        self._by_address, self._by_reference = Limit(wrong_per_minute), Limit(wrong_per_minute * _ADDRESSES)

    async def open(self, conn: AsyncConnection, reference: str, secret: str, address: str) -> UUID | None:
        """The complaint that this secret opens; None, after the same work, for an unknown reference and for a wrong secret.

        Problem 429 `too-many-requests`, for a right secret too, while there have been too many wrong ones.
        """
        written = _written(reference)
        self._by_address.demand(address)
        self._by_reference.demand(written)
        found = await store.look_up(conn, written)
        id, version = found or (_NOBODY, store.FIRST_SECRET)
        if secret_fits(self._key, id, version, secret) and found:
            return id
        self._by_address.charge(address)
        if written:
            self._by_reference.charge(written)
        return None


async def find(conn: AsyncConnection, reference: str) -> UUID | None:
    """For staff, whose scope is checked on what is found."""
    found = await store.look_up(conn, _written(reference))
    return found[0] if found else None


def _written(reference: str) -> str:
    """Empty for what can be no reference."""
    try:
        return parse_reference(reference)
    except ValueError:
        return ""


def not_found() -> Problem:
    return Problem(404, "complaint-not-found", "No complaint opens with this reference and token: check both on the receipt.")
