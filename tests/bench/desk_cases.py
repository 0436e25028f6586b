"""Cases of two years at five desks, brought into routing's store with COPY: queue, papers, search, fingerprints, who works on what.

Two fifths are the water office's; five share their words, as many do when the water fails. FREQUENT is in a third of the texts,
RARE in one of some thousand.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, islice
from random import Random
from typing import Any, Self

import asyncpg

from services.routing.desk.names import name_key
from services.routing.triage.domain import bands, contacts, fingerprint, numbers
from shared.contracts.complaint import Header
from shared.contracts.private import Papers, Person
from shared.contracts.registry import PAPERS
from shared.contracts.states import Case, Custody, Filing
from shared.contracts.wording import content
from shared.messaging.murmur import partition_of
from shared.runtime.ids import new_reference, uuid7

DAYS, CHUNK, SHARED = 730, 10_000, 5
BODY = "water-office"
OFFERED = (
    ("water-bill", BODY),
    ("water-supply", BODY),
    ("dams", "ministry-waters"),
    ("birth-certificate", "commune-prima"),
    ("order", "ministry-towns"),
)
PLACES = ("010010101", "010010102", "010020101", "020010101")
FIRST = ("Amal", "Nour", "Omar", "Salma", "Hajar", "Karim", "Imane", "Fatima", "Mohamed", "Khadija", "محمد", "فاطمة", "أحمد", "خديجة")
LAST = [
    f"{a}{b}" for a in ("Ben", "Al", "El", "Ou", "Tah", "Zer", "Kab", "Fas") for b in ("nani", "aoui", "bari", "ssef", "iri", "mlal", "idi")
]
VOCABULARY = [f"{a}{b}{c}" for a in ("mar", "ser", "pla", "vil") for b in ("ani", "oto", "ure", "ibe") for c in range(100)]
SUBJECT = 40
"""Characters: some five words, of which the commonest stands in one subject of ten."""
FREQUENT, RARE = "compteur", "hydrologie"
_WEIGHTS = list(accumulate(1 / (rank + 10) for rank in range(len(VOCABULARY))))
_ARRIVED = Filing(language="fr").model_dump_json()

_STAGE = """
    create temp table if not exists stage (
        id uuid, reference text, partition int, header text, routing text, status text, body text, public_service text, territory text,
        filed_at timestamptz, due_at timestamptz, sub text, name text, name_key text, phone_tail text, words text, doc text,
        print_words int[], bands int[], signature int[], contacts bigint[])"""
_FILL = (
    f"""insert into register (complaint_id, partition, reference, header, intake, intake_version, routing, routing_version)
       select id, partition, reference, header::jsonb, '{_ARRIVED}', 1, routing::jsonb, 1 from stage""",
    """insert into desk_case (complaint_id, reference, status, body, public_service, territory, procedure, filed_at, due_at, version)
       select id, reference, status, body, public_service, territory, 'complaint@1', filed_at, due_at, 1 from stage""",
    f"insert into private_document (topic, complaint_id, version, doc) select '{PAPERS}', id, 1, doc::jsonb from stage",
    """insert into desk_search (complaint_id, name_key, phone_tail, words)
       select id, name_key, phone_tail, setweight(to_tsvector('wasl', unaccent(name)), 'A') || to_tsvector('wasl', unaccent(words))
       from stage""",
    """insert into case_print (complaint_id, filed_at, public_service, territory, words, bands, signature, contacts)
       select id, filed_at, public_service, territory, print_words, bands, signature, contacts from stage""",
    """insert into desk_assignee (complaint_id, body, sub, unit, at)
       select id, body, sub, 'bills', filed_at from stage where sub is not null""",
    "truncate stage",
)
# Made anew once all is in, as a bulk load does.
_INDEXES = "select indexname, indexdef from pg_indexes where tablename in ('desk_search', 'case_print') and indexdef like '%gin%'"


async def fill(store: asyncpg.Connection, size: int, now: datetime) -> None:
    cases = _cases(Random(1), now, size)
    indexes = await store.fetch(_INDEXES)
    await store.execute(_STAGE + "".join(f"; drop index {row['indexname']}" for row in indexes))
    while chunk := list(islice(cases, CHUNK)):
        async with store.transaction():
            await store.copy_records_to_table("stage", records=chunk)
            for statement in _FILL:
                await store.execute(statement, timeout=600)
    for row in indexes:
        await store.execute(row["indexdef"], timeout=600)
    await store.execute("vacuum analyze", timeout=600)


def _cases(rng: Random, now: datetime, size: int) -> Iterator[tuple[Any, ...]]:
    """In the order of their filing."""
    references: set[str] = set()
    told = [_Told.of(_text(rng)) for _ in range(max(1, size // SHARED))]
    for seconds in sorted((rng.randrange(DAYS * 86_400) for _ in range(size)), reverse=True):
        while (reference := new_reference()) in references:
            pass
        references.add(reference)
        yield _case(rng, reference, now - timedelta(seconds=seconds), now, rng.choice(told))


def _text(rng: Random) -> str:
    words = rng.choices(VOCABULARY, cum_weights=_WEIGHTS, k=30)
    return " ".join((*words, *([FREQUENT] if rng.random() < 1 / 3 else []), *([RARE] if rng.random() < 1 / 4000 else [])))


@dataclass(frozen=True)
class _Told:
    """What many have said in the same words."""

    text: str
    words: list[int]
    bands: list[int]
    signature: list[int]

    @classmethod
    def of(cls, text: str) -> Self:
        signature = fingerprint(text)
        return cls(text, list(numbers(content(text[:SUBJECT]))), list(bands(signature)), list(signature))


def _case(rng: Random, reference: str, filed_at: datetime, now: datetime, told: _Told) -> tuple[Any, ...]:
    id, (public_service, body), territory = uuid7(filed_at), rng.choice(OFFERED), rng.choice(PLACES)
    open_ = rng.random() < (0.6 if now - filed_at < timedelta(days=60) else 0.03)
    status, due_at = ("with_body", filed_at + timedelta(days=60)) if open_ else ("answered", None)
    where = {"public_service": public_service, "territory": territory, "channel": "web", "procedure": "complaint@1"}
    header = Header.model_validate({"id": id, "reference": reference, "filed_at": filed_at, "recorded_at": filed_at, **where})
    case = Case(status=status, kind="complaint", body=body, custody=(Custody(body=body, since=filed_at),))
    name, phone = f"{rng.choice(FIRST)} {rng.choice(LAST)}", f"+2126{rng.randrange(10**8):08}"
    person = {"name": name, "phone": phone, "language": "fr"}
    papers = {"complaint_id": str(id), "reference": reference, "version": 1, "person": person, "subject": told.text[:SUBJECT]}
    return (
        *(id, reference, partition_of(str(id)), header.model_dump_json(), case.model_dump_json()),
        *(
            status,
            body,
            public_service,
            territory,
            filed_at,
            due_at,
            f"agent-{rng.randrange(40)}" if open_ and rng.random() < 0.7 else None,
        ),
        *(name, name_key(name), phone[-8:], told.text, json.dumps({**papers, "narrative": told.text})),
        *(told.words, told.bands, told.signature, list(contacts(Person(name=name, phone=phone, language="fr")))),
    )


def person_of(doc: str) -> Person:
    return Papers.model_validate_json(doc).person
