"""Complaints in Noria, told in one line each: their registers, and the facts from which these come."""

from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from uuid import UUID, uuid5

from services.routing.directory.pack import load
from shared.contracts.complaint import Header, Link
from shared.contracts.directory import Directory
from shared.contracts.events import Fact
from shared.contracts.states import Case, ClockState, Custody, Filing, RatingGiven, Response
from shared.messaging.registers import Registers
from tests.support.stores import fact

NORIA = Path(__file__).parents[1] / "packs" / "noria"
_SPACE = UUID("6a1c3a4e-0000-4000-8000-000000000001")
_numbers = count(1)


@cache
def noria() -> Directory:
    return Directory(load(NORIA).records)


def at(text: str) -> datetime:
    """An instant in UTC; a bare day means its noon, which is the same day in Noria (UTC+1)."""
    return datetime.fromisoformat(f"{text}T12:00:00+00:00" if len(text) == 10 else text)


def life(
    filed: str = "2026-01-10",
    *,
    body: str | None = "water-office",
    public_service: str | None = "water-bill",
    territory: str = "010010101",
    procedure: str = "complaint@1",
    answered: str | None = None,
    outcome: str = "answered",
    closed: str | None = None,
    due: str | None = None,
    rating: bool | None = None,
    recorded: str | None = None,
    renews: str | None = None,
    routed: bool = True,
) -> Registers:
    """One complaint. `answered` gives it an answer (outcome answered or refused); `closed` ends it otherwise (withdrawn, lapsed).

    due: of the answer's clock, by default 61 days after filing at Noria's midnight; "none" for no clock at all.
    """
    number = next(_numbers)
    id = uuid5(_SPACE, str(number))
    header = Header(
        id=id,
        reference=f"TEST-{number:04d}-0",
        procedure=procedure,
        filed_at=at(filed),
        recorded_at=at(recorded or filed),
        channel="web",
        public_service=public_service,
        territory=territory,
        links=(Link(rel="renews", reference=renews),) if renews else (),
    )
    response = Response(id=uuid5(id, "answer"), outcome=outcome, body=body, posted_at=at(answered)) if answered else None
    case = Case(
        status=outcome if answered or closed else "with_body" if body else "triage",
        kind=procedure.partition("@")[0],
        public_service=public_service,
        body=body,
        custody=(Custody(body=body, since=header.filed_at),) if body else (),
        outcome=outcome if answered or closed else None,
        response=response,
        closed_at=at(answered or closed) if answered or closed else None,  # type: ignore[arg-type]
    )
    ratings = (RatingGiven(response_id=response.id, satisfied=rating, at=response.posted_at),) if response and rating is not None else ()
    filing = Filing(language="fr", ratings=ratings)
    clocks = () if due == "none" else (_clock("answer", at(due) if due else _midnight_after(header.filed_at, 60)),)
    return Registers(id, 0, header, filing, 1, case if routed else None, 1 if routed else 0, clocks if routed else None, 1 if routed else 0)


def facts(known: Registers) -> list[Fact]:
    """The facts that give these registers."""
    told = [(writer, getattr(known, writer), known.version(writer)) for writer in ("intake", "routing", "deadlines")]
    return [fact(writer, known.header, version, state) for writer, state, version in told if version]


def _clock(code: str, due_at: datetime) -> ClockState:
    return ClockState(code=code, holder="body", due_at=due_at)


def _midnight_after(filed_at: datetime, days: int) -> datetime:
    """The end of the last legal day in Noria, which is always one hour ahead of UTC."""
    return (filed_at + timedelta(days=days)).replace(hour=23, minute=0, second=0)
