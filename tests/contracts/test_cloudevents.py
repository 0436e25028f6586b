"""Our records as another implementation of CloudEvents reads them (Kafka protocol binding 1.0, binary mode)."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

from shared.contracts.envelope import event_id
from shared.contracts.events import Fact
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Private
from shared.contracts.registry import TOPICS
from shared.contracts.schemas import GOLDEN
from shared.messaging.records import Outgoing, directory_record, fact_record, notice_record, private_record

TIME = datetime(2026, 4, 8, 12, 0, 0, 120_000, UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FACTS = [(topic.name, type) for topic in TOPICS.values() if issubclass(topic.model, Fact) for type in topic.types]
DOCUMENTS = [topic.name for topic in TOPICS.values() if issubclass(topic.model, Private)]


def golden(topic: str, name: str) -> bytes:
    return (GOLDEN / f"{name}.v1.json").read_bytes()


def read(record: Outgoing) -> BaseCloudEvent:
    assert record.value is not None
    headers = {name: value.encode() for name, value in record.headers.items()}
    return from_binary_event(KafkaMessage(headers=headers, key=record.key.encode(), value=record.value))


@pytest.mark.parametrize(("topic", "type"), FACTS, ids=[type for _, type in FACTS])
def test_a_fact(topic: str, type: str) -> None:
    fact = TOPICS[topic].model.model_validate_json(golden(topic, type))
    assert isinstance(fact, Fact)
    event = read(fact_record(topic, TOPICS[topic].writer, type, fact.complaint, fact, TIME, TRACE))
    assert event.get_specversion() == "1.0"
    assert event.get_id() == event_id(fact.complaint.id, topic, fact.version)
    assert event.get_type() == f"wasl.{type}.v1"
    assert event.get_source() == f"wasl/{TOPICS[topic].writer}"
    assert event.get_subject() == fact.complaint.reference
    assert event.get_time() == TIME
    assert event.get_datacontenttype() == "application/json"
    assert event.get_extension("partitionkey") == str(fact.complaint.id)
    assert event.get_data() == json.loads(fact.model_dump_json(by_alias=True))


@pytest.mark.parametrize("topic", DOCUMENTS)
def test_a_private_document(topic: str) -> None:
    doc = TOPICS[topic].model.model_validate_json(golden(topic, topic))
    assert isinstance(doc, Private)
    event = read(private_record(topic, TOPICS[topic].writer, doc, TIME))
    assert (event.get_type(), event.get_id()) == (f"wasl.{topic}.v1", event_id(doc.complaint_id, topic, doc.version))
    assert (event.get_subject(), event.get_time()) == (doc.reference, TIME)
    # What a later release has added has its default.
    assert event.get_data() == json.loads(doc.model_dump_json(by_alias=True)) | json.loads(golden(topic, topic))


def test_a_notice() -> None:
    notice = NoticeSent.model_validate_json(golden("notices", "notice-sent"))
    event = read(notice_record("notices", "notifications", notice, "25K2-DFQD-1"))
    assert (event.get_id(), event.get_type()) == (str(notice.id), "wasl.notice-sent.v1")
    assert (event.get_source(), event.get_subject()) == ("wasl/notifications", "25K2-DFQD-1")
    assert event.get_time() == notice.sent_at
    assert UUID(str(event.get_extension("partitionkey"))) == notice.complaint_id


def test_a_record_of_the_directory() -> None:
    record = TOPICS["directory"].model.model_validate_json(golden("directory", "directory-record.body"))
    event = read(directory_record("directory", "routing", record, TIME))  # type: ignore[arg-type]
    assert (event.get_type(), event.get_source()) == ("wasl.directory-record.v1", "wasl/routing")
    assert event.get_subject() == event.get_extension("partitionkey") == "body/regie-eau-demo"
    assert event.get_time() == TIME


def test_the_trace_travels_beside_the_attributes_as_the_distributed_tracing_extension_wants_it() -> None:
    fact = TOPICS["complaints-intake"].model.model_validate_json(golden("complaints-intake", "complaint-filed"))
    assert isinstance(fact, Fact)
    record = fact_record("complaints-intake", "intake", "complaint-filed", fact.complaint, fact, TIME, TRACE)
    assert record.headers["traceparent"] == TRACE
