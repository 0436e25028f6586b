"""What triage's interface takes and gives."""

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from services.routing.directory.domain import Look, Rule
from services.routing.examples import BODY, DUE, FILED, REFERENCE
from services.routing.shapes import Asked
from services.routing.triage.domain import Alike
from services.routing.triage.replay import Report
from services.routing.triage.store import Decided, Linked
from shared.contracts.base import Instant
from shared.runtime.examples import shown
from shared.runtime.text import Clean

_EVIDENCE: dict[str, JsonValue] = {"text": 0.8, "place": "same", "filer": True, "public_service": True}
_CANDIDATE: dict[str, JsonValue] = {"reference": REFERENCE, "status": "with_body", "body": BODY, "filed_at": FILED, "evidence": _EVIDENCE}
_LINK: dict[str, JsonValue] = {
    "rel": "has-duplicate",
    "reference": REFERENCE,
    "status": "with_body",
    "body": BODY,
    "at": DUE,
    "by": "body-agent",
}


class DecisionOut(BaseModel):
    """What was decided by itself about where the case goes. rule_set_version null: the law decided, not a rule."""

    model_config = ConfigDict(from_attributes=True)

    version: int = Field(description="The case's version that told it.")
    at: Instant
    rule: str | None = Field(description="Null: no rule applied, or one waits for the words of the papers.")
    rule_version: int | None
    rule_set_version: int | None
    final: bool
    body: str | None
    evidence: dict[str, Any]
    word: str | None = Field(description="The rule's phrase that stood in the subject.")


class LookOut(BaseModel):
    """A rule in its order, and what comes of it. asked: its conditions that hold; unmet: those that do not."""

    rule: str
    version: int
    result: Literal["decided", "asks-otherwise", "finds-nobody", "not-on-line", "waits-for-words", "not-looked-at"]
    asked: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    word: str | None = None
    body: str | None = None

    @classmethod
    def of(cls, look: Look) -> Self:
        rest = {"result": look.result, "asked": look.asked, "unmet": look.unmet, "word": look.word, "body": look.body}
        return cls.model_validate({"rule": look.rule.id, "version": look.rule.version, **rest})


class Explanation(BaseModel):
    """Why the case went where it went. The rules are looked at again, with today's directory: as_decided says whether it comes
    out as it did then; where it does not, `decisions` is what happened."""

    model_config = shown({"reference": REFERENCE, "body": BODY, "decisions": [], "rule_set_version": 1, "rules": [], "as_decided": True})

    reference: str
    body: str | None
    decisions: list[DecisionOut]
    rule_set_version: int | None
    rules: list[LookOut]
    as_decided: bool

    @classmethod
    def decisions_of(cls, rows: list[Decided]) -> list[DecisionOut]:
        return [DecisionOut.model_validate(row) for row in rows]


class Suggestion(BaseModel):
    """A body that had cases like this one, and how many; on: what they have in common with it."""

    body: str
    name: dict[str, str]
    on: tuple[Literal["public_service", "territory", "words"], ...]
    n: int


class Suggestions(BaseModel):
    model_config = shown(
        {"since": FILED, "until": DUE, "suggestions": [{"body": BODY, "name": {"fr": "Commune"}, "on": ["territory"], "n": 41}]}
    )

    since: Instant
    until: Instant
    suggestions: list[Suggestion]


class EvidenceOut(BaseModel):
    """text: from 0 to 1, the share of the fingerprint that agrees. place: the same territory, or one of the same province."""

    text: float
    place: Literal["same", "near"] | None
    filer: bool = Field(description="The same address or phone number.")
    public_service: bool

    @classmethod
    def of(cls, found: Alike) -> Self:
        values = {"text": round(found.text, 2), "place": found.place, "filer": found.filer, "public_service": found.public_service}
        return cls.model_validate(values)


class Candidate(BaseModel):
    reference: str
    status: str
    body: str | None
    filed_at: Instant
    evidence: EvidenceOut


class Duplicates(BaseModel):
    """Cases in your scope that may be the same as this one, the most alike first."""

    model_config = shown({"candidates": [_CANDIDATE]})

    candidates: list[Candidate]


class LinkIn(Asked):
    model_config = shown({"rel": "duplicate-of", "reference": REFERENCE})

    rel: Literal["duplicate-of"]
    reference: Annotated[str, Clean(20)] = Field(description="The case that this one is a second copy of.")


class LinkOut(BaseModel):
    """rel as seen from here: duplicate-of, or has-duplicate. Both cases stay as they are, each with its own clocks."""

    rel: Literal["duplicate-of", "has-duplicate"]
    reference: str
    status: str
    body: str | None
    at: Instant
    by: str

    @classmethod
    def of(cls, link: Linked) -> Self:
        rel = link.rel if link.from_here else "has-duplicate"
        return cls.model_validate(
            {"rel": rel, "reference": link.reference, "status": link.status, "body": link.body, "at": link.at, "by": link.role}
        )


class Links(BaseModel):
    model_config = shown({"links": [_LINK]})

    links: list[LinkOut]


class Restriction(Asked):
    model_config = shown({"restricted": True})

    restricted: bool


class WhatIf(Asked):
    """New rules, in order, and the time in which filings were decided by the present ones; both instants at will."""

    model_config = shown({"rules": [{"id": "declared-body", "to": {"kind": "declared_body"}}], "from": "2026-01-01T00:00:00Z"})

    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=500)]
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = None


class Move(BaseModel):
    """Null is the national desk's triage."""

    model_config = ConfigDict(populate_by_name=True)

    from_: str | None = Field(alias="from")
    to: str | None
    n: int
    examples: tuple[str, ...]


class WhatIfOut(BaseModel):
    """unknown: of how many the new rules ask for words that have been erased."""

    model_config = shown(
        {"looked_at": 120, "same": 117, "unknown": 0, "moves": [{"from": None, "to": BODY, "n": 3, "examples": [REFERENCE]}]}
    )

    looked_at: int
    same: int
    unknown: int
    moves: list[Move]

    @classmethod
    def of(cls, report: Report) -> Self:
        moves = [Move(from_=was, to=now, n=moved.n, examples=tuple(moved.examples)) for (was, now), moved in report.ordered()]
        return cls(looked_at=report.looked_at, same=report.same, unknown=report.unknown, moves=moves)
