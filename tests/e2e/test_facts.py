"""What really stands on the topics after a complaint's life, as its readers get it: frozen schemas, CloudEvents, no person in a fact."""

import json
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from jsonschema import Draft202012Validator

from deploy.local.people import World, wait
from shared.contracts.registry import FACT_TOPICS, TICK, TOPICS
from shared.contracts.schemas import FOLDER
from shared.messaging.login import Login
from shared.messaging.records import RawRecord
from shared.messaging.transport import observing

CANARY = "qanariyya-7c1f"
READER = {"papers": "routing", "answers": "intake", "contacts": "notifications", "notices": "stats", "directory": "agency"}


@pytest.fixture(scope="module")
def lived(world: World) -> str:
    """One whole life whose every free text holds the canary; its reference."""
    world.at("2026-05-04T09:00:00Z")
    person = {"name": CANARY, "email": f"{CANARY}@example.org", "phone": "+21620123456", "language": "fr"}
    citizen = world.file(public_service="water-bill", territory="010020101", narrative=CANARY, subject=CANARY, filer=person)
    office = world.staff("body-agent", "water-office")
    citizen.until(lambda p: p["due"] and p["body"])
    assert office.do(citizen.reference, "information-requests", text=CANARY).status_code == 200
    page = citizen.until(lambda p: p["requests"])
    assert citizen.act("information", request_id=page["requests"][0]["id"], text=CANARY).is_success
    citizen.until(lambda p: p["status"] == "with_body")
    assert office.do(citizen.reference, "response", outcome="unfounded", reasons=CANARY).status_code == 200
    page = citizen.until(lambda p: p["response"])
    assert citizen.act("rating", response_id=page["response"]["id"], satisfied=False, comment=CANARY).is_success
    wait(lambda: world.figures(by="public_service"), lambda rows: rows.get("water-bill", {}).get("rated"))
    return citizen.reference


async def stretch(world: World, topic: str) -> list[RawRecord]:
    user = READER.get(topic, "agency")
    login = Login(world.platform.kafka_bootstrap, user, world.platform.kafka_password(user))
    async with observing(login) as observer:
        places = await observer.places([topic])
        return [raw async for batch in observer.stretch(dict.fromkeys(places, 0)) for raw in batch if raw.key != TICK]


@pytest.mark.parametrize("topic", TOPICS)
async def test_every_record_is_a_cloud_event_of_its_frozen_schema(world: World, lived: str, topic: str) -> None:
    records = [raw for raw in await stretch(world, topic) if raw.value is not None]
    assert records
    for raw in records:
        headers = {name: value or b"" for name, value in raw.headers}
        event = from_binary_event(KafkaMessage(headers=headers, key=(raw.key or b"").decode(), value=raw.value or b""))
        type = event.get_type().removeprefix("wasl.")
        assert type.removesuffix(".v1") in TOPICS[topic].types
        assert event.get_source() == f"wasl/{TOPICS[topic].writer}"
        Draft202012Validator(_schema(type)).validate(event.get_data())


async def test_no_fact_names_a_person_while_the_restricted_topics_do(world: World, lived: str) -> None:
    for topic in ("papers", "answers", "contacts"):
        assert any(CANARY.encode() in (raw.value or b"") for raw in await stretch(world, topic)), topic
    for topic in (*FACT_TOPICS, "notices", "directory"):
        for raw in await stretch(world, topic):
            assert CANARY.encode() not in repr(raw).encode(), raw
            assert b"+21620123456" not in (raw.value or b""), raw


async def test_the_facts_of_one_life_in_its_writers_orders(world: World, lived: str) -> None:
    told: dict[str, list[tuple[str, int]]] = {}
    for topic in FACT_TOPICS:
        for raw in await stretch(world, topic):
            fact = json.loads(raw.value or b"")
            if fact["complaint"]["reference"] == lived:
                type = (dict(raw.headers)["ce_type"] or b"").decode().removeprefix("wasl.").removesuffix(".v1")
                told.setdefault(topic, []).append((type, fact["version"]))
    assert told["complaints-intake"] == [("complaint-filed", 1), ("information-supplied", 2), ("response-rated", 3)]
    assert told["complaints-routing"] == [
        ("complaint-routed", 1),
        ("information-requested", 2),
        ("information-received", 3),
        ("response-posted", 4),
    ]
    types, versions = zip(*told["complaints-deadlines"], strict=True)
    assert set(types) == {"deadline-set"}
    assert versions == tuple(range(1, len(versions) + 1))


async def test_no_log_line_holds_a_person_or_a_secret(world: World, lived: str) -> None:
    logs = list((world.platform.home / "logs").glob("*.log"))
    assert len(logs) >= 5
    for log in logs:
        text = log.read_text(encoding="utf-8", errors="replace")
        assert CANARY not in text, log.name
        assert "s1." not in text, log.name
        assert "eyJ" not in text, log.name


def _schema(type: str) -> Any:
    return json.loads((FOLDER / f"{type}.json").read_text(encoding="utf-8"))
