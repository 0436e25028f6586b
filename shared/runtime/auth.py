"""Who calls: bearer tokens of an OIDC issuer, checked against its JWKS, and roles."""

import asyncio
import json
import os
import ssl
import time
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import jwt
import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from jwt.exceptions import PyJWTError

from shared.runtime.errors import Problem
from shared.runtime.settings import Settings

BODY_ROLES = frozenset({"body-agent", "approver", "body-admin", "machine"})
"""Their rights end at the body that the token names."""
NATIONAL_ROLES = frozenset({"national-desk", "auditor", "operator"})
ROLES = BODY_ROLES | NATIONAL_ROLES

_log = structlog.get_logger(__name__)
_ALGORITHMS = ["RS256", "ES256"]
_REQUIRED = ["iss", "aud", "sub", "exp"]
_LEEWAY_S = 10
_FRESH_S, _AGAIN_S, _FETCH_S = 600, 10, 5
_LARGEST_JWKS = 1 << 20


@dataclass(frozen=True)
class Principal:
    """`sub` goes to the audit table, never into a fact. `body` is None for national roles."""

    role: str
    body: str | None
    sub: str


class Verifier:
    """Checks tokens; holds the issuer's keys.

    Keys from a file are read again when the file changes; keys from an https address every 10 minutes and on an unknown
    key id, at most each 10 s. When the issuer does not answer, the keys already known stay good.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.oidc_jwks:
            raise ValueError("WASL_OIDC_JWKS is not set: give the path or https address of the issuer's keys")
        self._issuer, self._audience = settings.oidc_issuer, settings.oidc_audience
        self._keys: _FileKeys | _RemoteKeys = (
            _RemoteKeys(settings.oidc_jwks) if "://" in settings.oidc_jwks else _FileKeys(Path(settings.oidc_jwks))
        )

    async def principal(self, token: str) -> Principal:
        """Problem 401 `token-invalid` when the token is not to be believed; 503 `issuer-unavailable` without any key."""
        try:
            key = await self._keys.find(str(jwt.get_unverified_header(token).get("kid", "")))
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
        return _principal(claims)


class _FileKeys:
    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, (0, 0)
        self._keys: dict[str, jwt.PyJWK] = {}

    async def find(self, kid: str) -> jwt.PyJWK | None:
        try:
            found = os.stat(self._path)
            if (found.st_mtime_ns, found.st_ino) != self._seen:
                self._keys, self._seen = _parse(self._path.read_bytes()), (found.st_mtime_ns, found.st_ino)
        except (OSError, ValueError) as error:
            _log.warning("issuer's keys not read", source=str(self._path), error=str(error))
        if not self._keys:
            raise _no_keys()
        return self._keys.get(kid)


class _RemoteKeys:
    def __init__(self, url: str) -> None:
        if not url.startswith("https://"):
            raise ValueError("WASL_OIDC_JWKS must be a path or an https address: keys fetched in clear could be anyone's")
        self._url, self._lock = url, asyncio.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._tried = float("-inf")

    async def find(self, kid: str) -> jwt.PyJWK | None:
        if self._due(kid):
            async with self._lock:
                if self._due(kid):
                    await self._fetch()
        if not self._keys:
            raise _no_keys()
        return self._keys.get(kid)

    def _due(self, kid: str) -> bool:
        now = time.monotonic()
        return now - self._tried >= _AGAIN_S and (kid not in self._keys or now - self._fetched >= _FRESH_S)

    async def _fetch(self) -> None:
        self._tried = time.monotonic()
        try:
            self._keys = _parse(await asyncio.to_thread(_get, self._url))
            self._fetched = self._tried
        except (OSError, ValueError) as error:
            _log.warning("issuer's keys not fetched", source=self._url, error=str(error))


def staff(*roles: str) -> Callable[..., Awaitable[Principal]]:
    """A dependency that lets in these roles only (none named: any role) and gives the Principal.

    Problems: 401 `token-missing`, 401 `token-invalid`, 403 `role-not-allowed`.
    """
    unknown = set(roles) - ROLES
    if unknown:
        raise ValueError(f"no such roles: {unknown}")

    async def allowed(request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> Principal:
        if bearer is None:
            raise Problem(401, "token-missing", "Send your token as Authorization: Bearer …", headers={"WWW-Authenticate": "Bearer"})
        verifier: Verifier = request.app.state.verifier
        principal = await verifier.principal(bearer.credentials)
        if roles and principal.role not in roles:
            raise Problem(
                403, "role-not-allowed", f"This needs one of the roles {', '.join(roles)}; your token's role is {principal.role}."
            )
        return principal

    return allowed


_BEARER = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A token of the platform's OIDC issuer.")


def _principal(claims: dict[str, Any]) -> Principal:
    role, body = claims.get("role"), claims.get("body")
    if role in NATIONAL_ROLES:
        return Principal(role, None, str(claims["sub"]))
    if role not in BODY_ROLES:
        raise _invalid("its role is none of the platform's")
    if not isinstance(body, str) or not body:
        raise _invalid("its role needs a body and it names none")
    return Principal(role, body, str(claims["sub"]))


def _parse(document: bytes) -> dict[str, jwt.PyJWK]:
    """Key id → key; keys of other kinds than ours are left out. ValueError when it is no JWKS or holds none of ours."""
    try:
        listed = json.loads(document)["keys"]
        ours = [key for key in listed if key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"]
        keys = {str(key.get("kid", "")): jwt.PyJWK(key) for key in ours}
    except (KeyError, TypeError, AttributeError, PyJWTError) as error:
        raise ValueError(f"not a JWKS: {error}") from error
    if not keys:
        raise ValueError("the JWKS holds no signing key of type RSA or EC")
    return keys


def _get(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=ssl.create_default_context()), _NoRedirect())
    with opener.open(url, timeout=_FETCH_S) as answer:
        body: bytes = answer.read(_LARGEST_JWKS)
        return body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """The address is configured; a redirect could lead out of https."""


def _invalid(why: str) -> Problem:
    detail = f"The token is not accepted ({why}): get a new one from the issuer."
    return Problem(401, "token-invalid", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _no_keys() -> Problem:
    detail = "The issuer's keys are not available, so no token can be checked: try again."
    return Problem(503, "issuer-unavailable", detail, headers={"Retry-After": "10"})
