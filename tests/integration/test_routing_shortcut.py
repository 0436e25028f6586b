"""Taking up and answering past the router, on a real store: the routes' own acts, and their own refusals."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.desks import NATIONAL, OFFICE, WATERS, Desks, Who, refused

ANSWER = {"outcome": "favourable", "reasons": "The bill was corrected."}
READ_PAST_THE_ROUTER, LEFT_TO_THE_ROUTE = "application/json", "application/answer+json"
AUDITOR: Who = ("auditor", None)


async def both(desks: Desks, path: str, headers: dict[str, str], asked: Any = ANSWER) -> list[httpx.Response]:
    """One request in both ways."""
    content = json.dumps(asked)
    types = (READ_PAST_THE_ROUTER, LEFT_TO_THE_ROUTE)
    return [await desks.client.post(path, content=content, headers=headers | {"Content-Type": type}) for type in types]


async def test_the_shortcut_and_the_route_are_one_act(desks: Desks) -> None:
    """Under one key the route gives the answer of what the shortcut did."""
    header = await desks.file()
    sent = {**desks.bench.token(*OFFICE), "Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    first, again = await both(desks, f"/v1/cases/{header.reference}/response", sent)
    assert (first.status_code, first.content, first.headers["ETag"]) == (200, again.content, again.headers["ETag"])
    assert first.headers["Content-Type"] == again.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("who", "headers", "asked", "status", "code"),
    [
        (None, {}, {"outcome": 1}, 401, "token-missing"),
        (AUDITOR, {"Idempotency-Key": "1"}, ANSWER, 403, "role-not-allowed"),
        (OFFICE, {"Idempotency-Key": "1", "If-Match": "1"}, ANSWER, 400, "idempotency-key-invalid"),
        (OFFICE, {"If-Match": "1"}, ANSWER, 400, "if-match-invalid"),
        (OFFICE, {}, {"outcome": 1}, 428, "if-match-missing"),
        (OFFICE, {"If-Match": '"1"'}, {"outcome": 1}, 422, "invalid-field"),
        (OFFICE, {"If-Match": '"1"'}, {**ANSWER, "more": "x"}, 422, "invalid-field"),
        (WATERS, {"If-Match": '"2"'}, ANSWER, 404, "case-unknown"),
        (NATIONAL, {"If-Match": '"2"'}, {"outcome": "perhaps"}, 412, "version-stale"),
        (NATIONAL, {"If-Match": '"1"'}, {"outcome": "perhaps"}, 422, "unknown-outcome"),
    ],
)
async def test_they_refuse_alike(desks: Desks, who: Who | None, headers: dict[str, str], asked: Any, status: int, code: str) -> None:
    header = await desks.file()
    sent = headers | (desks.bench.token(*who) if who else {})
    first, again = await both(desks, f"/v1/cases/{header.reference}/response", sent, asked)
    assert (refused(first), first.json()) == ((status, code), again.json())
    assert {name: first.headers.get(name) for name in ("ETag", "WWW-Authenticate")} == {
        name: again.headers.get(name) for name in ("ETag", "WWW-Authenticate")
    }


async def test_what_an_earlier_refusal_left_locked_is_free(desks: Desks) -> None:
    header = await desks.file()
    assert refused(await desks.act(OFFICE, header, "take-up", 2)) == (412, "version-stale")
    assert refused(await desks.act(OFFICE, header, "take-up", None)) == (428, "if-match-missing")
    await desks.done(OFFICE, header, "take-up", 1)
    await desks.done(OFFICE, header, "response", 2, **ANSWER)
