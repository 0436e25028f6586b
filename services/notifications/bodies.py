"""What a body is told that is about no complaint: once, however many cases it concerns. Pure."""

from collections.abc import Iterable, Iterator
from uuid import NAMESPACE_URL, UUID, uuid5

from services.notifications.notice import NATIONAL, Intent, Known, body_audience
from shared.contracts.base import iso
from shared.contracts.directory import BodyRecord
from shared.contracts.states import Case

SUCCESSION = "succession"
"""Routing's reason for moving the open cases of a body that was closed; also the code of the one notice about them all."""


def about(body: str) -> UUID:
    """What stands in a notice about a body where others have their complaint's id."""
    return uuid5(NAMESPACE_URL, f"urn:wasl:body/{body}")


def inherited_from(case: Case) -> str | None:
    """The closed body that an open case has come from, if that is how it came to where it is."""
    before = case.custody[:-1] if case.body else case.custody
    return before[-1].body if case.open and before and before[-1].reason == SUCCESSION else None


def successions(known: Iterable[Known]) -> dict[tuple[str, str], Intent]:
    """One notice for each closed body and whoever has its cases now: a body, or the national desk."""
    found: dict[tuple[str, str], Intent] = {}
    for one in known:
        case = one.routing
        if case and (before := inherited_from(case)) and not (one.intake and one.intake.erased_at):
            audience = body_audience(case.body) if case.body else NATIONAL
            since = case.custody[-1].since if case.body else case.custody[-1].until
            found.setdefault((before, audience), Intent(SUCCESSION, before, audience, {"body": before}, since))
    return found


def onboarding(body: BodyRecord) -> Iterator[Intent]:
    """What the body's record asks to be sent to its mailbox: an invitation, a test; each once for its instant."""
    for code, at in (("invitation", body.invited_at), ("contact-test", body.contact_tested_at)):
        if at and not body.closed_on:
            yield Intent(code, f"{body.id}/{iso(at)}", body_audience(body.id), {"body": body.id}, at)
