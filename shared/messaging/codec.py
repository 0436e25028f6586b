"""From a record's bytes to its meaning, one record alone, so that a bad one harms no other."""

from uuid import UUID

from pydantic import ValidationError

from shared.contracts.directory import DirectoryRecord
from shared.contracts.events import Fact
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Private
from shared.contracts.registry import PRIVATE_TOPICS, TICK, TOPICS
from shared.messaging.records import Decoded, RawRecord


class Undecodable(ValueError):
    """This record can never be understood as it stands: it is parked, and the next one goes on. The text names no value."""


def decode(raw: RawRecord) -> Decoded:
    """The record's meaning. A tick or a tombstone has none. Raises Undecodable with a reason that quotes no content."""
    if raw.key == TICK:
        return Decoded(raw, None)
    topic = TOPICS[raw.topic]
    if raw.value is None:
        return Decoded(raw, None, _key(raw)) if raw.topic in PRIVATE_TOPICS else Decoded(raw, None)
    try:
        body = topic.model.model_validate_json(raw.value)
    except ValidationError as error:
        raise Undecodable(_reason(error)) from None
    match body:
        case Fact():
            return Decoded(raw, body, _same(raw, body.complaint.id))
        case Private():
            return Decoded(raw, body, _same(raw, body.complaint_id))
        case DirectoryRecord() | NoticeSent():
            return Decoded(raw, body)
    raise Undecodable(f"no meaning is known for {type(body).__name__}")


def _key(raw: RawRecord) -> UUID:
    try:
        return UUID((raw.key or b"").decode())
    except ValueError:
        raise Undecodable("the key is no complaint id") from None


def _same(raw: RawRecord, complaint_id: UUID) -> UUID:
    if raw.key != str(complaint_id).encode() and _key(raw) != complaint_id:  # to write it costs a quarter of reading it
        raise Undecodable("the key is not the complaint's id")
    return complaint_id


def _reason(error: ValidationError) -> str:
    found = [f"{'.'.join(map(str, e['loc'])) or 'value'}: {e['type']}" for e in error.errors(include_input=False, include_url=False)]
    return "; ".join(found[:5])
