"""The records of the directory topic: small, versioned, never deleted; for each key the highest version wins."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, ModelWrapValidatorHandler, StringConstraints, computed_field, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shared.contracts.base import Contract, Instant
from shared.contracts.calendars import Calendar, Weekday
from shared.contracts.procedures import Door, Family, Level, Procedure, Span
from shared.contracts.words import Code, Label

TerritoryCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
Mailbox = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
Certainty = Literal["A", "B", "C", "G", "I"]
_DAY = "(Mo|Tu|We|Th|Fr|Sa|Su)"
_HOURS = "([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-4]):[0-5][0-9]"
_OPEN = f"{_DAY}(-{_DAY})? {_HOURS}(,{_HOURS})*"
OpeningHours = Annotated[str, StringConstraints(pattern=f"^{_OPEN}(; {_OPEN})*$", max_length=200)]
"""Local times, as OpenStreetMap writes them: Mo-Th 08:30-16:30; Fr 08:30-12:00,14:00-16:30."""


class DirectoryRecord(Contract):
    """Any record: validating with this class gives an instance of the class that its `kind` names.

    On the wire: {"key", "kind", "version", "valid_from", …the fields of the kind}. A kind added later becomes an
    UnknownRecord, so that an older reader keeps what it cannot use.
    """

    kind: str
    version: int = Field(default=1, ge=1)
    valid_from: date

    @computed_field  # type: ignore[prop-decorator]
    @property
    def key(self) -> str:
        """The Kafka key, such as body/commune-061410100."""
        return f"{self.kind}/{self._name()}"

    def _name(self) -> str:
        raise NotImplementedError

    @model_validator(mode="wrap")
    @classmethod
    def _by_kind(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Any:
        if cls is DirectoryRecord and isinstance(data, dict):
            return RECORDS.get(str(data.get("kind")), UnknownRecord).model_validate(data)
        return handler(data)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        if cls is not DirectoryRecord:
            return handler(core_schema)
        kinds: list[type[DirectoryRecord]] = [*RECORDS.values(), UnknownRecord]
        return {"anyOf": [handler(kind.__pydantic_core_schema__) for kind in kinds]}


class UnknownRecord(DirectoryRecord):
    """A record of a kind that this release does not know, kept whole."""

    model_config = ConfigDict(extra="allow")

    wire_key: str = Field(alias="key", exclude=True)

    def _name(self) -> str:
        return self.wire_key.partition("/")[2]


class Editable(DirectoryRecord):
    """A record that people may change beside the pack.

    `base_version` is the version that the pack gave last, 0 where the pack never had it; None: this is the pack's own word.
    """

    base_version: int | None = Field(default=None, ge=0)


class Part(Contract):
    """Who takes which cases of a body that was split: those of these public services and of these territories; empty asks nothing."""

    body: Code
    public_services: tuple[Code, ...] = ()
    territories: tuple[TerritoryCode, ...] = ()


class Inbox(Contract):
    """Where a body reads what has reached a level of escalation; `language`: in which it is written to, else the jurisdiction's first."""

    level: int = Field(default=1, ge=1)
    mailbox: Mailbox
    language: str | None = None


class Name(Contract):
    """A name that a body had, until it changed."""

    until: date
    name: Label


class BodyRecord(Editable):
    """A public body. `source` says where its name comes from and `certainty` how sure that is; closed ones name a successor.

    One that was split has `parts` too: the first that a case fits takes it, the successor what fits none. Whoever has the
    mailbox is written to once for each `invited_at` and `contact_tested_at`. No rule sends to a body that is not `online`.
    `inboxes` are those of its heads: each reads what has reached its level or a higher one that has no inbox of its own.
    """

    kind: Literal["body"] = "body"
    id: Code
    name: Label
    family: Family
    territory: TerritoryCode | None = None
    parent: Code | None = None
    mailbox: Mailbox | None = None
    source: str = Field(min_length=1)
    certainty: Certainty
    history: tuple[Name, ...] = ()
    successor: Code | None = None
    closed_on: date | None = None
    online: bool = True
    parts: tuple[Part, ...] = ()
    opening_hours: OpeningHours | None = None
    invited_at: Instant | None = None
    contact_tested_at: Instant | None = None
    inboxes: tuple[Inbox, ...] = ()

    def _name(self) -> str:
        return self.id

    def inbox(self, level: int = 1) -> Inbox | None:
        """Where it reads what has reached this level: the highest inbox not above it, else its mailbox; None where it has neither."""
        reached = [inbox for inbox in self.inboxes if inbox.level <= level]
        return max(reached, key=lambda inbox: inbox.level, default=Inbox(mailbox=self.mailbox) if self.mailbox else None)


class PublicServiceRecord(Editable):
    """What a body offers. `parent` is its subject one level up; `territorial` the level at which local bodies answer for it.

    closed_on: the last local day on which something about it may be lodged.
    """

    kind: Literal["public-service"] = "public-service"
    code: Code
    body: Code
    title: Label
    parent: Code | None = None
    territorial: Level | None = None
    closed_on: date | None = None

    def _name(self) -> str:
        return self.code


class TerritoryRecord(Editable):
    """A place: RR0000000 a region, RRPPP0000 a province, other nine digits a commune or a part of one (HCP codes).

    A part of a commune (its `division`, such as arrondissement) has the level commune too, since the list of levels is
    closed for readers of older releases, and a commune as its parent.
    """

    kind: Literal["territory"] = "territory"
    code: TerritoryCode
    level: Level
    parent: TerritoryCode | None = None
    name: Label
    division: Code | None = None

    def _name(self) -> str:
        return self.code


class AlertRecord(DirectoryRecord):
    """Words for which there is a better door than a complaint, shown before filing; desk: who alone gets it when filed all the same.

    `words` are phrases by language, ary for Darija in either script; see shared/contracts/wording.py for how they are found.
    """

    kind: Literal["alert"] = "alert"
    code: Code
    label: Label
    words: dict[str, tuple[str, ...]]
    doors: tuple[Door, ...] = Field(min_length=1)
    desk: Literal["restricted"] | None = None

    def _name(self) -> str:
        return self.code


class CalendarRecord(Editable):
    """One version of a calendar; the newest counts for every clock."""

    kind: Literal["calendar"] = "calendar"
    calendar: Calendar

    def _name(self) -> str:
        return self.calendar.code


class ProcedureRecord(DirectoryRecord):
    """One version of a procedure, which never changes; its key holds the version."""

    kind: Literal["procedure"] = "procedure"
    procedure: Procedure

    def _name(self) -> str:
        return self.procedure.ref


class FamilyTarget(Contract):
    """How many bodies of a family are to be on line, and who says so."""

    family: Family
    bodies: int = Field(ge=0)
    source: str = Field(min_length=1)


class Phase(Contract):
    """A step of the roll-out: so many bodies on line in all."""

    code: Code
    label: Label
    bodies: int = Field(ge=0)


class Targets(Contract):
    """What the coverage of bodies is held against; phases in their order."""

    families: tuple[FamilyTarget, ...] = ()
    phases: tuple[Phase, ...] = ()


class WeeklyList(Contract):
    """When each body is sent the list of its late and soon-due cases, and at which level it is read.

    weekday and at (HH:MM) are local; a weekday that is a day off gives way to the next working day. soon: what is due within
    this span of that day is in the list.
    """

    weekday: Weekday
    at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    soon: Span
    level: int = Field(default=1, ge=1)


class PackRecord(DirectoryRecord):
    """Written last: with it and as many records of each kind as `counts` says, the directory is whole.

    `languages` are those that every name has; `page_languages` those in which pages are offered. `doors` stand on
    every page: where a person may turn at any time.
    """

    kind: Literal["pack"] = "pack"
    country: Code
    name: Label
    sha256: str
    counts: dict[str, int]
    time_zone: str
    calendar: Code
    languages: tuple[str, ...]
    page_languages: tuple[str, ...]
    national_desk: Label
    doors: tuple[Door, ...] = ()
    targets: Targets | None = None
    weekly_list: WeeklyList | None = None

    def _name(self) -> str:
        return self.country


RECORDS: dict[str, type[DirectoryRecord]] = {
    "body": BodyRecord,
    "public-service": PublicServiceRecord,
    "territory": TerritoryRecord,
    "calendar": CalendarRecord,
    "alert": AlertRecord,
    "procedure": ProcedureRecord,
    "pack": PackRecord,
}
