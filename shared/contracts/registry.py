"""Which topic has which writer and which event types: the one table from which codec, schemas and documents are made."""

from dataclasses import dataclass

from shared.contracts.base import Contract
from shared.contracts.directory import DirectoryRecord
from shared.contracts.events import DeadlinesFact, Fact, IntakeFact, RoutingFact
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Answers, Contacts, Papers, Private

INTAKE, ROUTING, DEADLINES = "complaints-intake", "complaints-routing", "complaints-deadlines"
DIRECTORY, PAPERS, ANSWERS, CONTACTS, NOTICES = "directory", "papers", "answers", "contacts", "notices"

TICK = b"tick"
"""Key of the empty records that let a quiet compacted partition roll its segment; every reader skips them."""


@dataclass(frozen=True)
class Topic:
    """A topic, its only writer, the model of its values and the names of what happened there."""

    name: str
    writer: str
    model: type[Contract]
    types: tuple[str, ...]


def ce_type(name: str) -> str:
    """The CloudEvents type of a fact's name: complaint-filed is wasl.complaint-filed.v1."""
    return f"wasl.{name}.v1"


_INTAKE = ("complaint-filed", "information-supplied", "complaint-withdrawn", "response-rated", "complaint-erased")
_ROUTING = (
    "complaint-routed",
    "complaint-taken-up",
    "information-requested",
    "information-received",
    "information-lapsed",
    "extension-granted",
    "response-posted",
    "complaint-closed",
)
_DEADLINES = ("deadline-set", "deadline-approaching", "deadline-breached")

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(INTAKE, "intake", IntakeFact, _INTAKE),
        Topic(ROUTING, "routing", RoutingFact, _ROUTING),
        Topic(DEADLINES, "deadlines", DeadlinesFact, _DEADLINES),
        Topic(DIRECTORY, "routing", DirectoryRecord, ("directory-record",)),
        Topic(PAPERS, "intake", Papers, ("papers",)),
        Topic(ANSWERS, "routing", Answers, ("answers",)),
        Topic(CONTACTS, "intake", Contacts, ("contacts",)),
        Topic(NOTICES, "notifications", NoticeSent, ("notice-sent",)),
    )
}
FACT_TOPICS: dict[str, type[Fact]] = {INTAKE: IntakeFact, ROUTING: RoutingFact, DEADLINES: DeadlinesFact}
PRIVATE_TOPICS: dict[str, type[Private]] = {PAPERS: Papers, ANSWERS: Answers, CONTACTS: Contacts}
WRITERS = {"intake": INTAKE, "routing": ROUTING, "deadlines": DEADLINES}
"""The topic of facts of each service that decides something about a complaint."""
