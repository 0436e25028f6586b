"""GET /v1/cases/{reference}/dossier: the case as a zip, for the Médiateur."""

from fastapi import APIRouter, Response

from services.routing.calls import TheNode
from services.routing.commands import note, seen
from services.routing.dossier import Dossier
from services.routing.rights import Worker
from shared.contracts.private import Answers, Papers
from shared.contracts.registry import ANSWERS, PAPERS
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal
from shared.runtime.errors import Problem

router = APIRouter()


@router.get(
    "/v1/cases/{reference}/dossier",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "filing, custody, requests, answers, dates, digests.txt"}},
)
async def get_dossier(reference: str, who: Worker, node: TheNode) -> Response:
    """The dossier for the Médiateur, from a case that is late or closed (409 dossier-too-early before). It is noted in the audit."""
    dossier = await node.command(lambda tx: _made(tx, who, reference))
    name = f"dossier-{dossier.header.reference}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(dossier.zipped(), media_type="application/zip", headers=headers)


async def _made(tx: Tx, who: Principal, reference: str) -> Dossier:
    found, case = await seen(tx, who, reference)
    assert found.intake  # a case is routed by its filing
    papers, answers = [await tx.private(topic, found.complaint_id) for topic in (PAPERS, ANSWERS)]
    dossier = Dossier(
        found.header,
        found.intake,
        case,
        found.deadlines or (),
        papers if isinstance(papers, Papers) else None,
        answers if isinstance(answers, Answers) else None,
        tx.directory,
        tx.now,
    )
    if not dossier.due:
        raise Problem(
            409, "dossier-too-early", "The case is open and no date has been missed: there is nothing to bring to the Médiateur yet."
        )
    await note(tx, who, found, "read-dossier")
    return dossier
