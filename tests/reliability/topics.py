"""A topic as its readers get it, judged record by record."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from shared.messaging.records import RawRecord

PLANTED = "planted"
"""Header of a record that a test put there past all services, to see what they do with it: no part of what they have told."""


@dataclass
class Log:
    """ids: every ce_id. versions: of each complaint, in the order of their first appearance. again: records that repeat an earlier one.

    A relay that died between the broker's answer and its own note sends the same records again; they must be the same to the byte.
    broken: what no reader may ever see.
    """

    ids: set[str] = field(default_factory=set)
    versions: dict[UUID, list[int]] = field(default_factory=lambda: defaultdict(list))
    again: int = 0
    broken: list[tuple[str, UUID | None]] = field(default_factory=list)


def read(records: Iterable[RawRecord]) -> Log:
    log, seen = Log(), dict[str, bytes]()
    for record in records:
        if PLANTED in dict(record.headers):
            continue
        complaint, id = UUID((record.key or b"").decode()), (dict(record.headers)["ce_id"] or b"").decode()
        # A digest: of a long proof's hundred thousands of records the contents would take gigabytes.
        content = sha256(repr((record.partition, record.key, record.value, record.headers)).encode()).digest()
        if id not in seen:
            seen[id] = content
            log.ids.add(id)
            log.versions[complaint].append(json.loads(record.value or b"{}").get("version", 0))
        elif seen[id] == content:
            log.again += 1
        else:
            log.broken.append((f"two different records have the id {id}", complaint))
    return log
