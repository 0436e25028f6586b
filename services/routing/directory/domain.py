"""Which body a filing goes to: ordered rules over the directory. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from shared.contracts.base import Contract
from shared.contracts.checks import Checked, Problem
from shared.contracts.complaint import Header
from shared.contracts.directory import BodyRecord, Directory
from shared.contracts.procedures import Family, Level
from shared.contracts.states import RuleUsed
from shared.contracts.words import Code


class When(Contract):
    """What a filing must be for a rule to apply; an empty list asks nothing, and all that are given must hold.

    A public service matches by its own code or its parent's, a territory if it lies in one of those named,
    a body if the filer named it.
    """

    procedures: tuple[Code, ...] = ()
    public_services: tuple[Code, ...] = ()
    territories: tuple[str, ...] = ()
    bodies: tuple[Code, ...] = ()


class Target(Checked):
    """Where a rule sends: a named body, the one the filer named, the public service's own, the one of the place, or triage.

    body_by_territory takes the body of `family` (and below `parent`, if given) at the filing's territory or the nearest
    one above it, at `level` alone if given. Two such bodies in one place decide nothing.
    """

    kind: Literal["body", "declared_body", "body_of_public_service", "body_by_territory", "triage"]
    body: Code | None = None
    family: Family | None = None
    level: Level | None = None
    parent: Code | None = None

    def problems(self) -> Iterator[Problem]:
        if (self.kind == "body") != (self.body is not None):
            yield ("body",), "a target of kind body names the body, and only then"
        if (self.kind == "body_by_territory") != (self.family is not None):
            yield ("family",), "a target of kind body_by_territory names the family, and only then"
        if self.kind != "body_by_territory" and (self.level or self.parent):
            yield (), "level and parent belong to a target of kind body_by_territory"


class Rule(Contract):
    """One routing rule. A final one qualifies the case without a person, which stops the clock of qualification."""

    id: Code
    version: int = Field(default=1, ge=1)
    when: When = When()
    to: Target
    final: bool = False


@dataclass(frozen=True)
class Decision:
    """The body (none: triage at the national desk), the rule that said so, and what it was decided on."""

    body: str | None
    rule: RuleUsed | None
    evidence: dict[str, str] = field(default_factory=dict)


def decide(rules: Sequence[Rule], header: Header, directory: Directory) -> Decision:
    """The first rule that applies and finds a body decides; none, or one that says triage, leaves the case in triage.

    An addressee fixed by the procedure comes before all rules. A closed body is replaced by its successor.
    """
    fixed = _fixed_addressee(header, directory)
    if fixed:
        return Decision(fixed, RuleUsed(id="fixed-addressee", version=_law_version(header), final=True), {"procedure": header.procedure})
    for rule in rules:
        if not _applies(rule.when, header, directory):
            continue
        body = _find(rule.to, header, directory)
        if body or rule.to.kind == "triage":
            return Decision(body, RuleUsed(id=rule.id, version=rule.version, final=rule.final), _evidence(header))
    return Decision(None, None)


def standing(body: str | None, directory: Directory) -> str | None:
    """The body itself, or the open one that succeeded it; None if unknown or closed without a successor."""
    seen: set[str] = set()
    record = directory.bodies.get(body or "")
    while record and record.closed_on and record.id not in seen:
        seen.add(record.id)
        record = directory.bodies.get(record.successor or "")
    return record.id if record and not record.closed_on else None


def _fixed_addressee(header: Header, directory: Directory) -> str | None:
    law = directory.procedure(header.procedure)
    return standing(law.addressee.body, directory) if law and law.addressee.mode == "fixed" else None


def _law_version(header: Header) -> int:
    return int(header.procedure.partition("@")[2])


def _applies(when: When, header: Header, directory: Directory) -> bool:
    return (
        _among(when.procedures, header.procedure.partition("@")[0])
        and _among(when.bodies, header.body)
        and (not when.public_services or bool(_subjects(header, directory) & set(when.public_services)))
        and (not when.territories or any(directory.is_within(header.territory, of) for of in when.territories))
    )


def _among(allowed: tuple[str, ...], value: str | None) -> bool:
    return not allowed or value in allowed


def _subjects(header: Header, directory: Directory) -> set[str | None]:
    record = directory.public_services.get(header.public_service or "")
    return {header.public_service, record.parent if record else None} - {None}


def _find(to: Target, header: Header, directory: Directory) -> str | None:
    if to.kind == "body":
        return standing(to.body, directory)
    if to.kind == "declared_body":
        return standing(header.body, directory)
    if to.kind == "body_of_public_service":
        record = directory.public_services.get(header.public_service or "")
        return standing(record.body, directory) if record else None
    return _nearest(to, header.territory, directory) if to.kind == "body_by_territory" else None


def _nearest(to: Target, territory: str, directory: Directory) -> str | None:
    for place in (territory, *directory.ancestors(territory)):
        found = {standing(body.id, directory) for body in directory.bodies_at(place) if _suits(to, body, directory)} - {None}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _suits(to: Target, body: BodyRecord, directory: Directory) -> bool:
    place = directory.territories.get(body.territory or "")
    at_level = to.level is None or (place is not None and place.level == to.level)
    below = to.parent is None or body.id in directory.body_scope(to.parent) - {to.parent}
    return body.family == to.family and at_level and below


def _evidence(header: Header) -> dict[str, str]:
    seen = {"public_service": header.public_service, "territory": header.territory, "body": header.body}
    return {name: value for name, value in seen.items() if value}
