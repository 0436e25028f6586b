"""Every bad request to intake is a problem with a stable code and the field, and stores nothing."""

import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from shared.runtime.ids import new_reference
from tests.support.citizen import AUTH, Citizen, Others, answer_clock, filing
from tests.support.lives import at


@pytest.fixture
async def bench(open_store):
    return await open_store("intake", clock_at="2026-03-02T10:00:00Z")


@pytest.fixture
async def citizen(bench):
    async with bench.client() as client:
        yield Citizen(bench, client)


FILER = {"language": "fr"}
REACHED = FILER | {"name": "A", "phone": "+21671123456"}
INFORMATION = {"procedure": "access-to-information", "body": "water-office", "coded": {"urgent": "no"}, "public_service": None} | {
    "private": {"information": "The budget of 2025"}
}

BAD: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "unknown territory": ({"territory": "999999999"}, 422, "unknown-territory", "territory"),
    "unknown body": ({"body": "nobody"}, 422, "unknown-body", "body"),
    "closed body": ({"body": "old-water-board"}, 422, "body-closed", "body"),
    "unknown public service": ({"public_service": "nothing"}, 422, "unknown-public-service", "public_service"),
    "unknown procedure": ({"procedure": "petition"}, 422, "unknown-procedure", "procedure"),
    "unknown version": ({"procedure": "complaint@9"}, 422, "unknown-procedure", "procedure"),
    "no narrative": ({"narrative": None}, 422, "invalid-field", "narrative"),
    "empty narrative": ({"narrative": " \n "}, 422, "invalid-field", "narrative"),
    "long narrative": ({"narrative": "م" * 10_001}, 422, "invalid-field", "narrative"),
    "long subject": ({"subject": "s" * 201}, 422, "invalid-field", "subject"),
    "NUL": ({"narrative": "a\0b"}, 422, "invalid-text", "narrative"),
    "unknown member": ({"naration": "?"}, 422, "invalid-field", "naration"),
    "wrong phone": ({"filer": FILER | {"phone": "12"}}, 422, "invalid-phone", "filer.phone"),
    "wrong e-mail": ({"filer": FILER | {"email": "amina@citizen"}}, 422, "invalid-email", "filer.email"),
    "e-mail with a header": ({"filer": FILER | {"email": "a@b.example\nBcc:c@d.example"}}, 422, "invalid-email", "filer.email"),
    "unknown language": ({"filer": {"language": "tlh"}}, 422, "unknown-language", "filer.language"),
    "unknown field": ({"coded": {"colour": "red"}}, 422, "unknown-field", "coded.colour"),
    "private field": ({"coded": {"file-reference": "77"}}, 422, "private-field", "coded.file-reference"),
    "wrong option": ({"coded": {"nature": "fun"}}, 422, "wrong-option", "coded.nature"),
    "public field as a private one": ({"private": {"nature": "harm"}}, 422, "public-field", "private.nature"),
    "unknown private field": ({"private": {"colour": "red"}}, 422, "unknown-field", "private.colour"),
    "long private field": ({"private": {"file-reference": "7" * 101}}, 422, "too-long", "private.file-reference"),
    "missing private field": (INFORMATION | {"private": {}, "filer": REACHED}, 422, "field-missing", "private.information"),
    "missing field": (INFORMATION | {"coded": {}, "filer": REACHED}, 422, "field-missing", "coded.urgent"),
    "no body chosen": (INFORMATION | {"body": None}, 422, "body-missing", "body"),
    "no contact": (INFORMATION | {"filer": FILER | {"name": "A"}}, 422, "contact-missing", "filer"),
    "no name": (INFORMATION | {"filer": FILER | {"phone": "+21671123456"}}, 422, "name-missing", "filer.name"),
    "unknown channel": ({"channel": "pigeon"}, 422, "unknown-channel", "channel"),
    "a desk's channel": ({"channel": "counter"}, 403, "staff-only", "channel"),
    "a desk's date": ({"filed_at": "2026-01-01T10:00:00Z"}, 403, "staff-only", "filed_at"),
    "a date without a zone": ({"filed_at": "2026-01-01T10:00:00"}, 422, "invalid-field", "filed_at"),
    "the edge of time": ({"filed_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid-field", "filed_at"),
    "a desk's link": ({"links": [{"rel": "split-from", "reference": "7KQ4-XM2N-3"}]}, 403, "staff-only", "links.0.rel"),
    "unknown relation": ({"links": [{"rel": "likes", "reference": "7KQ4-XM2N-3"}]}, 422, "unknown-relation", "links.0.rel"),
    "unproved link": ({"links": [{"rel": "renews", "reference": "7KQ4-XM2N-3"}]}, 422, "link-refused", "links.0.reference"),
    "unknown link": (
        {"links": [{"rel": "renews", "reference": "7KQ4-XM2N-3", "secret": "s1.guess"}]}, 422, "unknown-link", "links.0.reference"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_filing_is_refused(bench, citizen, case):
    changes, status, code, field = BAD[case]
    answer = await citizen.file(**changes)
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (status, code, field), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert await bench.execute("select count(*) from register") == await bench.execute("select count(*) from idempotency") == [(0,)]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"channel": "post", "filed_at": "2026-03-02T10:00:01Z"}, 422, "filed-in-future"),
        ({"channel": "web", "filed_at": "2026-03-01T10:00:00Z"}, 422, "channel-dates-itself"),
        ({"channel": "post", "filed_at": "2019-12-31T10:00:00Z"}, 422, "unknown-procedure"),
        ({"channel": "post", "filed_at": "2019-12-31T10:00:00Z", "procedure": "complaint@1"}, 422, "procedure-not-in-force"),
    ],
)
async def test_a_desks_bad_filing_is_refused(bench, citizen, changes, status, code):
    answer = await citizen.file(headers=bench.token("national-desk"), **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("role", ["approver", "machine", "auditor", "operator"])
async def test_other_roles_file_for_nobody(bench, citizen, role):
    body = "water-office" if role in ("approver", "machine") else None
    answer = await citizen.file(headers=bench.token(role, body))
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b'{"subject": "half a pair \\ud83d"}', 422, "invalid-text"),
        (b'{"subject": "half a pair \xed\xa0\xbd"}', 400, "invalid-json"),
        (b'{"subject": "latin \xe9"}', 400, "invalid-json"),
        (b'{"subject": ', 400, "invalid-json"),
        (b'{"coded": {"nature": NaN}}', 400, "invalid-json"),
        (b'{"narrative": "' + b"x" * 10_000_000 + b'"}', 413, "body-too-large"),
    ],
    ids=["escaped surrogate", "surrogate in bytes", "latin-1", "cut short", "not a number", "10 MB"],
)
async def test_bytes_that_are_no_request(bench, citizen, raw, status, code):
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    answer = await citizen.client.post("/v1/complaints", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await bench.execute("select count(*) from register") == [(0,)]


async def test_a_wrong_secret_and_an_unknown_reference_look_the_same(citizen):
    await citizen.file()
    wrong = citizen.receipt["secret"][:-1] + ("A" if citizen.receipt["secret"][-1] != "A" else "B")
    tries = [
        (citizen.path, wrong),
        (citizen.path, "s1."),
        (f"/v1/complaints/{new_reference()}", citizen.receipt["secret"]),
        ("/v1/complaints/not-a-reference", citizen.receipt["secret"]),
        ("/v1/complaints/7KQ4-XM2D-%F0%9F%98%80", citizen.receipt["secret"]),
    ]
    answers = [await citizen.client.get(path, headers={AUTH: f"Bearer {secret}"}) for path, secret in tries]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("method", "act"), [("GET", ""), ("POST", "/information"), ("POST", "/withdrawal"), ("POST", "/rating"), ("DELETE", "/person")]
)
async def test_every_act_needs_a_token(citizen, method, act):
    await citizen.file()
    body = {"request_id": str(uuid4()), "text": "?"} if act == "/information" else {"response_id": str(uuid4()), "satisfied": True}
    sent = {"json": body} if method == "POST" and act != "/withdrawal" else {}
    key = {"Idempotency-Key": str(uuid4())}
    without = await citizen.client.request(method, citizen.path + act, headers=key, **sent)
    assert (without.status_code, without.json()["code"]) == (401, "token-missing")
    assert without.headers["www-authenticate"] == "Bearer"
    forged = await citizen.client.request(method, citizen.path + act, headers=key | {AUTH: "Bearer e30.e30.x"}, **sent)
    assert (forged.status_code, forged.json()["code"]) == (401, "token-invalid")
    other = await citizen.client.request(method, citizen.path + act, headers=key | {AUTH: "Bearer s1.wrong"}, **sent)
    assert (other.status_code, other.json()["code"]) == (404, "complaint-not-found")


async def test_a_filing_with_a_secret_is_refused(citizen):
    await citizen.file()
    answer = await citizen.file(headers=citizen.key)
    assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")


async def test_no_problem_repeats_what_was_sent(citizen):
    answer = await citizen.file(territory="sentinel-77", filer={"language": "sentinel-77", "email": "sentinel-77"})
    assert "sentinel-77" not in answer.text


async def test_with_the_store_down_nothing_is_promised(bench, citizen):
    await citizen.file()
    name, key = bench.node.db.engine.url.database, uuid4()
    server = await asyncpg.connect(bench.platform.pg_url("postgres", "postgres", "postgresql"))
    try:
        await server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        await server.execute(f"alter database {name} rename to {name}_away")
        with capture_logs() as logged:
            down = await citizen.file(key=key)
        assert (down.status_code, down.json()["code"], down.headers["retry-after"]) == (503, "store-unavailable", "2")
        assert [line["code"] for line in logged if line["log_level"] == "error"] == ["store-unavailable"]
        await server.execute(f"alter database {name}_away rename to {name}")
    finally:
        await server.close()
    assert (await citizen.file(key=key)).status_code == 201
    assert await bench.execute("select count(*) from register") == [(2,)]


class TestFollowUps:
    """An earlier complaint under complaint@1: renewals within 12 months, once answered or breached."""

    @pytest.fixture
    async def earlier(self, bench, citizen):
        await citizen.file()
        return await Others.of(bench)

    @staticmethod
    def link(citizen, rel="renews", **changes):
        return [{"rel": rel, "reference": citizen.receipt["reference"], "secret": citizen.receipt["secret"]} | changes]

    async def test_an_answered_complaint_is_renewed(self, bench, citizen, earlier):
        await earlier.to_body("water-office", "2026-03-02T10:01:00Z")
        await earlier.answered("2026-03-10T10:00:00Z")
        bench.at("2027-03-10T22:59:59Z")
        reference = citizen.receipt["reference"]
        links = self.link(citizen)
        answer = await citizen.file(links=links)
        assert answer.json()["links"] == [{"rel": "renews", "reference": reference}]
        assert (await citizen.page())["links"] == [{"rel": "renews", "reference": reference}]
        # 12 months after 10 March 2026 the last day is 10 March 2027; Noria's midnight is 23:00 UTC.
        bench.at("2027-03-10T23:00:00Z")
        assert (await citizen.file(links=links)).json()["code"] == "follow-up-too-late"

    async def test_neither_answered_nor_breached_is_too_early(self, citizen, earlier):
        answer = await citizen.file(links=self.link(citizen))
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "follow-up-too-early", "links.0.reference")

    async def test_the_reference_alone_is_enough_where_the_law_allows_it(self, citizen, earlier):
        await earlier.to_body("water-office", "2026-03-02T10:01:00Z")
        await earlier.clocks(answer_clock(breached_at=at("2026-05-01T23:00:00Z")))
        reference = citizen.receipt["reference"]
        assert (await citizen.file(links=[{"rel": "renews", "reference": reference}])).status_code == 201

    async def test_a_breached_one_is_renewed(self, citizen, earlier):
        await earlier.to_body("water-office", "2026-03-02T10:01:00Z")
        await earlier.clocks(answer_clock(breached_at=at("2026-05-01T23:00:00Z")))
        assert (await citizen.file(links=self.link(citizen))).status_code == 201

    async def test_a_withdrawn_one_is_not(self, citizen, earlier):
        await citizen.post("withdrawal")
        assert (await citizen.file(links=self.link(citizen))).json()["code"] == "follow-up-on-withdrawn"

    async def test_what_the_law_does_not_offer(self, citizen, earlier):
        assert (await citizen.file(links=self.link(citizen, rel="appeals"))).json()["code"] == "follow-up-not-offered"
        assert (await citizen.file(links=self.link(citizen), procedure="observation", coded={})).json()["code"] == "follow-up-not-offered"

    async def test_a_wrong_secret_proves_nothing(self, citizen, earlier):
        for secret, code in (("s1.wrong", "unknown-link"), (None, "link-refused")):
            link = [{name: value for name, value in self.link(citizen, secret=secret)[0].items() if value}]
            assert (await citizen.file(links=link)).json()["code"] == code

    async def test_a_desk_splits_what_it_has(self, bench, citizen, earlier):
        await earlier.to_body("water-office", "2026-03-02T10:01:00Z")
        bench.at("2026-03-05T10:00:00Z")
        split = {"links": self.link(citizen, rel="split-from", secret=None), "filed_at": citizen.receipt["filed_at"]}
        foreign = await citizen.file(headers=bench.token("body-agent", "commune-prima"), **split)
        assert foreign.json()["code"] == "unknown-link"
        answer = await citizen.file(headers=bench.token("body-agent", "water-office"), **split)
        assert (answer.status_code, answer.json()["filed_at"]) == (201, "2026-03-02T10:00:00.000Z")


async def test_a_narrative_of_ten_thousand_characters_in_any_script_is_taken(citizen):
    body = filing(narrative="🏺" * 10_000)
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    for encoded in (json.dumps(body, ensure_ascii=False).encode(), json.dumps(body).encode()):
        headers["Idempotency-Key"] = str(uuid4())
        assert (await citizen.client.post("/v1/complaints", content=encoded, headers=headers)).status_code == 201
