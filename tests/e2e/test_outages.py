"""The broker or the database is gone, and comes back on its data: what got a 201 is not lost, what was not stored never got one."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.people import Citizen, World, filing, wait
from deploy.local.platform import Platform

NORIA = Path(__file__).parents[1] / "packs" / "noria"


@pytest.fixture(scope="module")
def frail(platform_folder: Path) -> Iterator[World]:
    platform = Platform(platform_folder / "frail", clock="file", environment={"routing": {"WASL_PACK": str(NORIA)}})
    platform.set_clock("2026-03-02T09:00:00Z")
    with platform, closing(World(platform)) as world:
        yield world


@pytest.mark.timeout(180)
def test_without_the_broker_intake_accepts_and_the_facts_leave_when_it_is_back(frail: World) -> None:
    frail.file().until(lambda p: p["due"])
    frail.platform.kafka.kill()
    filed = [frail.file(public_service="birth-certificate") for _ in range(5)]
    assert [citizen.follow()["status"] for citizen in filed] == ["triage"] * 5
    frail.platform.kafka.start()
    for citizen in filed:
        page = citizen.until(lambda p: p["due"] and p["body"])
        assert (page["body"]["id"], page["status"]) == ("commune-prima", "with_body")


@pytest.mark.timeout(180)
def test_without_the_database_intake_says_when_to_try_again_and_the_same_key_then_files_once(frail: World) -> None:
    before = frail.file()
    before.until(lambda p: p["due"])
    key = {"Idempotency-Key": str(uuid4())}
    frail.platform.postgres.kill()
    refused = frail.post("intake", "/v1/complaints", filing(), key)
    assert (refused.status_code, refused.json()["code"]) == (503, "store-unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert frail.get("intake", "/livez").status_code == 200
    frail.platform.postgres.start()
    taken = wait(lambda: frail.post("intake", "/v1/complaints", filing(), key), lambda answer: answer.status_code == 201)
    again = frail.post("intake", "/v1/complaints", filing(), key)
    assert again.text == taken.text
    page = Citizen(frail, taken.json()).until(lambda p: p["due"])
    assert page["reference"] != before.follow()["reference"]
    for service in frail.platform.services:
        wait(lambda service=service: frail.get(service, "/readyz").status_code, lambda status: status == 200)  # type: ignore[misc]
