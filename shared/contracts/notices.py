"""What was told to whom: the public side of the delivery ledger, without an address."""

from uuid import UUID

from shared.contracts.base import Contract, Instant


class NoticeSent(Contract):
    """One notice handed to its channel. The id is also the Message-ID, so a second hand-over of the same is recognised.

    Of a notice that is about a body and no complaint, `complaint_id` is uuid5(NAMESPACE_URL, "urn:wasl:body/<id>").
    """

    id: UUID
    complaint_id: UUID
    code: str
    subject: str
    audience: str
    channel: str
    sent_at: Instant
