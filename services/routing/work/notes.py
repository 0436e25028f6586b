"""Internal notes: words of a body for itself, which never leave this store. They go when the filer is erased: they may name them."""

from datetime import datetime
from typing import NamedTuple

from fastapi import APIRouter
from sqlalchemy import text

from services.routing.calls import TheCall
from services.routing.commands import Desk
from services.routing.work.shapes import Note, NoteOut, NotesOut
from shared.runtime.scope import scope

router = APIRouter()

_ADD = text("""
    insert into desk_note (complaint_id, body, at, sub, role, text) values (:complaint_id, :body, :at, :sub, :role, :text) returning id""")
_LIST = text("""
    select id, at, sub, role, body, text from desk_note
    where complaint_id = :id and (cast(:bodies as text[]) is null or body = any(cast(:bodies as text[]))) order by id""")


class Written(NamedTuple):
    """body: at whose desk, None at the national one."""

    id: int
    at: datetime
    sub: str
    role: str
    body: str | None
    text: str


@router.post("/v1/cases/{reference}/notes", status_code=201)
async def write(call: TheCall, asked: Note) -> NoteOut:
    """Adds a note. It needs no If-Match, as it changes nothing that another has read. 409 erased."""

    async def work(desk: Desk) -> NoteOut:
        await desk.unerased()
        written = NoteOut(id=0, at=desk.tx.now, sub=call.who.sub, role=call.who.role, body=call.who.body, text=asked.text)
        added = await desk.tx.conn.execute(_ADD, {**dict(written), "complaint_id": desk.registers.complaint_id})
        await desk.note("note")
        return written.model_copy(update={"id": added.scalar_one()})

    return await call.run(NoteOut, work)


@router.get("/v1/cases/{reference}/notes")
async def read(call: TheCall) -> NotesOut:
    """The notes of the bodies in your scope, oldest first: what another body wrote before it passed the case on stays its own."""

    async def work(desk: Desk) -> NotesOut:
        bodies = scope(call.who, desk.tx.directory)
        rows = await desk.tx.conn.execute(_LIST, {"id": desk.registers.complaint_id, "bodies": bodies and sorted(bodies)})
        await desk.note("read-notes")
        return NotesOut(notes=[NoteOut.model_validate(Written(*row)) for row in rows])

    return await call.run(NotesOut, work)
