"""How much one address may file and how many secrets it may try; and that a secret is compared in constant time wherever one is given."""

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.runtime.ids import new_reference
from tests.support.citizen import AUTH, Citizen, filing
from tests.support.stores import Bench, Opener

HERE, ELSEWHERE = "198.51.100.1", "198.51.100.2"
WRONG = "s1.AAAAAAAAAAAAAAAAAAAAAAAAAAA"
LIMITS = {"filing_per_minute": 6, "wrong_secrets_per_minute": 6, "trusted_proxies": "127.0.0.0/8"}
AT_ONCE, AT_ONE_REFERENCE = 3, 9


@pytest.fixture
async def bench(open_store: Opener) -> Bench:
    bench: Bench = await open_store("intake", **LIMITS)
    return bench


@pytest.fixture
async def citizen(bench: Bench) -> AsyncIterator[Citizen]:
    async with bench.client() as client:
        citizen = Citizen(bench, client)
        await citizen.file(headers=from_(ELSEWHERE))
        yield citizen


def from_(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def page(citizen: Citizen, secret: str, address: str = HERE, reference: str | None = None) -> httpx.Response:
    path = f"/v1/complaints/{reference or citizen.receipt['reference']}"
    return await citizen.client.get(path, headers={AUTH: f"Bearer {secret}"} | from_(address))


def is_refused(answer: httpx.Response) -> bool:
    if answer.status_code != 429:
        return False
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "too-many-requests"
    assert 1 <= int(answer.headers["retry-after"]) <= 40
    return True


async def test_an_address_that_files_too_much_waits_and_no_other_does(bench: Bench, citizen: Citizen) -> None:
    key = uuid4()
    assert [(await citizen.file(headers=from_(HERE))).status_code for _ in range(AT_ONCE)] == [201] * AT_ONCE
    assert is_refused(await citizen.file(headers=from_(HERE), key=key))
    assert await bench.execute("select count(*) from register") == [(1 + AT_ONCE,)]
    assert (await citizen.file(headers=from_(ELSEWHERE), key=key)).status_code == 201


async def test_bad_filings_count_too(citizen: Citizen) -> None:
    for _ in range(AT_ONCE):
        assert (await citizen.file(headers=from_(HERE), narrative=None)).status_code == 422
    assert is_refused(await citizen.file(headers=from_(HERE)))


async def test_a_desk_files_as_much_as_comes(bench: Bench, citizen: Citizen) -> None:
    desk = bench.token("national-desk") | from_(HERE)
    for _ in range(AT_ONCE * 2):
        assert (await citizen.file(headers=desk, channel="phone")).status_code == 201
    assert (await citizen.file(headers=from_(HERE))).status_code == 201


async def test_a_limit_of_0_is_none(open_store: Opener) -> None:
    bench = await open_store("intake", filing_per_minute=0, wrong_secrets_per_minute=0)
    async with bench.client() as client:
        citizen = Citizen(bench, client)
        for _ in range(30):
            assert (await citizen.file()).status_code == 201
        for _ in range(100):
            assert (await page(citizen, WRONG)).status_code == 404


async def test_after_too_many_wrong_secrets_an_address_waits_even_with_the_right_one(citizen: Citizen) -> None:
    right = citizen.receipt["secret"]
    assert [(await page(citizen, WRONG)).status_code for _ in range(AT_ONCE)] == [404] * AT_ONCE
    assert is_refused(await page(citizen, WRONG))
    assert is_refused(await page(citizen, right))
    assert (await page(citizen, right, ELSEWHERE)).status_code == 200


async def test_a_reference_that_many_addresses_try_waits_and_no_other_does(citizen: Citizen) -> None:
    tried, right = dict(citizen.receipt), citizen.receipt["secret"]
    for n in range(AT_ONE_REFERENCE):
        assert (await page(citizen, WRONG, f"203.0.113.{n // AT_ONCE}")).status_code == 404
        # One address alone, or two, shut nobody else out.
        assert n >= AT_ONE_REFERENCE - 1 or (await page(citizen, right, ELSEWHERE)).status_code == 200
    assert is_refused(await page(citizen, right, ELSEWHERE))
    await citizen.file(headers=from_(ELSEWHERE))
    assert (await page(citizen, citizen.receipt["secret"], ELSEWHERE)).status_code == 200
    spelt = tried["reference"].lower().replace("-", "")
    assert is_refused(await page(citizen, right, ELSEWHERE, spelt))


async def test_the_limits_do_not_tell_which_references_exist(citizen: Citizen) -> None:
    async def tries(reference: str, net: str) -> list[tuple[int, bytes]]:
        answers = [await page(citizen, WRONG, f"{net}.{n // 2}", reference) for n in range(AT_ONE_REFERENCE + 2)]
        return [(answer.status_code, answer.content) for answer in answers]

    known = await tries(citizen.receipt["reference"], "203.0.113")
    assert [status for status, _ in known] == [404] * AT_ONE_REFERENCE + [429] * 2
    assert await tries(new_reference(), "192.0.2") == known


async def test_right_secrets_are_not_counted(citizen: Citizen) -> None:
    for _ in range(AT_ONE_REFERENCE * 2):
        assert (await page(citizen, citizen.receipt["secret"])).status_code == 200


Act = Callable[[Citizen, str, str, str], Awaitable[httpx.Response]]


def act(method: str, name: str, **body: Any) -> Act:
    async def act(citizen: Citizen, reference: str, secret: str, address: str) -> httpx.Response:
        headers = {AUTH: f"Bearer {secret}", "Idempotency-Key": str(uuid4())} | from_(address)
        return await citizen.client.request(method, f"/v1/complaints/{reference}{name}", headers=headers, json=body or None)

    return act


async def link(citizen: Citizen, reference: str, secret: str, address: str) -> httpx.Response:
    body = filing(links=[{"rel": "renews", "reference": reference, "secret": secret}])
    return await citizen.client.post("/v1/complaints", json=body, headers={"Idempotency-Key": str(uuid4())} | from_(address))


PATHS: dict[str, Act] = {
    "page": act("GET", ""),
    "information": act("POST", "/information", request_id=str(uuid4()), text="2019"),
    "withdrawal": act("POST", "/withdrawal"),
    "rating": act("POST", "/rating", response_id=str(uuid4()), satisfied=True),
    "erasure": act("DELETE", "/person"),
    "link": link,
}


async def test_a_wrong_secret_counts_wherever_it_is_given(bench: Bench, citizen: Citizen) -> None:
    for n, (name, path) in enumerate(PATHS.items()):
        address = f"203.0.113.{n}"
        refusal = (422, "unknown-link") if name == "link" else (404, "complaint-not-found")
        for reference in (citizen.receipt["reference"], new_reference(), "not-a-reference"):
            wrong = await path(citizen, reference, WRONG, address)
            assert (wrong.status_code, wrong.json()["code"]) == refusal, name
        assert is_refused(await page(citizen, citizen.receipt["secret"], address)), name


async def test_every_secret_is_compared_in_constant_time(open_store: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, whole, and also where there is nothing to compare it with."""
    bench = await open_store("intake")
    compared: list[Any] = []
    real = hmac.compare_digest

    def watched(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    async with bench.client() as client:
        citizen = Citizen(bench, client)
        await citizen.file()
        known, right = citizen.receipt["reference"], citizen.receipt["secret"]
        for name, path in PATHS.items():
            for reference, secret in ((known, right), (known, WRONG), (new_reference(), right), ("not-a-reference", WRONG), (known, "x")):
                compared.clear()
                await path(citizen, reference, secret, HERE)
                ((expected, given),) = compared
                assert (given, len(expected)) == (secret.encode(), len(right)), name
                assert (expected == right.encode()) == (reference == known), name
