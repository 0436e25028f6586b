"""Cases at the desks of Noria: filings, and what routing makes of them, without a store."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from services.routing.desk.domain import Matter
from services.routing.desk.known import Known
from services.routing.desk.reactions import Routes, Step, react
from services.routing.directory.pack import Pack, load
from shared.contracts.complaint import Header, Link
from shared.contracts.directory import Directory, ProcedureRecord
from shared.contracts.procedures import Procedure
from shared.contracts.states import Case, Clocks, ClockState, Filing, Request
from shared.runtime.ids import new_reference, uuid7
from tests.support.lives import NORIA, at

NOON = at("2026-03-02")
R1, R2 = UUID(int=1), UUID(int=2)


@cache
def noria_pack() -> Pack:
    return load(NORIA)


def header(filed: str = "2026-03-02", **values: Any) -> Header:
    """A complaint about a water bill, unless told otherwise."""
    given = {"procedure": "complaint@1", "channel": "web", "public_service": "water-bill", "territory": "010010101", **values}
    return Header.model_validate(
        {"id": uuid7(at(filed)), "reference": new_reference(), "filed_at": at(filed), "recorded_at": at(filed), **given}
    )


def renewal(of: Header, rel: str = "renews", **values: Any) -> Header:
    return header(links=(Link(rel=rel, reference=of.reference),), **values)


def filing(**values: Any) -> Filing:
    return Filing.model_validate({"language": "fr", **values})


def reactions(known: Known, *linked: Known, directory: Directory | None = None, now: datetime = NOON) -> list[Step]:
    pack = noria_pack()
    return react(known, {earlier.header.reference: earlier for earlier in linked}, directory or pack.directory, Routes(pack.rules), now)


def routed(now: datetime = NOON, **values: Any) -> Known:
    """A complaint as routing has it right after its filing."""
    known = Known(header(**values), filing())
    return Known(known.header, known.filing, reactions(known, now=now)[-1].case)


def matter(case: Case, *, clocks: Clocks = (), law: str = "complaint@1", **fields: Any) -> Matter:
    found = noria_pack().directory.procedure(law)
    assert found
    return Matter(case, found, filing(**fields), clocks, noria_pack().directory)


def waiting(case: Case, *requests: Request) -> Case:
    return case.model_copy(update={"status": "waiting_for_citizen", "requests": requests})


def request(id: UUID = R1, asked: str = "2026-03-05", lapses: str = "2026-03-20T23:00:00+00:00") -> Request:
    return Request(id=id, asked_at=at(asked), lapses_at=at(lapses))


def breach(code: str, holder: str, starts: str, due: str, breached: str) -> ClockState:
    return ClockState(code=code, holder=holder, starts_at=at(starts), due_at=at(due), breached_at=at(breached))


def with_law(**changes: Any) -> Directory:
    """Noria with its law of complaints changed, for what its own laws do not have."""
    directory = noria_pack().directory
    law = directory.procedures["complaint", 1].model_dump() | changes
    held = directory.records["procedure/complaint@1"]
    assert isinstance(held, ProcedureRecord)
    return directory.updated([held.model_copy(update={"procedure": Procedure.model_validate(law), "version": 2})])
