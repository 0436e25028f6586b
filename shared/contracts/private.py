"""The documents that carry people's data. They travel whole, each time, on restricted compacted topics, and are erased there."""

from uuid import UUID

from pydantic import Field

from shared.contracts.base import Contract, Instant


class Attachment(Contract):
    name: str
    type: str
    size: int
    sha256: str
    token: str


class Private(Contract):
    """A whole document about one complaint; the highest version wins, a tombstone erases it."""

    complaint_id: UUID
    reference: str
    version: int = Field(ge=1)


class Person(Contract):
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str


class SuppliedText(Contract):
    request_id: UUID
    at: Instant
    text: str


class RatingComment(Contract):
    response_id: UUID
    text: str


class Papers(Private):
    """Who filed, and in which words. `private` holds the private fields of the procedure's form by their codes."""

    person: Person
    subject: str
    narrative: str
    supplied: tuple[SuppliedText, ...] = ()
    comments: tuple[RatingComment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    private: dict[str, str] = {}  # noqa: RUF012 -- pydantic copies a default, and the schema shows it


class RequestText(Contract):
    id: UUID
    text: str


class Answers(Private):
    """The body's words: what it asked and the reasons of its answer."""

    response_id: UUID | None = None
    outcome: str | None = None
    reasons: str | None = None
    requests: tuple[RequestText, ...] = ()
    attachments: tuple[Attachment, ...] = ()


class Contacts(Private):
    """Where the filer wants to be told, in which language."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str
    channel: str | None = None
