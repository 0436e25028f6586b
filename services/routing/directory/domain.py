"""Which body a filing goes to: ordered rules over the directory, and over the subject's words. Pure.

The answer depends on the filing, its papers, the rules and the directory alone: never on time, nor on what came first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import ConfigDict, Field

from shared.contracts.base import Contract
from shared.contracts.checks import Checked, Problem
from shared.contracts.complaint import Header
from shared.contracts.directory import BodyRecord, Directory
from shared.contracts.procedures import Family, Level
from shared.contracts.states import RuleUsed
from shared.contracts.wording import finds
from shared.contracts.words import Code

FIXED_ADDRESSEE, RESTRICTED_DESK, FOLLOW_UP = "fixed-addressee", "restricted-desk", "follow-up-"
"""What decides instead of a rule; no rule may have such an id, nor one that begins like the last."""


class Strict(Contract):
    """A field that this release does not know is refused: passed over, it would silently widen a rule."""

    model_config = ConfigDict(extra="forbid")


class When(Strict):
    """What a filing must be for a rule to apply; an empty list asks nothing, and all that are given must hold.

    A public service matches by its own code or its parent's, a territory if it lies in one of those named,
    a body if the filer named it, words if one of these phrases stands in the subject (shared/contracts/wording.py).
    """

    procedures: tuple[Code, ...] = ()
    public_services: tuple[Code, ...] = ()
    territories: tuple[str, ...] = ()
    bodies: tuple[Code, ...] = ()
    words: tuple[str, ...] = ()


class Target(Strict, Checked):
    """Where a rule sends: a named body, the one the filer named, the public service's own, the one of the place, a parent, or triage.

    body_by_territory takes the body of `family` (and below `parent`, if given) at the filing's territory or the nearest
    one above it, at `level` alone if given. Two such bodies in one place decide nothing. A body that is not on line gets
    nothing; the kind parent takes the nearest on-line body above the first such one that an earlier rule found.
    """

    kind: Literal["body", "declared_body", "body_of_public_service", "body_by_territory", "parent", "triage"]
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


class Rule(Strict):
    """One routing rule. A final one qualifies the case without a person, which stops the clock of qualification."""

    id: Code
    version: int = Field(default=1, ge=1)
    when: When = When()
    to: Target
    final: bool = False


Result = Literal["decided", "asks-otherwise", "finds-nobody", "not-on-line", "waits-for-words"]


@dataclass(frozen=True)
class Look:
    """One rule that was looked at, and what came of it.

    asked: the lists of `when` that hold; unmet: those that do not. word: the phrase that was found. body: the one found.
    """

    rule: Rule
    result: Result
    asked: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    word: str | None = None
    body: str | None = None


@dataclass(frozen=True)
class Decision:
    """The body (none: triage at the national desk), the rule that said so, and the codes it was decided on.

    waits: a rule asks for words that have not arrived; until they do the case may stay undecided, or in triage. word: the
    phrase of the rule that stood in the subject, which is a person's, so it never leaves routing's store. by_law: not by a rule.
    """

    body: str | None
    rule: RuleUsed | None
    evidence: dict[str, str] = field(default_factory=dict)
    waits: bool = False
    word: str | None = None
    by_law: bool = False


def decide(rules: Sequence[Rule], header: Header, directory: Directory, words: Sequence[str] | None = None) -> Decision:
    """The first rule that applies and finds an on-line body decides; none, or one that says triage, leaves the case in triage.

    `words` are the tokens of the subject, None while the papers have not arrived: no rule after one that asks for words is
    looked at then. An addressee fixed by the procedure comes before all rules. A closed body is replaced by its successor.
    """
    fixed = _fixed_addressee(header, directory)
    if fixed:
        rule = RuleUsed(id=FIXED_ADDRESSEE, version=_law_version(header), final=True)
        return Decision(fixed, rule, {"procedure": header.procedure}, by_law=True)
    looks = list(walk(rules, header, directory, words))
    last = looks[-1] if looks else None
    if last is None or last.result != "decided":
        return Decision(None, None, waits=last is not None and last.result == "waits-for-words")
    rule = RuleUsed(id=last.rule.id, version=last.rule.version, final=last.rule.final, evidence=last.asked)
    return Decision(last.body, rule, _evidence(header, looks), word=last.word)


def walk(rules: Sequence[Rule], header: Header, directory: Directory, words: Sequence[str] | None) -> Iterator[Look]:
    """Each rule in order with what comes of it, up to the one that decides or that waits for words."""
    absent: str | None = None
    for rule in rules:
        look = _look(rule, header, directory, words, absent)
        if look.result == "not-on-line":
            absent = absent or look.body
        yield look
        if look.result in ("decided", "waits-for-words"):
            return


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


def _look(rule: Rule, header: Header, directory: Directory, words: Sequence[str] | None, absent: str | None) -> Look:
    holds = _holds(rule.when, header, directory)
    unmet = tuple(name for name, held in holds.items() if not held)
    asked = tuple(name for name, held in holds.items() if held)
    if unmet:
        return Look(rule, "asks-otherwise", asked, unmet)
    if rule.when.words and words is None:
        return Look(rule, "waits-for-words", asked)
    word = finds(rule.when.words, words) if words else None
    if rule.when.words and word is None:
        return Look(rule, "asks-otherwise", asked, ("words",))
    asked = (*asked, "words") if word else asked
    body = _above(absent, directory) if rule.to.kind == "parent" else _find(rule.to, header, directory)
    if body and not directory.bodies[body].online:
        return Look(rule, "not-on-line", asked, word=word, body=body)
    return Look(rule, "decided" if body or rule.to.kind == "triage" else "finds-nobody", asked, word=word, body=body)


def _holds(when: When, header: Header, directory: Directory) -> dict[str, bool]:
    """For each list that a rule gives, but words, whether the filing is in it."""
    held: dict[str, bool] = {}
    if when.procedures:
        held["procedures"] = header.procedure.partition("@")[0] in when.procedures
    if when.public_services:
        held["public_services"] = not _subjects(header, directory).isdisjoint(when.public_services)
    if when.territories:
        held["territories"] = any(directory.is_within(header.territory, of) for of in when.territories)
    if when.bodies:
        held["bodies"] = header.body in when.bodies
    return held


def _above(body: str | None, directory: Directory) -> str | None:
    """The nearest on-line body above this one, or the on-line successor of one; None where there is none."""
    seen: set[str] = set()
    record = directory.bodies.get(body or "")
    while record and record.parent and record.id not in seen:
        seen.add(record.id)
        above = standing(record.parent, directory)
        if above and directory.bodies[above].online:
            return above
        record = directory.bodies.get(above or record.parent)
    return None


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


def _evidence(header: Header, looks: Sequence[Look]) -> dict[str, str]:
    absent = next((look.body for look in looks if look.result == "not-on-line"), None)
    seen = {"public_service": header.public_service, "territory": header.territory, "body": header.body, "not_on_line": absent}
    return {name: value for name, value in seen.items() if value}
