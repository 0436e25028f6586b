"""What may be filed: a submission held against the law of its procedure and the directory. No clock, no ids, no store."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from services.intake.form import check_form
from services.intake.refusals import Refused
from shared.contracts.complaint import Header, Link
from shared.contracts.directory import Directory, PackRecord
from shared.contracts.private import Contacts, Papers, Person
from shared.contracts.procedures import Addressee, Procedure, Visibility
from shared.contracts.states import Coded, Filing

SELF_SERVICE = ("web", "mobile")
ON_BEHALF = ("phone", "counter", "post", "fax")
"""Channels in which a member of staff enters what a person brought, said or sent."""
RELATIONS = ("renews", "appeals", "split-from")
_LEVELS = ("region", "province", "commune")


class LinkGiven(NamedTuple):
    """A tie as the caller names it; `secret` proves that the earlier complaint is theirs."""

    rel: str
    reference: str
    secret: str | None = None


class Submission(NamedTuple):
    """What a caller wants to file. `entered_by` is the role of a member of staff, None for the citizen."""

    procedure: str
    territory: str
    subject: str
    narrative: str
    person: Person
    channel: str = "web"
    public_service: str | None = None
    body: str | None = None
    coded: Mapping[str, Coded] | None = None
    private: Mapping[str, str] | None = None
    links: tuple[LinkGiven, ...] = ()
    filed_at: datetime | None = None
    entered_by: str | None = None


class Draft(NamedTuple):
    """A submission that may be filed; all it lacks is an id and a reference."""

    law: Procedure
    submission: Submission
    territory: str
    filed_at: datetime
    recorded_at: datetime
    links: tuple[Link, ...] = ()
    restricted: bool = False

    @property
    def by(self) -> str:
        return self.submission.entered_by or "citizen"

    def header(self, id: UUID, reference: str) -> Header:
        given = self.submission
        return Header(
            id=id,
            reference=reference,
            procedure=self.law.ref,
            filed_at=self.filed_at,
            recorded_at=self.recorded_at,
            channel=given.channel,
            public_service=given.public_service,
            territory=self.territory,
            body=given.body,
            links=self.links,
        )

    @property
    def filing(self) -> Filing:
        given = self.submission
        coded = dict(given.coded or {})
        return Filing(language=given.person.language, coded=coded, entered_by=given.entered_by, restricted=self.restricted)

    def papers(self, header: Header) -> Papers:
        given = self.submission
        return Papers(
            version=1,
            complaint_id=header.id,
            reference=header.reference,
            person=given.person,
            subject=given.subject,
            narrative=given.narrative,
            private=dict(given.private or {}),
        )

    def contacts(self, header: Header) -> Contacts:
        return Contacts(version=1, complaint_id=header.id, reference=header.reference, **vars(self.submission.person))


def examine(given: Submission, directory: Directory, pack: PackRecord, now: datetime) -> Draft:
    """The submission as it may be filed at `now`; Refused names the first thing that is wrong, and its field.

    The links' earlier complaints are not looked at: that needs the store (follow_ups.check).
    """
    filed_at = _moment(given, now)
    day = filed_at.astimezone(ZoneInfo(pack.time_zone)).date()
    law = _procedure(given.procedure, directory, day)
    if given.territory not in directory.territories:
        raise Refused("unknown-territory", "No such territory: take a code of nine digits from /v1/directory.", "territory")
    _public_service(given.public_service, directory, day)
    _addressee(given.body, law.addressee, directory, day)
    _person(given, law, pack)
    check_form(law, given.coded or {}, given.private or {}, directory)
    _relations(given)
    return Draft(law, given, _coarse(given.territory, law.visibility, directory), filed_at, now)


def _moment(given: Submission, now: datetime) -> datetime:
    """When it was lodged in law. Only staff enter an earlier moment, for what did not come by itself."""
    if given.channel not in SELF_SERVICE + ON_BEHALF:
        raise Refused("unknown-channel", f"The channel is one of {', '.join(SELF_SERVICE + ON_BEHALF)}.", "channel")
    if given.entered_by is None and given.channel in ON_BEHALF:
        raise Refused("staff-only", "Only staff file through this channel: sign in, or leave it out.", "channel", status=403)
    if given.filed_at is None:
        return now
    if given.entered_by is None:
        raise Refused("staff-only", "Only staff say when a complaint was lodged: sign in, or leave it out.", "filed_at", status=403)
    if given.filed_at > now:
        raise Refused("filed-in-future", "filed_at lies in the future: give the date on the letter or of the call.", "filed_at")
    # What a desk splits off keeps the day of the complaint that it comes from, whatever the channel.
    if given.channel in SELF_SERVICE and not any(link.rel == "split-from" for link in given.links):
        raise Refused(
            "channel-dates-itself", "What is filed on the web is filed now: leave filed_at out or name another channel.", "filed_at"
        )
    return given.filed_at


def _procedure(ref: str, directory: Directory, day: date) -> Procedure:
    law = directory.procedure(ref) if "@" in ref else directory.newest_procedure(ref, day)
    if law is None:
        raise Refused("unknown-procedure", "No such procedure in force on that day: take a code from /v1/directory.", "procedure")
    if law.valid_from > day:
        raise Refused("procedure-not-in-force", f"This version is in force from {law.valid_from}: name an earlier one.", "procedure")
    return law


def _public_service(code: str | None, directory: Directory, day: date) -> None:
    record = directory.public_services.get(code or "")
    if code is not None and record is None:
        raise Refused("unknown-public-service", "No such public service: take a code from /v1/directory.", "public_service")
    if record and record.closed_on and record.closed_on < day:
        detail = f"This public service was closed on {record.closed_on}: choose another one, or leave it out."
        raise Refused("public-service-closed", detail, "public_service")


def _addressee(body: str | None, addressee: Addressee, directory: Directory, day: date) -> None:
    if body is None:
        if addressee.mode == "chosen":
            raise Refused("body-missing", "This procedure is addressed to a body of your choice: name it.", "body")
        return
    record = directory.bodies.get(body)
    if record is None:
        raise Refused("unknown-body", "No such body: take an id from /v1/directory.", "body")
    if record.closed_on and record.closed_on < day:
        successor = f" Its successor is {record.successor}." if record.successor else ""
        raise Refused("body-closed", f"This body was closed on {record.closed_on}.{successor}", "body")
    if addressee.mode == "fixed" and body != addressee.body:
        raise Refused("body-not-addressed", f"This procedure is addressed to {addressee.body}: leave body out.", "body")
    if addressee.families and record.family not in addressee.families:
        raise Refused("body-not-addressed", f"This procedure takes bodies of these families: {', '.join(addressee.families)}.", "body")


def _person(given: Submission, law: Procedure, pack: PackRecord) -> None:
    """A person at a counter may have neither phone nor address: there a name is contact enough, and the receipt is on paper.

    Until identities are verified by a service of the state, `verified` asks for a contact and a name.
    """
    person, asked = given.person, law.filer.identity
    if person.language not in pack.languages and person.language not in pack.page_languages:
        raise Refused("unknown-language", f"The language is one of {', '.join(pack.page_languages)}.", "filer", "language")
    named_at_desk = given.channel in ON_BEHALF and person.name
    if asked != "none" and not (person.email or person.phone or named_at_desk):
        raise Refused("contact-missing", "This procedure needs an e-mail address or a phone number.", "filer")
    if asked == "verified" and not person.name:
        raise Refused("name-missing", "This procedure needs your name.", "filer", "name")


def _relations(given: Submission) -> None:
    seen: set[str] = set()
    for index, link in enumerate(given.links):
        if link.rel not in RELATIONS:
            raise Refused("unknown-relation", f"rel is one of {', '.join(RELATIONS)}.", "links", index, "rel")
        if link.rel == "split-from" and given.entered_by is None:
            raise Refused("staff-only", "Only a desk splits a complaint.", "links", index, "rel", status=403)
        if link.reference in seen:
            raise Refused("repeated-link", "The same complaint is named twice.", "links", index, "reference")
        seen.add(link.reference)


def _coarse(territory: str, finest: Visibility, directory: Directory) -> str:
    """The territory that may ride in facts: itself, or the nearest above it that is not finer than the law allows."""
    allowed = _LEVELS[: _LEVELS.index(finest.territory) + 1]

    def may_ride(code: str) -> bool:
        place = directory.territories[code]
        return place.level in allowed and (finest.divisions or not place.division)

    if may_ride(territory):
        return territory
    above = directory.ancestors(territory)
    return next((code for code in above if may_ride(code)), (territory, *above)[-1])
