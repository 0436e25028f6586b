"""The issuer's public keys (RFC 7517), from a file or an https address."""

import asyncio
import json
import os
import ssl
import time
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import jwt
import structlog
from jwt.exceptions import PyJWTError

from shared.runtime.errors import Problem

_log = structlog.get_logger(__name__)
_FRESH_S, _AGAIN_S, _FETCH_S = 600, 10, 5
_LARGEST = 1 << 20


def source(where: str) -> "FileKeys | RemoteKeys":
    """Either kind finds a key by its id: None when it is unknown, Problem 503 `issuer-unavailable` while there is no key at all."""
    return RemoteKeys(where) if "://" in where else FileKeys(Path(where))


class FileKeys:
    """Read again when the file changes."""

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


class RemoteKeys:
    """Fetched again on an unknown key id, and behind the scenes every 10 minutes; not more often than each 10 s.

    Keys once known outlive an issuer that does not answer, and nobody who has a known key waits for it.
    """

    def __init__(self, url: str) -> None:
        if not url.startswith("https://"):
            raise ValueError("WASL_OIDC_JWKS must be a path or an https address: keys fetched in clear could be anyone's")
        self._url, self._lock = url, asyncio.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._tried = float("-inf")
        self.refreshing: asyncio.Task[None] | None = None
        """The fetch behind the scenes that was begun last."""

    async def find(self, kid: str) -> jwt.PyJWK | None:
        if kid not in self._keys:
            await self._refresh()
        elif self._may_try() and time.monotonic() - self._fetched >= _FRESH_S:
            self.refreshing = asyncio.create_task(self._refresh())
        if not self._keys:
            raise _no_keys()
        return self._keys.get(kid)

    def _may_try(self) -> bool:
        return time.monotonic() - self._tried >= _AGAIN_S

    async def _refresh(self) -> None:
        async with self._lock:
            if self._may_try():
                await self._fetch()

    async def _fetch(self) -> None:
        self._tried = time.monotonic()
        try:
            self._keys = _parse(await asyncio.to_thread(_get, self._url))
            self._fetched = self._tried
        except (OSError, HTTPException, ValueError) as error:
            _log.warning("issuer's keys not fetched", source=self._url, error=str(error))


def _parse(document: bytes) -> dict[str, jwt.PyJWK]:
    """Key id → key; keys of other kinds than ours are left out. ValueError when it is no JWKS or holds none of ours."""
    listed = json.loads(document)
    if not isinstance(listed, dict) or not isinstance(listed.get("keys"), list):
        raise ValueError("it is no JWKS")
    keys = {}
    for key in listed["keys"]:
        with suppress(PyJWTError, AttributeError, TypeError):
            if key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig":
                keys[str(key.get("kid", ""))] = jwt.PyJWK(key)
    if not keys:
        raise ValueError("it holds no signing key of type RSA or EC")
    return keys


def _get(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=ssl.create_default_context()), _NoRedirect())
    with opener.open(url, timeout=_FETCH_S) as answer:
        body: bytes = answer.read(_LARGEST)
        return body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """The address is configured; a redirect could lead out of https."""


def _no_keys() -> Problem:
    detail = "The issuer's keys are not available, so no token can be checked: try again."
    return Problem(503, "issuer-unavailable", detail, headers={"Retry-After": "10"})
