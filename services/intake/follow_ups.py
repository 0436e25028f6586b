"""Renewals and appeals: whether the law of the earlier complaint offers them, and still does (procedure data, follow_ups)."""

from datetime import datetime

from services.intake.refusals import Refused
from shared.contracts.calendars import Calendar
from shared.contracts.directory import Directory
from shared.contracts.known import Known, filing_of
from shared.contracts.procedures import FollowUp, Procedure, Span
from shared.contracts.spans import Count


def check_follow_up(rel: str, earlier: Known, procedure: str, filed_at: datetime, directory: Directory, *at: str | int) -> None:
    """Refused unless a complaint filed under `procedure` at `filed_at` may follow the earlier one so.

    What this service has not heard of yet has not happened: an answer counts once routing's fact has arrived.
    """
    law = directory.procedure(earlier.header.procedure)
    offered = next((f for f in law.follow_ups if f.rel == rel and f.procedure == procedure), None) if law else None
    if law is None or offered is None:
        raise Refused("follow-up-not-offered", "The procedure of the earlier complaint offers no such follow-up under this one.", *at)
    if filing_of(earlier).withdrawn_at or (earlier.routing and earlier.routing.status == "withdrawn"):
        raise Refused("follow-up-on-withdrawn", "The earlier complaint was withdrawn: file a new one without a link.", *at)
    since = _since(offered, earlier, law)
    if since is None:
        on = " or ".join(offered.on)
        raise Refused("follow-up-too-early", f"The earlier complaint must be {on} first; supply information to it meanwhile.", *at)
    if has_ended(offered.within, since, filed_at, directory):
        raise Refused("follow-up-too-late", "The time for this follow-up is over: file a new complaint without a link.", *at)


def has_ended(within: Span | None, since: datetime, at: datetime, directory: Directory) -> bool:
    """Whether a span that began at `since` is over at `at`. A calendar that cannot be read takes nobody's right away."""
    calendar = within and _calendar(within, directory)
    return bool(within and calendar and at >= Count(calendar).reach(within, since).due_at)


def _calendar(span: Span, directory: Directory) -> Calendar | None:
    return directory.calendar(span.calendar)


def _since(offered: FollowUp, earlier: Known, law: Procedure) -> datetime | None:
    """The answer's moment or, while there is none, the first due time of a body's clock that was missed; None: neither yet.

    The law says whose clock it is: in the state, a case that no body has yet is the platform's.
    """
    response = earlier.routing.response if earlier.routing else None
    if response:
        return response.posted_at if "answered" in offered.on else None
    bodys = {rule.code for rule in law.clocks if rule.holder == "body"}
    breached = [c.due_at for c in earlier.deadlines or () if c.code in bodys and c.breached_at and c.due_at]
    return min(breached, default=None) if "breached" in offered.on else None
