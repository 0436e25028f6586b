"""Deadlines' own table, beside the engine's: one row for each clock on which time may still act, projected from the states.

Migration 0002 executes CREATE as it stands; a later change is a new migration.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

CREATE = """
create table clock (
    complaint_id uuid not null,
    code text not null,
    partition int not null,
    procedure text,
    calendar text not null,
    calendar_version int not null,
    breach_at timestamptz,
    alert_at timestamptz,
    fires_at timestamptz generated always as (least(breach_at, alert_at)) stored,
    primary key (complaint_id, code)
) with (fillfactor = 80);
create index clock_fires on clock (partition, fires_at) where fires_at is not null;
create index clock_breach on clock (breach_at) where breach_at is not null;
create index clock_calendar on clock (calendar, calendar_version);
create index clock_without_law on clock (procedure) where procedure is not null;
"""

UNKNOWN = ""
"""The code of the one row of a complaint whose procedure is not known yet, and the calendar of a clock for which none is named yet."""
RESTORED = "restored"
"""The code, and the calendar, of the one row of a complaint that was taken back from the log and is not counted until all is read."""


@dataclass(frozen=True)
class ClockRow:
    """procedure: the law that is waited for, else None. calendar_version: 0 as long as the calendar is waited for.

    breach_at: None once breached. alert_at: the next warning.
    """

    complaint_id: UUID
    code: str
    partition: int
    procedure: str | None
    calendar: str
    calendar_version: int
    breach_at: datetime | None = None
    alert_at: datetime | None = None
