"""The rows that one complaint has in each of the five stores, by table: of the contracts' classes and the services' projections."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any

from services.deadlines import handlers as deadlines
from services.deadlines.models import ClockRow
from services.notifications.notice import notice_id
from services.routing.handlers import case_row
from services.routing.models import COLUMNS as CASE_COLUMNS
from services.stats.domain import fact_row
from services.stats.models import COLUMNS as FACT_COLUMNS
from services.stats.models import FACTS
from shared.contracts.directory import Directory
from shared.contracts.events import Cause
from shared.contracts.private import Answers, Contacts, Papers, Person, Private
from shared.contracts.registry import ANSWERS, CONTACTS, DEADLINES, INTAKE, PAPERS, ROUTING
from shared.messaging import registers
from shared.messaging.outbox import headers_json
from shared.messaging.records import fact_record
from shared.messaging.registers import Registers
from tests.bench.generator import NARRATIVE
from tests.bench.templates import Template

Tables = dict[str, list[tuple[Any, ...]]]

COLUMNS = {
    "register": registers.ROW,
    "published": ("complaint_id", "topic", "version", "headers", "value"),
    "private_document": ("topic", "complaint_id", "version", "doc"),
    "desk_case": tuple(CASE_COLUMNS),
    "clock": tuple(ClockRow.__dataclass_fields__),
    "notices": ("id", "complaint_id", "code", "subject", "audience", "state", "channel", "sent_at", "not_after"),
    FACTS: tuple(FACT_COLUMNS),
}
_clock, _fact = attrgetter(*COLUMNS["clock"]), attrgetter(*COLUMNS[FACTS])
WRITERS = {"intake": (INTAKE, "response-rated"), "routing": (ROUTING, "response-posted"), "deadlines": (DEADLINES, "deadline-set")}
HOLDERS = {PAPERS: ("intake", "routing"), ANSWERS: ("intake", "routing"), CONTACTS: ("intake", "notifications")}
"""Stores that keep a document of each restricted topic."""


def rows(made: Template, directory: Directory, now: datetime) -> dict[str, Tables]:
    """By service."""
    known, found = made.registers, defaultdict[str, Tables](lambda: defaultdict(list))
    register = registers.as_row(known)
    for service in ("intake", "routing", "deadlines", "notifications", "stats"):
        found[service]["register"] = [register]
    for writer, (topic, type) in WRITERS.items():
        found[writer]["published"] = [_published(known, writer, topic, type, now)]
    for topic, doc in _documents(known):
        for service in HOLDERS[topic]:
            found[service]["private_document"].append((topic, known.complaint_id, doc.version, doc.model_dump_json()))
    if case := case_row(known, directory):
        found["routing"]["desk_case"] = [tuple(case)]
    found["deadlines"]["clock"] = [_clock(row) for row in deadlines._rows(made.known, directory)]
    found["notifications"]["notices"] = [
        (notice_id(known.complaint_id, intent.key), known.complaint_id, *intent.key, "sent", "file", now, now) for intent in made.sent
    ]
    found["stats"][FACTS] = [_fact(fact_row(known, directory))]
    return found


def _published(known: Registers, writer: str, topic: str, type: str, now: datetime) -> tuple[Any, ...]:
    model = registers.FACT_OF[writer]
    state = {model.state_field: getattr(known, writer)}
    fact = model(complaint=known.header, version=known.version(writer), change=Cause(by="bench"), **state)
    record = fact_record(topic, writer, type, known.header, fact, now, None)
    return known.complaint_id, topic, record.version, headers_json(record), record.value


def _documents(known: Registers) -> Iterator[tuple[str, Private]]:
    about: dict[str, Any] = {"complaint_id": known.complaint_id, "reference": known.header.reference, "version": 1}
    person = Person(name="Amina", email="amina@citizen.example", language="fr")
    yield PAPERS, Papers(**about, person=person, subject="Compteur", narrative=NARRATIVE)
    yield CONTACTS, Contacts(**about, name=person.name, email=person.email, language="fr", channel="web")
    if known.routing and (response := known.routing.response):
        yield ANSWERS, Answers(**about, response_id=response.id, outcome=response.outcome, reasons="Vu la facture.")
