"""Reply templates of a body, by language: written by its admins, filled for a case from its header."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.routing import store
from services.routing.calls import TheCall, TheNode
from services.routing.commands import Desk, deciding
from services.routing.desk import filling
from services.routing.models import Entry
from services.routing.rights import Admin, Worker, colleagues
from services.routing.work import template_store
from services.routing.work.shapes import FilledOut, Template, TemplateOut, TemplatesOut
from shared.messaging.tx import Tx
from shared.runtime.errors import Problem

router = APIRouter()
Code = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Language = Annotated[str, Path(pattern=r"^[a-z]{2,3}$")]


@router.get("/v1/templates")
async def list_templates(who: Worker, node: TheNode, language: Annotated[str | None, Query(max_length=3)] = None) -> TemplatesOut:
    """Your body's templates, as they were written."""
    async with node.read() as conn:
        rows = await template_store.listed(conn, colleagues(who), language)
    return TemplatesOut(templates=[TemplateOut.model_validate(row) for row in rows])


@router.put("/v1/templates/{code}/{language}")
async def put_template(code: Code, language: Language, asked: Template, who: Admin, node: TheNode) -> TemplateOut:
    """Writes a template, or writes it anew. 422 unknown-place: a case has no such thing to fill in."""

    async def work(tx: Tx) -> TemplateOut:
        filling.check(asked.text)
        given = {"code": code, "language": language, **dict(asked)}
        await template_store.put(tx.conn, colleagues(who), tx.now, given)
        await store.note(tx.conn, Entry(tx.now, who.sub, who.role, who.body, None, "template"))
        return TemplateOut.model_validate(given)

    return await deciding(node, work)


@router.delete("/v1/templates/{code}/{language}", status_code=204)
async def drop_template(code: Code, language: Language, who: Admin, node: TheNode) -> None:
    """404 template-unknown."""

    async def work(tx: Tx) -> None:
        if not await template_store.drop(tx.conn, colleagues(who), code, language):
            raise Problem(404, "template-unknown", "Your body has no such template in this language.")
        await store.note(tx.conn, Entry(tx.now, who.sub, who.role, who.body, None, "template"))

    await node.command(work)


@router.get("/v1/cases/{reference}/templates")
async def fill_templates(call: TheCall, language: Annotated[str | None, Query(max_length=3)] = None) -> FilledOut:
    """Your body's templates filled for this case, in the filer's language unless another is asked for."""

    async def work(desk: Desk) -> FilledOut:
        wanted, header = language or desk.matter.filing.language, desk.registers.header
        rows = await template_store.listed(desk.tx.conn, colleagues(call.who), wanted)
        filled = [{**row, "text": filling.fill(row["text"], header, desk.matter.case.body, wanted, desk.matter.directory)} for row in rows]
        return FilledOut(reference=header.reference, templates=[TemplateOut.model_validate(one) for one in filled])

    return await call.run(FilledOut, work)
