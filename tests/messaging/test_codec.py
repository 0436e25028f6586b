"""A record is understood alone: a bad one has a reason that quotes nothing of it."""

from uuid import uuid4

import pytest

from shared.contracts.events import Cause, IntakeFact
from shared.contracts.registry import TICK
from shared.contracts.states import Filing
from shared.messaging.codec import Undecodable, decode
from shared.messaging.records import RawRecord, fact_record
from tests.support.probe import new_header


def _raw(topic: str, key: bytes | None, value: bytes | None) -> RawRecord:
    return RawRecord(topic, 0, 0, key, value)


def test_a_fact_comes_back_as_it_left() -> None:
    header = new_header()
    fact = IntakeFact(complaint=header, version=3, change=Cause(by="citizen"), filing=Filing(language="ar", coded={"urgent": True}))
    sent = fact_record("complaints-intake", "intake", "complaint-filed", header, fact, header.filed_at, None)
    decoded = decode(_raw(sent.topic, sent.key.encode(), sent.value))
    assert decoded.body == fact
    assert decoded.complaint_id == header.id


def test_ticks_and_tombstones_have_no_body() -> None:
    id = uuid4()
    assert decode(_raw("papers", TICK, None)).complaint_id is None
    assert decode(_raw("papers", str(id).encode(), None)).complaint_id == id
    assert decode(_raw("directory", b"body/a", None)).body is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"x", b"\xff\xfe secret"),
        (b"x", b"{"),
        (b"x", b'{"secret": 1}'),
        (b"not an id", b"null"),
        (None, None),
    ],
)
def test_what_cannot_be_understood_says_why_and_quotes_nothing(key: bytes | None, value: bytes | None) -> None:
    topic = "papers" if value is None else "complaints-intake"
    with pytest.raises(Undecodable) as refused:
        decode(_raw(topic, key, value))
    assert "secret" not in str(refused.value)


def test_a_key_of_another_complaint_is_refused() -> None:
    header = new_header()
    fact = IntakeFact(complaint=header, version=1, change=Cause(by="citizen"), filing=Filing(language="ar"))
    with pytest.raises(Undecodable, match="key"):
        decode(_raw("complaints-intake", str(uuid4()).encode(), fact.model_dump_json().encode()))
