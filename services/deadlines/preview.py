"""What a change of a calendar would move, found before it is made by counting every open clock as the change would. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from services.deadlines.domain import clocks_of, settled
from shared.contracts.calendars import Calendar
from shared.contracts.directory import CalendarRecord, Directory
from shared.contracts.known import Known

EXAMPLES = 10


@dataclass(frozen=True)
class Move:
    """A clock whose end would be another one. Days are the last legal ones; `taken_back`: its breach would not stand."""

    reference: str
    clock: str
    before: date
    after: date
    due_before: datetime
    due_after: datetime
    taken_back: bool

    @property
    def earlier(self) -> bool:
        return self.due_after < self.due_before


@dataclass
class Preview:
    """How many complaints and clocks were counted, which way their ends would move, and the first examples, earliest due first."""

    complaints: int = 0
    clocks: int = 0
    later: int = 0
    earlier: int = 0
    taken_back: int = 0
    examples: list[Move] = field(default_factory=list)

    def add(self, known: Known, after: Directory, now: datetime) -> None:
        self.complaints += 1
        self.clocks += len(known.deadlines or ())
        for move in moves(known, after, now):
            self.earlier += move.earlier
            self.later += not move.earlier
            self.taken_back += move.taken_back
            self.examples.append(move)
        if len(self.examples) > 10 * EXAMPLES:
            self.examples = self.first(self.examples)

    @staticmethod
    def first(found: Iterable[Move]) -> list[Move]:
        return sorted(found, key=lambda move: (move.due_before, move.reference, move.clock))[:EXAMPLES]


def with_calendar(directory: Directory, calendar: Calendar) -> Directory:
    """The directory as the change would leave it."""
    record = directory.records[f"calendar/{calendar.code}"]
    assert isinstance(record, CalendarRecord)
    return directory.updated([record.model_copy(update={"version": calendar.version, "calendar": calendar})])


def moves(known: Known, after: Directory, now: datetime) -> Iterator[Move]:
    """The clocks that were told and would be told anew with another end, exactly as a recount would."""
    timed = clocks_of(known.header, known.intake, known.routing, after) if known.intake else None
    told = {clock.code: clock for clock in known.deadlines or ()}
    for clock in settled(known.deadlines, timed or (), now):
        before, new = told.get(clock.rule.code), clock.state
        if before and before.due_at and before.last_day and new.due_at and new.last_day and new.due_at != before.due_at:
            taken_back = before.breached_at is not None and new.breached_at is None
            yield Move(known.header.reference, new.code, before.last_day, new.last_day, before.due_at, new.due_at, taken_back)
