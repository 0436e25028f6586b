"""Joins rules and store: what a complaint's holder reads and does, each act one transaction; and what the log brings."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from services.intake import acts, store
from services.intake.access import READERS, Caller, Door, find, not_found
from services.intake.alerts import Watch, is_restricted
from services.intake.filing import answer
from services.intake.problems import demand_started, directory_of, problem, raised
from services.intake.receiving import Filings
from services.intake.refusals import Refused
from services.intake.settings import IntakeSettings
from services.intake.shapes import Checked, CheckIn, Erased, InformationIn, Rated, RatingIn, Supplied, Withdrawal, Withdrawn
from services.intake.store import Claim
from services.intake.tracking import Page, alert_shown
from shared.contracts.known import is_open
from shared.contracts.languages import reading_order
from shared.contracts.private import Answers, Papers
from shared.contracts.registry import ANSWERS, PAPERS
from shared.messaging import private, registers, tasks
from shared.messaging.node import Node
from shared.messaging.registers import Registers
from shared.messaging.tx import Tx
from shared.runtime.errors import Problem
from shared.runtime.limits import Limit
from shared.runtime.logs import bind_reference
from shared.runtime.scope import reaches

T = TypeVar("T")
Work = Callable[[Tx, Registers, Papers | None], Awaitable[T]]

GONE_NOW = (
    *("name", "contact", "subject", "narrative", "the form's private fields"),
    *("supplied texts", "comments on ratings", "the body's reasons and requests, here"),
)
GONE_LATER = ("papers at the body's desk", "contact kept for notices", "copies on the topics papers, contacts and answers")


class Intake:
    """Problems are raised; what is returned was committed."""

    def __init__(self, node: Node, settings: IntakeSettings) -> None:
        self.node, self.settings, self.key = node, settings, settings.key
        self.door, self.filing_limit = Door(settings.key, settings.wrong_secrets_per_minute), Limit(settings.filing_per_minute)
        self.check_limit, self.watch = Limit(settings.filing_per_minute), Watch()
        self.filings = Filings(node, settings, self.door, self.watch)

    async def page(self, reference: str, who: Caller, lang: str | None, accept: str | None) -> Page:
        """A complaint's page for this caller, from this store alone: it works before any event has flowed."""
        demand_started(self.node)
        directory, pack = await directory_of(self.node)
        if who.staff and who.staff.role not in READERS:
            raise Problem(403, "role-not-allowed", f"Your role reads no complaints; those that do are {', '.join(READERS)}.")
        async with self.node.read() as conn:
            id = await (find(conn, reference) if who.staff else self.door.open(conn, reference, who.secret or "", who.address))
            known = (await registers.load(conn, [id], lock=False)).get(id) if id else None
            docs = await private.get(conn, id) if id and not who.staff else {}
        if known is None or known.intake is None or (who.staff and not reaches(who.staff, known, directory)):
            raise not_found()
        bind_reference(known.header.reference)
        papers, answers = docs.get(PAPERS), docs.get(ANSWERS)
        return Page(
            known,
            directory,
            reading_order(lang, accept, known.intake.language, pack.page_languages),
            papers if isinstance(papers, Papers) else None,
            answers if isinstance(answers, Answers) else None,
            self.node.clock.now(),
        )

    async def check(self, given: CheckIn, lang: str | None, accept: str | None) -> Checked:
        """Problem 422 words-missing where there are none to look at."""
        directory, pack = await directory_of(self.node)
        if not (given.subject or given.narrative):
            raise Problem(422, "words-missing", "Send the subject, the narrative, or both.", field="narrative")
        alerts = self.watch.raised_by(directory, given.subject, given.narrative, *given.private.values())
        ref = given.procedure or ""
        law = directory.procedure(ref) if "@" in ref else directory.newest_procedure(ref)
        languages = reading_order(lang, accept, given.filer.language if given.filer else pack.page_languages[0], pack.page_languages)
        restricted = is_restricted(alerts) or (law is not None and law.visibility.restricted)
        return Checked(alerts=tuple(alert_shown(alert, languages) for alert in alerts), restricted=restricted)

    async def supply(self, reference: str, who: Caller, key: UUID, digest: bytes, given: InformationIn) -> Supplied:
        async def work(tx: Tx, known: Registers, papers: Papers | None) -> Supplied:
            claim = Claim(key, digest, known.complaint_id, tx.now, None if is_open(known) else "closed")
            if not await store.claim(tx.conn, [claim], self.settings.idempotency_hours):
                return await _supplied_before(tx, known, given, claim)
            filing = acts.supply(known, given.request_id, tx.now)
            if papers:
                tx.put_private(PAPERS, acts.with_text(papers, given.request_id, tx.now, given.text))
            if filing != known.intake:
                tx.publish(known, "information-supplied", filing, by="citizen")
            return _supplied(known, given, claim)

        return await self._act(reference, who, work)

    async def withdraw(self, reference: str, who: Caller) -> Withdrawn:
        async def work(tx: Tx, known: Registers, papers: Papers | None) -> Withdrawn:
            filing = acts.withdraw(known, tx.now)
            if filing != known.intake:
                tx.publish(known, "complaint-withdrawn", filing, by="citizen")
            answered = known.routing is not None and known.routing.response is not None
            withdrawal = Withdrawal(requested_at=filing.withdrawn_at or tx.now)
            return Withdrawn(reference=known.header.reference, withdrawal=withdrawal, note="answer-stands" if answered else None)

        return await self._act(reference, who, work)

    async def rate(self, reference: str, who: Caller, given: RatingIn) -> Rated:
        async def work(tx: Tx, known: Registers, papers: Papers | None) -> Rated:
            filing = acts.rate(known, given.response_id, given.satisfied, tx.now, tx.directory)
            commented = acts.with_comment(known, papers, given.response_id, given.comment, tx.directory)
            if commented:
                tx.put_private(PAPERS, commented)
            if filing != known.intake:
                tx.publish(known, "response-rated", filing, by="citizen")
            rating = next(r for r in filing.ratings if r.response_id == given.response_id)
            return Rated(reference=known.header.reference, **rating.model_dump())

        return await self._act(reference, who, work)

    async def erase(self, reference: str, who: Caller) -> Erased:
        async def work(tx: Tx, known: Registers, papers: Papers | None) -> Erased:
            filing = acts.erase(known, tx.now)
            if filing != known.intake:
                tx.publish(known, "complaint-erased", filing, by="citizen")
                tx.erase(known.complaint_id)
                await store.forget(tx.conn, [known.complaint_id])
            at = filing.erased_at or tx.now
            return Erased(reference=known.header.reference, erased_at=at, gone_now=GONE_NOW, gone_within_24_hours=GONE_LATER)

        return await self._act(reference, who, work)

    async def _act(self, reference: str, who: Caller, work: Work[T]) -> T:
        """An act of the secret's holder, its complaint locked."""
        if who.staff:
            raise Problem(403, "role-not-allowed", "Only whoever holds the complaint's secret may do this; staff act at the desk.")
        await directory_of(self.node)

        async def locked(tx: Tx) -> T:
            id = await self.door.open(tx.conn, reference, who.secret or "", who.address)
            known, papers = await tx.lock_with(PAPERS, id) if id else (None, None)
            if known is None or known.intake is None:
                raise not_found()
            bind_reference(known.header.reference)
            return await work(tx, known, papers if isinstance(papers, Papers) else None)

        try:
            return await self.node.command(locked)
        except Refused as refused:
            raise problem(refused) from None


async def _supplied_before(tx: Tx, known: Registers, given: InformationIn, claim: Claim) -> Supplied:
    before = (await store.claimed(tx.conn, [claim.key])).get(claim.key)
    raised(answer(claim.digest, before))
    return _supplied(known, given, before.claim if before else claim)


def _supplied(known: Registers, given: InformationIn, claim: Claim) -> Supplied:
    return Supplied(reference=known.header.reference, request_id=given.request_id, supplied_at=claim.at, note=claim.note)


async def project(known: Sequence[Registers], tx: Tx) -> None:
    """A restored store learns again who was erased: the keys of their requests go too."""
    await store.forget(tx.conn, [r.complaint_id for r in known if r.intake and r.intake.erased_at])


async def forget_expired_keys(node: Node) -> None:
    await tasks.forget_expired(node, store.forget_expired)
