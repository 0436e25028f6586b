"""Complaints of the last year as the five services would hold them, made by the contracts' classes, to be multiplied."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.deadlines import handlers as deadlines
from services.deadlines.domain import clocks_of, settled
from services.notifications.domain import plan
from services.notifications.notice import Intent
from shared.contracts.complaint import Header
from shared.contracts.directory import Directory
from shared.contracts.states import Case, Custody, Filing, RatingGiven, Response
from shared.messaging.registers import Registers
from tests.reliability.population import warned

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BODY = "water-office"


@dataclass(frozen=True)
class Template:
    """One complaint's registers, the clocks that time may still act on, and the notices that were sent. Its id is its own."""

    registers: Registers
    known: deadlines.Known
    sent: Sequence[Intent]


def templates(now: datetime, directory: Directory) -> list[Template]:
    """Three answered in time for each one open: a year of the first, of the second 39 days, short of their last weeks."""
    answered = [_answered(now - n * DAY, directory, now) for n in range(30, 360, 3)]
    return [*answered, *(_open(now - n * DAY, directory, now) for n in range(1, 40))]


def _answered(filed_at: datetime, directory: Directory, now: datetime) -> Template:
    posted = filed_at + 20 * DAY
    response = Response(id=uuid4(), outcome="favourable", body=BODY, posted_at=posted)
    custody = Custody(body=BODY, since=filed_at, until=posted, reason="answered")
    case = _case(filed_at, custody).model_copy(
        update={"status": "answered", "outcome": response.outcome, "response": response, "closed_at": posted}
    )
    rating = RatingGiven(response_id=response.id, satisfied=True, at=posted + DAY)
    return _template(filed_at, Filing(language="fr", coded={"nature": "harm"}, ratings=(rating,)), 2, case, 3, directory, now)


def _open(filed_at: datetime, directory: Directory, now: datetime) -> Template:
    filing = Filing(language="fr", coded={"nature": "harm"})
    return _template(filed_at, filing, 1, _case(filed_at, Custody(body=BODY, since=filed_at)), 2, directory, now)


def _case(filed_at: datetime, custody: Custody) -> Case:
    taken = filed_at + HOUR
    return Case(
        status="with_body",
        kind="complaint",
        public_service="water-bill",
        body=BODY,
        custody=(custody,),
        qualified_at=taken,
        taken_up_at=taken,
    )


def _template(
    filed_at: datetime, filing: Filing, filing_version: int, case: Case, case_version: int, directory: Directory, now: datetime
) -> Template:
    header = Header(
        id=uuid4(),
        reference="TEMPLATE",
        procedure="complaint@1",
        filed_at=filed_at,
        recorded_at=filed_at,
        channel="web",
        public_service="water-bill",
        territory="010010101",
    )
    timed = settled(None, clocks_of(header, filing, case, directory) or (), now)
    clocks, version = warned(timed, now)
    states = tuple(clock.state for clock in clocks)
    registers = Registers(header.id, 0, header, filing, filing_version, case, case_version, states, version)
    return Template(registers, deadlines.Known(registers, clocks), plan(registers, (), directory).write)


def copy_of(template: Template, id: UUID, reference: str, partition: int) -> Template:
    """The same life of another complaint."""
    header = template.registers.header.model_copy(update={"id": id, "reference": reference})
    registers = replace(template.registers, complaint_id=id, header=header, partition=partition)
    return Template(registers, replace(template.known, registers=registers), template.sent)
