"""What a citizen does after filing: each act turns intake's state into the next one, or is refused. Pure."""

from datetime import datetime
from uuid import UUID

from services.intake.follow_ups import has_ended
from services.intake.refusals import Refused
from shared.contracts.directory import Directory
from shared.contracts.known import Known, filing_of, is_open
from shared.contracts.private import Papers, RatingComment, SuppliedText
from shared.contracts.states import Filing, RatingGiven, Supplied

MOST_TEXTS = 10
"""Papers travel whole in one record, so they are bounded."""


def supply(known: Known, request_id: UUID, at: datetime) -> Filing:
    """The state after information was given to a request; the same state where that request was supplied before.

    After closing it is taken too: the text stays with the papers, and nothing reopens.
    """
    filing = filing_of(known)
    _refuse_erased(filing)
    if request_id not in {request.id for request in (known.routing.requests if known.routing else ())}:
        raise Refused("unknown-request", "No such request for information: take its id from the complaint's page.", "request_id")
    if request_id in {supplied.request_id for supplied in filing.supplied}:
        return filing
    return filing.model_copy(update={"supplied": (*filing.supplied, Supplied(request_id=request_id, at=at))})


def with_text(papers: Papers, request_id: UUID, at: datetime, text: str) -> Papers:
    if len(papers.supplied) >= MOST_TEXTS:
        raise Refused("too-many-texts", f"A complaint takes {MOST_TEXTS} texts: write to the body.", "text", status=409)
    supplied = SuppliedText(request_id=request_id, at=at, text=text)
    return papers.model_copy(update={"version": papers.version + 1, "supplied": (*papers.supplied, supplied)})


def withdraw(known: Known, at: datetime) -> Filing:
    """The citizen's act; what becomes of it is routing's. The same state where it was withdrawn before."""
    filing = filing_of(known)
    return filing if filing.withdrawn_at else filing.model_copy(update={"withdrawn_at": at})


def rate(known: Known, response_id: UUID, satisfied: bool, at: datetime, directory: Directory) -> Filing:
    """One rating a response, replaced by a later one; the same state where it says the same."""
    response = known.routing.response if known.routing else None
    if response is None or response.id != response_id:
        raise Refused("unknown-response", "No such answer: take its id from the complaint's page.", "response_id")
    law = directory.procedure(known.header.procedure)
    if law is None or law.rating is None:
        raise Refused("rating-not-offered", "Answers under this procedure are not rated.", status=409)
    if has_ended(law.rating.within, response.posted_at, at, directory):
        raise Refused("rating-over", "The time for rating this answer is over.", status=409)
    filing = filing_of(known)
    if any(r.response_id == response_id and r.satisfied == satisfied for r in filing.ratings):
        return filing
    others = tuple(r for r in filing.ratings if r.response_id != response_id)
    return filing.model_copy(update={"ratings": (*others, RatingGiven(response_id=response_id, satisfied=satisfied, at=at))})


def with_comment(known: Known, papers: Papers | None, response_id: UUID, comment: str | None, directory: Directory) -> Papers | None:
    """The papers after a rating with or without a comment; None where nothing in them changes."""
    law = directory.procedure(known.header.procedure)
    if comment is not None:
        _refuse_erased(filing_of(known))
        if law and law.rating and not law.rating.comment:
            raise Refused("comment-not-offered", "Ratings under this procedure take no comment.", "comment")
    before = papers.comments if papers else ()
    given = (RatingComment(response_id=response_id, text=comment),) if comment is not None else ()
    after = (*(c for c in before if c.response_id != response_id), *given)
    return papers.model_copy(update={"version": papers.version + 1, "comments": after}) if papers and after != before else None


def erase(known: Known, at: datetime) -> Filing:
    """The state after the person was forgotten; the same state where that was done. Erasing an open case would stop a legal procedure."""
    if is_open(known):
        raise Refused("case-open", "The case is open: withdraw the complaint or wait for the answer, then erase.", status=409)
    filing = filing_of(known)
    return filing if filing.erased_at else filing.model_copy(update={"erased_at": at})


def _refuse_erased(filing: Filing) -> None:
    if filing.erased_at:
        raise Refused("erased", "The personal data of this complaint was erased at your request; no text is taken any more.", status=409)
