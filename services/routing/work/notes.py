"""Internal notes: words of a body for itself, which never leave this store. They go when the filer is erased: they may name them."""

from fastapi import APIRouter

from services.routing.calls import TheCall
from services.routing.commands import Desk
from services.routing.work import note_store
from services.routing.work.shapes import Note, NoteOut, NotesOut
from shared.runtime.scope import scope

router = APIRouter()


@router.post("/v1/cases/{reference}/notes", status_code=201)
async def write(call: TheCall, asked: Note) -> NoteOut:
    """Adds a note. It needs no If-Match, as it changes nothing that another has read. 409 erased."""

    async def work(desk: Desk) -> NoteOut:
        await desk.unerased()
        written = NoteOut(id=0, at=desk.tx.now, sub=call.who.sub, role=call.who.role, body=call.who.body, text=asked.text)
        id = await note_store.add(desk.tx.conn, desk.registers.complaint_id, dict(written))
        await desk.note("note")
        return written.model_copy(update={"id": id})

    return await call.run(NoteOut, work)


@router.get("/v1/cases/{reference}/notes")
async def read(call: TheCall) -> NotesOut:
    """The notes of the bodies in your scope, oldest first: what another body wrote before it passed the case on stays its own."""

    async def work(desk: Desk) -> NotesOut:
        rows = await note_store.listed(desk.tx.conn, desk.registers.complaint_id, scope(call.who, desk.tx.directory))
        await desk.note("read-notes")
        return NotesOut(notes=[NoteOut.model_validate(row) for row in rows])

    return await call.run(NotesOut, work)
