"""What a list of cases is narrowed to, as conditions of SQL on the queue (c) and on who works on each case (a)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

Condition = tuple[str, dict[str, object]]


@dataclass(frozen=True)
class Filter:
    """None asks nothing. `bodies` None: of every body, and of none. A procedure is a code, or code@version.

    due_by: the answer is due at this instant or before. assignees: given to one of these people; unit: to this unit;
    unassigned: to neither. territory: the first digits of a code. Filed from one instant on, and before another.
    restricted: those of the restricted desk, else all others.
    """

    bodies: Collection[str] | None = None
    statuses: Sequence[str] | None = None
    procedure: str | None = None
    public_service: str | None = None
    due_by: datetime | None = None
    assignees: Sequence[str] | None = None
    unit: str | None = None
    unassigned: bool = False
    territory: str | None = None
    filed_from: datetime | None = None
    filed_before: datetime | None = None
    restricted: bool = False

    def where(self) -> Condition:
        """All conditions as one, and its parameters."""
        parts = [*self._conditions()]
        return " and ".join(["true", *(sql for sql, _ in parts)]), {name: value for _, given in parts for name, value in given.items()}

    def _conditions(self) -> Iterator[Condition]:
        if self.bodies is not None:
            yield _one_of("c.body", "body", sorted(self.bodies))
        if self.statuses is not None:
            yield _one_of("c.status", "status", self.statuses)
        if self.procedure:
            yield _procedure(self.procedure)
        if self.public_service:
            yield "c.public_service = :public_service", {"public_service": self.public_service}
        if self.due_by:
            yield "coalesce(c.due_at, 'infinity'::timestamptz) <= :due_by", {"due_by": self.due_by}
        if self.assignees is not None:
            yield "a.sub = any(cast(:assignees as text[]))", {"assignees": list(self.assignees)}
        if self.unit:
            yield "a.unit = :unit", {"unit": self.unit}
        if self.unassigned:
            yield "a.complaint_id is null", {}
        yield "c.restricted = :restricted", {"restricted": self.restricted}
        if self.territory:
            yield "starts_with(c.territory, :territory)", {"territory": self.territory}
        if self.filed_from:
            yield "c.filed_at >= :filed_from", {"filed_from": self.filed_from}
        if self.filed_before:
            yield "c.filed_at < :filed_before", {"filed_before": self.filed_before}


def _one_of(column: str, name: str, values: Sequence[str]) -> Condition:
    """One value by equality, so that the index gives the order too: a large body has more closed cases than may be sorted."""
    if len(values) == 1:
        return f"{column} = :{name}", {name: values[0]}
    return f"{column} = any(cast(:{name} as text[]))", {name: list(values)}


def _procedure(asked: str) -> Condition:
    if "@" in asked:
        return "c.procedure = :procedure", {"procedure": asked}
    return "starts_with(c.procedure, :procedure)", {"procedure": f"{asked}@"}
