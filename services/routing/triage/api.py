"""Triage over HTTP: why a case went where it went, where the like of it went, what it may be a second copy of, and other rules tried."""

from fastapi import APIRouter, Response

from services.routing import rights
from services.routing.calls import TheNode
from services.routing.commands import at_desk, note, seen
from services.routing.desk import moves
from services.routing.directory.rule_checks import check_rules, repeated, unknown_in
from services.routing.rights import National, Reader, Worker
from services.routing.shapes import CaseOut
from services.routing.triage import compare, store
from services.routing.triage.domain import Print, print_of
from services.routing.triage.explain import explained
from services.routing.triage.replay import Period, replay
from services.routing.triage.shapes import (
    Candidate,
    Duplicates,
    EvidenceOut,
    Explanation,
    LinkIn,
    LinkOut,
    Links,
    Restriction,
    Suggestion,
    Suggestions,
    WhatIf,
    WhatIfOut,
)
from shared.contracts.directory import Directory
from shared.contracts.private import Papers
from shared.contracts.registry import PAPERS
from shared.messaging.registers import Registers
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal
from shared.runtime.errors import Problem
from shared.runtime.preconditions import IfMatch
from shared.runtime.scope import scope, sees

router = APIRouter()
MOST_FILINGS = 20_000
"""Filings that one request looks at; the command takes any number."""


@router.get("/v1/cases/{reference}/explanation")
async def explain(reference: str, who: Reader, node: TheNode) -> Explanation:
    """Which rule of which version sent the case where, on what evidence; and every rule in order, with why it did or did not apply."""

    async def work(tx: Tx) -> Explanation:
        found, _ = await seen(tx, who, reference)
        return await explained(tx.conn, found, tx.directory, words_too=rights.reads_papers(who))

    return await node.command(work)


@router.get("/v1/cases/{reference}/suggestions")
async def suggest(reference: str, who: Worker, node: TheNode) -> Suggestions:
    """The bodies that cases like this one went to over the last year, each with how many."""

    async def work(tx: Tx) -> Suggestions:
        found, _ = await seen(tx, who, reference)
        rows = await compare.suggested(tx.conn, await _print(tx, found), tx.directory, tx.now)
        named = [Suggestion.model_validate({**row._asdict(), "name": tx.directory.bodies[row.body].name}) for row in rows]
        return Suggestions(since=tx.now - compare.YEAR, until=tx.now, suggestions=named)

    return await node.command(work)


@router.get("/v1/cases/{reference}/duplicates")
async def duplicates(reference: str, who: Worker, node: TheNode) -> Duplicates:
    """Cases in your scope that may be this one filed again, each with the evidence."""

    async def work(tx: Tx) -> Duplicates:
        found, _ = await seen(tx, who, reference)
        rows = await compare.duplicates(tx.conn, await _print(tx, found), tx.directory, scope(who, tx.directory))
        return Duplicates(candidates=[Candidate.model_validate({**r._asdict(), "evidence": EvidenceOut.of(r.alike)}) for r in rows])

    return await node.command(work)


@router.get("/v1/cases/{reference}/links")
async def links(reference: str, who: Reader, node: TheNode) -> Links:
    """The cases in your scope that this one was tied to."""

    async def work(tx: Tx) -> Links:
        found, _ = await seen(tx, who, reference)
        return await _links(tx, who, found)

    return await node.command(work)


@router.post("/v1/cases/{reference}/links")
async def link(reference: str, asked: LinkIn, who: Worker, node: TheNode) -> Links:
    """Says that this case is a second copy of another. Nothing else changes: both stay open or closed, each with its own clocks.

    Saying it again changes nothing. 422 unknown-link, same-case; 409 link-circle.
    """

    async def work(tx: Tx) -> Links:
        found, _ = await seen(tx, who, reference, lock=True)
        other = await _other(tx, who, asked.reference)
        if other.complaint_id == found.complaint_id:
            raise Problem(422, "same-case", "This is the case itself: name the one that it is a second copy of.", field="reference")
        if found.complaint_id in await store.chain(tx.conn, other.complaint_id, asked.rel):
            raise Problem(409, "link-circle", "The other case is a second copy of this one already.", field="reference")
        await store.link(tx.conn, found.complaint_id, asked.rel, other.complaint_id, tx.now, who.role)
        for one in (found, other):
            await note(tx, who, one, asked.rel)
        return await _links(tx, who, found)

    return await node.command(work)


@router.post("/v1/cases/{reference}/restriction")
async def restrict(reference: str, asked: Restriction, version: IfMatch, who: National, node: TheNode, response: Response) -> CaseOut:
    """Takes a case to the restricted desk, or lets it go from there: words may sound worse than they are meant. Restricted desk alone."""
    if not who.restricted:
        raise Problem(403, "role-not-allowed", "Only the restricted desk says what is restricted.")

    async def work(tx: Tx) -> Registers:
        desk = await at_desk(tx, who, reference)
        desk.demand(version)
        case = desk.matter.case
        if case.restricted == asked.restricted:
            raise Problem(409, "nothing-changes", f"The case is {'restricted' if case.restricted else 'not restricted'} already.")
        reason = "restricted" if asked.restricted else "unrestricted"
        held = moves.handed_over(case, None, reason, tx.now) if asked.restricted and case.open and case.body else case
        return await desk.tell(reason, "complaint-routed", held.model_copy(update={"restricted": asked.restricted}), reason)

    told = await node.command(work)
    response.headers["ETag"] = f'"{told.routing_version}"'
    return CaseOut.of(told)


@router.post("/v1/rules/what-if")
async def what_if(asked: WhatIf, who: National, node: TheNode) -> WhatIfOut:
    """What would have gone elsewhere under other rules, in a past period. Nothing is changed. 422 rules-broken, period-too-long."""
    directory = await node.directory()
    findings = [f"rule {n + 1}: {reason}" for n, _, reason in _problems(asked, directory)]
    if findings:
        raise Problem(422, "rules-broken", "; ".join(findings[:20]), field="rules")
    period = Period(asked.since, asked.until)
    async with node.read() as conn:
        if await store.past_count(conn, period.since, period.until, MOST_FILINGS + 1) > MOST_FILINGS:
            detail = f"The period has more than {MOST_FILINGS} filings: name a shorter one, or use the command what-if."
            raise Problem(422, "period-too-long", detail, field="from")
    return WhatIfOut.of(await replay(node, asked.rules, directory, period))


def _problems(asked: WhatIf, directory: Directory) -> list[tuple[int, tuple[str | int, ...], str]]:
    return [*repeated(asked.rules), *check_rules(asked.rules, directory, unknown_in(directory))]


async def _print(tx: Tx, found: Registers) -> Print:
    """Of this case as its papers say now; without papers only what the facts say."""
    papers = await tx.private(PAPERS, found.complaint_id)
    if isinstance(papers, Papers):
        return print_of(found.header, papers)
    header = found.header
    return Print(header.id, header.filed_at, header.public_service, header.territory, (), (), (), ())


async def _other(tx: Tx, who: Principal, reference: str) -> Registers:
    try:
        found, _ = await seen(tx, who, reference)
    except Problem:
        raise Problem(422, "unknown-link", "No case in your scope has this reference: check it.", field="reference") from None
    return found


async def _links(tx: Tx, who: Principal, found: Registers) -> Links:
    rows = await store.links(tx.conn, found.complaint_id)
    return Links(links=[LinkOut.of(row) for row in rows if sees(who, row.body, tx.directory, restricted=row.restricted)])
