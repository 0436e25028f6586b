"""Who a complaint is: the identity that was fixed when it was filed and never changes."""

from uuid import UUID

from shared.contracts.base import Contract, Instant


class Link(Contract):
    """A tie to another complaint: rel is renews, appeals or split-from."""

    rel: str
    reference: str


class Header(Contract):
    """The as-filed identity, the same in every fact of a complaint.

    filed_at is the legal instant of lodging, recorded_at that of entry: a letter may be entered weeks after it came.
    `body` is the body that the filer named, if any; who really handles the case is in the routing state alone.
    """

    id: UUID
    reference: str
    procedure: str
    filed_at: Instant
    recorded_at: Instant
    channel: str
    public_service: str | None = None
    territory: str
    body: str | None = None
    links: tuple[Link, ...] = ()
