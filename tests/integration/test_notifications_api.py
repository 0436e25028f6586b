"""GET /v1/notices: who may read what, and in pages."""

from typing import Any

import httpx
import pytest

from shared.contracts.private import Contacts
from shared.runtime.ids import new_reference
from tests.notifications.stories import Story
from tests.support.mail import sending, settled
from tests.support.stores import Bench, Opener

PATH = "/v1/notices"


def story() -> Story:
    made = Story()
    made.header = made.header.model_copy(update={"reference": new_reference()})
    made.facts = [fact.model_copy(update={"complaint": made.header}) for fact in made.facts]
    return made.set_clock().route("water-office")


async def told(open_store: Opener) -> tuple[Bench, str]:
    bench, filed = await open_store("notifications"), story()
    contacts = Contacts(complaint_id=filed.id, reference=filed.header.reference, version=1, email="amina@mail.example", language="fr")
    async with sending(bench):
        await bench.deliver(*filed.facts, contacts)
        await settled(bench)
    return bench, filed.header.reference


async def get(bench: Bench, reference: str, role: str | None, body: str | None = None, **query: Any) -> httpx.Response:
    async with bench.client() as client:
        return await client.get(PATH, params={"reference": reference} | query, headers=bench.token(role, body) if role else {})


async def test_staff_see_what_was_told_and_no_address(open_store: Opener) -> None:
    bench, reference = await told(open_store)
    answer = await get(bench, reference.lower().replace("-", " "), "national-desk")
    assert answer.status_code == 200
    notices = answer.json()["notices"]
    assert [(n["code"], n["audience"], n["state"]) for n in notices] == [
        ("receipt", "filer", "sent"),
        ("routed", "filer", "sent"),
        ("new-case", "body:water-office", "sent"),
    ]
    assert notices[0]["sent_at"] == "2026-03-02T10:00:00.000Z"
    assert (notices[0]["channel"], notices[0]["language"], notices[2]["language"]) == ("file", "fr", "ar")
    assert "@" not in answer.text
    assert answer.json()["next"] is None


@pytest.mark.parametrize(
    ("role", "body", "status", "code"),
    [
        (None, None, 401, "token-missing"),
        ("operator", None, 403, "role-not-allowed"),
        ("body-agent", "water-office", 200, None),
        ("approver", "water-office", 200, None),
        ("machine", "water-office", 200, None),
        ("body-agent", "ministry-waters", 404, "complaint-not-found"),
        ("body-admin", "ministry-waters", 200, None),
        ("body-admin", "ministry-towns", 404, "complaint-not-found"),
        ("auditor", None, 200, None),
    ],
)
async def test_rights(open_store: Opener, role: str | None, body: str | None, status: int, code: str | None) -> None:
    bench, reference = await told(open_store)
    answer = await get(bench, reference, role, body)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


async def test_what_is_unknown_or_misspelt_is_not_found(open_store: Opener) -> None:
    bench, _ = await told(open_store)
    for reference in (new_reference(), "no reference"):
        answer = await get(bench, reference, "auditor")
        assert (answer.status_code, answer.json()["code"]) == (404, "complaint-not-found")


async def test_pages_join_to_the_whole(open_store: Opener) -> None:
    bench, reference = await told(open_store)
    codes, cursor = [], None
    for _ in range(3):
        page = (await get(bench, reference, "auditor", limit=1, **({"cursor": cursor} if cursor else {}))).json()
        codes += [n["code"] for n in page["notices"]]
        cursor = page["next"]
    assert (codes, cursor) == (["receipt", "routed", "new-case"], None)


@pytest.mark.parametrize(
    ("query", "code"), [({"cursor": "x"}, "cursor-invalid"), ({"cursor": "é" * 9}, "cursor-invalid"), ({"limit": 0}, None)]
)
async def test_bad_pages_are_refused(open_store: Opener, query: dict[str, Any], code: str | None) -> None:
    bench, reference = await told(open_store)
    answer = await get(bench, reference, "auditor", **query)
    assert answer.status_code == 422
    assert code is None or answer.json()["code"] == code
