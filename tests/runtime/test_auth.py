"""Tokens and roles over a real app; the keys are files here, and an https address in tests/integration/test_jwks_https.py."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import Depends, FastAPI
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.runtime import errors
from shared.runtime.auth import ROLES, Principal, Verifier, staff
from shared.runtime.settings import Settings

RSA_KEY, OTHER_RSA = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_PEM = RSA_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def jwk(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kid: str, **extra: str) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **extra}
    return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **extra}


def write(path: Path, *keys: dict[str, Any]) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"keys": keys}))
    os.replace(draft, path)


def token(key: Any = RSA_KEY, algorithm: str | None = "RS256", kid: str | None = "rsa", **changed: Any) -> str:
    claims = {"iss": "wasl-local", "aud": "wasl", "sub": "agent-7", "exp": time.time() + 60, "role": "body-agent", "body": "commune-1"}
    claims = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(claims, key, algorithm, headers={"kid": kid} if kid else None)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    write(
        path,
        jwk(RSA_KEY, "rsa"),
        jwk(EC_KEY, "ec"),
        {"kty": "oct", "kid": "oct", "k": "c2VjcmV0"},
        {"kty": "EC", "crv": "none", "kid": "odd"},
    )
    return path


@pytest_asyncio.fixture
async def client(keys: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    errors.install(app)
    app.state.verifier = Verifier(Settings(database_url="unused", oidc_jwks=str(keys)))

    @app.get("/any")
    async def anyone(who: Annotated[Principal, Depends(staff())]) -> dict[str, str | None]:
        return {"role": who.role, "body": who.body, "sub": who.sub}

    @app.get("/desk")
    async def desk(who: Annotated[Principal, Depends(staff("approver", "national-desk"))]) -> str:
        return who.role

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def get(client: httpx.AsyncClient, bearer: str | None, path: str = "/any") -> httpx.Response:
    return await client.get(path, headers={"Authorization": f"Bearer {bearer}"} if bearer is not None else {})


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA_KEY, "RS256", "rsa"), (EC_KEY, "ES256", "ec")])
async def test_a_good_token_names_its_bearer(client: httpx.AsyncClient, key: Any, algorithm: str, kid: str) -> None:
    answer = await get(client, token(key, algorithm, kid))
    assert (answer.status_code, answer.json()) == (200, {"role": "body-agent", "body": "commune-1", "sub": "agent-7"})


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_only_the_roles_named_come_in(client: httpx.AsyncClient, role: str) -> None:
    answer = await get(client, token(role=role), "/desk")
    if role in ("approver", "national-desk"):
        assert (answer.status_code, answer.json()) == (200, role)
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


async def test_national_roles_have_no_body(client: httpx.AsyncClient) -> None:
    assert (await get(client, token(role="auditor"))).json()["body"] is None


async def test_without_a_token_the_answer_says_how_to_send_one(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Basic eA=="}, {"Authorization": "Bearer"}):
        answer = await client.get("/any", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")
        assert answer.headers["www-authenticate"] == "Bearer"


def hmac_with_the_public_key() -> str:
    """The classic confusion: the public key used as an HMAC secret; PyJWT itself refuses to make one."""
    import base64
    import hashlib
    import hmac

    def b64(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    head = b64(json.dumps({"alg": "HS256", "kid": "rsa"}).encode())
    body = token().split(".")[1]
    return f"{head}.{body}.{b64(hmac.digest(PUBLIC_PEM, f'{head}.{body}'.encode(), hashlib.sha256))}"


REFUSED: dict[str, Callable[[], str]] = {
    "expired": lambda: token(exp=time.time() - 11),
    "no expiry": lambda: token(exp=None),
    "other issuer": lambda: token(iss="elsewhere"),
    "no issuer": lambda: token(iss=None),
    "other audience": lambda: token(aud="other"),
    "no audience": lambda: token(aud=None),
    "no subject": lambda: token(sub=None),
    "not yet": lambda: token(nbf=time.time() + 60),
    "unknown role": lambda: token(role="root"),
    "no role": lambda: token(role=None),
    "role as a list": lambda: token(role=["operator"]),
    "body role without body": lambda: token(body=None),
    "body of another type": lambda: token(body=7),
    "unknown key": lambda: token(kid="other"),
    "no key id": lambda: token(kid=None),
    "key of another kind": lambda: token(EC_KEY, "ES256", "rsa"),
    "signed by another": lambda: token(OTHER_RSA),
    "alg none": lambda: token(None, None),
    "alg RS512": lambda: token(algorithm="RS512"),
    "the set's symmetric key": lambda: token(b"secret" * 8, "HS256", "oct"),
    "public key as secret": hmac_with_the_public_key,
    "changed": lambda: token()[:-4] + "AAAA",
    "rubbish": lambda: "rubbish",
    "a citizen's secret": lambda: "s1.abcdefghijklmnopqrstuvwxyz0",
    "not ASCII": lambda: "é.é.é",
}


@pytest.mark.parametrize("name", REFUSED)
async def test_every_other_token_is_refused_in_one_way(client: httpx.AsyncClient, name: str) -> None:
    made = REFUSED[name]()
    answer = await client.get("/any", headers={b"Authorization": b"Bearer " + made.encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid"), answer.text
    assert made not in answer.text


async def test_a_few_seconds_of_clock_skew_are_forgiven(client: httpx.AsyncClient) -> None:
    assert (await get(client, token(exp=time.time() - 5))).status_code == 200


async def test_a_token_that_was_believed_is_so_only_until_it_expires(client: httpx.AsyncClient) -> None:
    """Nine seconds past, it has at most one of its ten of leeway left."""
    bearer = token(exp=int(time.time()) - 9)
    assert (await get(client, bearer)).status_code == 200
    async with asyncio.timeout(5):
        while (await get(client, bearer)).status_code == 200:
            await asyncio.sleep(0.05)


async def test_a_token_that_was_believed_falls_with_its_key(client: httpx.AsyncClient, keys: Path) -> None:
    bearer = token()
    assert (await get(client, bearer)).status_code == 200
    write(keys, jwk(OTHER_RSA, "rsa"))
    assert (await get(client, bearer)).status_code == 401
    write(keys, jwk(EC_KEY, "ec"))
    assert (await get(client, bearer)).status_code == 401


async def test_a_changed_file_is_read_again_and_a_broken_one_changes_nothing(client: httpx.AsyncClient, keys: Path) -> None:
    assert (await get(client, token())).status_code == 200
    keys.write_text("{")
    assert (await get(client, token())).status_code == 200
    write(keys, jwk(OTHER_RSA, "new"))
    assert (await get(client, token(OTHER_RSA, kid="new"))).status_code == 200
    assert (await get(client, token())).status_code == 401


async def test_without_any_key_nobody_is_called_a_liar(client: httpx.AsyncClient, keys: Path) -> None:
    keys.unlink()
    answer = await get(client, token())
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer-unavailable")


async def test_a_service_started_without_an_issuer_says_so(client: httpx.AsyncClient) -> None:
    app = FastAPI()
    errors.install(app)
    app.add_api_route("/any", staff())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as bare:
        answer = await get(bare, token())
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer-unavailable")


def test_keys_in_clear_and_no_keys_are_refused_at_start() -> None:
    for where in ("http://issuer/jwks", None):
        with pytest.raises(ValueError, match="WASL_OIDC_JWKS"):
            Verifier(Settings(database_url="unused", oidc_jwks=where))


def test_a_mistyped_role_is_refused_when_the_route_is_made() -> None:
    with pytest.raises(ValueError, match="no such roles"):
        staff("aproover")
