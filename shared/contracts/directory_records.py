"""The records of the directory topic: small, versioned, never deleted; for each key the highest version wins."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, ModelWrapValidatorHandler, StringConstraints, computed_field, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shared.contracts.base import Contract
from shared.contracts.calendars import Calendar
from shared.contracts.procedures import Door, Family, Level, Procedure
from shared.contracts.words import Code, Label

TerritoryCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
Mailbox = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
Certainty = Literal["A", "B", "C", "G", "I"]


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


class Name(Contract):
    """A name that a body had, until it changed."""

    until: date
    name: Label


class BodyRecord(DirectoryRecord):
    """A public body. `source` says where its name comes from and `certainty` how sure that is; closed ones name a successor."""

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

    def _name(self) -> str:
        return self.id


class PublicServiceRecord(DirectoryRecord):
    """What a body offers. `parent` is its subject one level up; `territorial` the level at which local bodies answer for it."""

    kind: Literal["public-service"] = "public-service"
    code: Code
    body: Code
    title: Label
    parent: Code | None = None
    territorial: Level | None = None

    def _name(self) -> str:
        return self.code


class TerritoryRecord(DirectoryRecord):
    """A place: RR0000000 a region, RRPPP0000 a province, other nine digits a commune (HCP codes)."""

    kind: Literal["territory"] = "territory"
    code: TerritoryCode
    level: Level
    parent: TerritoryCode | None = None
    name: Label

    def _name(self) -> str:
        return self.code


class CalendarRecord(DirectoryRecord):
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

    def _name(self) -> str:
        return self.country


RECORDS: dict[str, type[DirectoryRecord]] = {
    "body": BodyRecord,
    "public-service": PublicServiceRecord,
    "territory": TerritoryRecord,
    "calendar": CalendarRecord,
    "procedure": ProcedureRecord,
    "pack": PackRecord,
}
