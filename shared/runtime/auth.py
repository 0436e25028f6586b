"""Who calls: bearer tokens of an OIDC issuer, checked against its JWKS, and roles."""

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jwt
from fastapi import Request
from fastapi.security import HTTPBearer
from fastapi.security.base import SecurityBase
from jwt.exceptions import PyJWTError

from shared.runtime import jwks
from shared.runtime.errors import Problem
from shared.runtime.settings import Settings

BODY_ROLES = frozenset({"body-agent", "approver", "body-admin", "machine"})
"""Their rights end at the body that the token names."""
NATIONAL_ROLES = frozenset({"national-desk", "auditor", "operator"})
ROLES = BODY_ROLES | NATIONAL_ROLES

_ALGORITHMS = ["RS256", "ES256"]
_REQUIRED = ["iss", "aud", "sub", "exp"]
_LEEWAY_S = 10
_BELIEVED_MOST = 10_000


@dataclass(frozen=True)
class Principal:
    """`sub` goes to the audit table, never into a fact. `body` is None for national roles.

    restricted: one of the restricted desk, which alone sees restricted cases; only the national desk has such people.
    """

    role: str
    body: str | None
    sub: str
    restricted: bool = False


class _Believed(NamedTuple):
    """A token that was checked: good as long as its key is still the issuer's, and until it expires (unix seconds)."""

    principal: Principal
    kid: str
    key: jwt.PyJWK
    until: float


class Verifier:
    """Checks tokens: signature (RS256, ES256), issuer, audience, expiry (10 s of leeway), role and body.

    A signature is checked once: it costs as much as the reading of a case.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.oidc_jwks:
            raise ValueError("WASL_OIDC_JWKS is not set: give the path or https address of the issuer's keys")
        self._issuer, self._audience = settings.oidc_issuer, settings.oidc_audience
        self._keys = jwks.source(settings.oidc_jwks)
        self._believed: dict[bytes, _Believed] = {}

    async def principal(self, token: str) -> Principal:
        """Problem 401 `token-invalid` when the token is not to be believed; 503 `issuer-unavailable` without any key."""
        name = hashlib.sha256(token.encode()).digest()
        known = self._believed.get(name)
        if known is None or known.until <= time.time() or known.key is not await self._keys.find(known.kid):
            self._believed.pop(name, None)
            known = await self._checked(token)
            if len(self._believed) >= _BELIEVED_MOST:
                self._believed.clear()
            self._believed[name] = known
        return known.principal

    async def _checked(self, token: str) -> _Believed:
        try:
            kid = str(jwt.get_unverified_header(token).get("kid", ""))
            key = await self._keys.find(kid)
            if key is None:
                raise _invalid("its key is unknown")
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=_LEEWAY_S,
                options={"require": _REQUIRED},
            )
        except (PyJWTError, ValueError) as error:
            raise _invalid(f"{type(error).__name__}") from error
        return _Believed(_principal(claims), kid, key, int(claims["exp"]) + _LEEWAY_S)


_BEARER = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A token of the platform's OIDC issuer.")


def staff(*roles: str) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency that lets in these roles only (none named: any role) and gives the Principal, also as request.state.principal.

    Problems: 401 `token-missing`, 401 `token-invalid`, 403 `role-not-allowed`.
    """
    unknown = set(roles) - ROLES
    if unknown:
        raise ValueError(f"no such roles: {unknown}")
    return _Staff(roles)


class _Staff(SecurityBase):
    """The token's scheme and who it lets in, in one: each dependency of a dependency costs the framework as much as a statement."""

    model, scheme_name = _BEARER.model, _BEARER.scheme_name

    def __init__(self, roles: tuple[str, ...]) -> None:
        self._roles = roles

    async def __call__(self, request: Request) -> Principal:
        bearer = await _BEARER(request)
        if bearer is None:
            raise Problem(401, "token-missing", "Send your token as Authorization: Bearer …", headers={"WWW-Authenticate": "Bearer"})
        verifier: Verifier | None = getattr(request.app.state, "verifier", None)
        if verifier is None:
            raise Problem(
                503, "issuer-unavailable", "This service was started without the issuer's keys (WASL_OIDC_JWKS): tell its operator."
            )
        principal = await verifier.principal(bearer.credentials)
        request.state.principal = principal
        if self._roles and principal.role not in self._roles:
            raise Problem(
                403, "role-not-allowed", f"This needs one of the roles {', '.join(self._roles)}; your token's role is {principal.role}."
            )
        return principal


def _principal(claims: dict[str, Any]) -> Principal:
    role, body = claims.get("role"), claims.get("body")
    if not isinstance(role, str) or role not in ROLES:
        raise _invalid("its role is none of the platform's")
    if role in NATIONAL_ROLES:
        return Principal(role, None, str(claims["sub"]), restricted=role == "national-desk" and claims.get("restricted") is True)
    if not isinstance(body, str) or not body:
        raise _invalid("its role needs a body and it names none")
    return Principal(role, body, str(claims["sub"]))


def _invalid(why: str) -> Problem:
    detail = f"The token is not accepted ({why}): get a new one from the issuer."
    return Problem(401, "token-invalid", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
