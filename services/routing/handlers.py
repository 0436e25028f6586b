"""Joins facts to decisions: what a complaint's registers ask for is decided, told, and its row in the queue made anew."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.routing import store
from services.routing.desk.known import Known
from services.routing.desk.moves import first_by_rule
from services.routing.desk.reactions import Routes, Step, left_in_triage, react
from services.routing.desk.times import due_at
from services.routing.models import CaseRow
from services.routing.triage import store as triage
from services.routing.triage.domain import print_of
from services.routing.triage.store import Decided, RuleSet
from services.routing.work import search_store
from shared.contracts.directory import Directory
from shared.contracts.private import Papers
from shared.contracts.registry import PAPERS
from shared.contracts.states import RuleUsed
from shared.contracts.wording import tokens
from shared.messaging import directory, private
from shared.messaging.records import PrivateChange
from shared.messaging.registers import Change, Registers
from shared.messaging.tx import Tx


async def handle(changes: Sequence[Change], tx: Tx) -> None:
    await settle([change.after for change in changes], tx, patient=True)
    await _keep_prints([change.complaint_id for change in changes if change.after.routing is None], tx)


async def papers(changes: Sequence[PrivateChange], tx: Tx) -> None:
    """Papers have come, or gone: rules that waited for their words decide, and what is kept of the words goes with them."""
    here = [change.complaint_id for change in changes if change.topic == PAPERS and change.doc]
    gone = [change.complaint_id for change in changes if change.topic == PAPERS and not change.doc]
    await triage.forget(tx.conn, gone)
    await search_store.drop(tx.conn, gone)
    await search_store.index(tx.conn, [change.doc for change in changes if isinstance(change.doc, Papers)])
    told = tx.told()
    if waiting := [id for id in await triage.waiting_for_words(tx.conn, here) if id not in told]:
        await settle(list((await tx.lock_many(waiting)).values()), tx, patient=True)
    await _keep_prints(here, tx)


async def settle(registers: Sequence[Registers], tx: Tx, *, patient: bool = False) -> None:
    """Tells every fact that is still missing; the rows must be locked. Settled complaints are left as they are.

    patient: a case whose rules wait for the words of its papers is left for when they come, or for the next sweep.
    """
    # Most of what comes is about cases that are decided: nobody asks the rules about these.
    rules = await triage.rule_set(tx.conn) if any(map(_undecided, registers)) else None
    if any(_waits_for_law(known, tx.directory) for known in registers):
        # The snapshot may be a second old, and a procedure that is stored now would not be asked for again.
        tx.directory = await directory.load(tx.conn)
    words = await _subjects(registers, rules, tx)
    decided: list[Decided] = []
    after: list[Registers] = []
    for one in registers:
        routes = Routes(rules.rules, rules.version, words.get(one.complaint_id), patient) if rules else None
        after.append(await _settled(one, routes, tx, decided))
    await triage.put_decisions(tx.conn, decided)
    await project(after, tx)


async def project(registers: Sequence[Registers], tx: Tx) -> None:
    """Makes the queue's rows of these complaints anew; one that is not routed yet has none. What names an erased filer goes."""
    erased = [known.complaint_id for known in registers if known.intake and known.intake.erased_at]
    await store.forget(tx.conn, erased)
    await triage.forget(tx.conn, erased)
    await store.put_cases(tx.conn, [row for known in registers if (row := case_row(known, tx.directory))])


async def recovered(registers: Sequence[Registers], tx: Tx) -> None:
    """As project, for states taken back from the log: what they tell of the decisions that led to them is kept again."""
    await project(registers, tx)
    cases = [(known, known.routing.rule) for known in registers if known.routing]
    await triage.restore_decisions(tx.conn, [_retold(known, rule) for known, rule in cases if rule])
    # The backup may have had the papers of a filing that it did not know yet.
    await _keep_prints([known.complaint_id for known in registers], tx)


def case_row(registers: Registers, laws: Directory) -> CaseRow | None:
    header, case = registers.header, registers.routing
    if case is None:
        return None
    return CaseRow(
        complaint_id=registers.complaint_id,
        reference=header.reference,
        status=case.status,
        body=case.body,
        public_service=case.public_service,
        territory=header.territory,
        procedure=header.procedure,
        filed_at=header.filed_at,
        due_at=due_at(laws.procedure(header.procedure), case, registers.deadlines or ()),
        taken_up_at=case.taken_up_at,
        version=registers.routing_version,
        restricted=case.restricted,
    )


def known(registers: Registers) -> Known:
    return Known(registers.header, registers.intake, registers.routing, registers.deadlines or ())


async def _settled(registers: Registers, routes: Routes | None, tx: Tx, decided: list[Decided]) -> Registers:
    linked = await _linked(registers, tx) if _undecided(registers) else {}
    for step in react(known(registers), linked, tx.directory, routes, tx.now):
        registers = tx.publish(registers, step.type, step.case, by=step.by, reason=step.reason)
        if step.decision and routes:
            decided.append(_decided(registers, step, routes, tx))
    return registers


def _decided(registers: Registers, step: Step, routes: Routes, tx: Tx) -> Decided:
    assert step.decision
    given = step.decision
    row = _row(registers, registers.routing_version, tx.now, given.rule)
    version = None if given.by_law else routes.version
    return row._replace(rule_set_version=version, body=given.body, evidence=dict(given.evidence), word=given.word)


def _retold(registers: Registers, rule: RuleUsed) -> Decided:
    case = registers.routing
    assert case
    first = first_by_rule(case, rule)
    at = first.since if first else registers.header.recorded_at
    return _row(registers, 1, at, rule)._replace(rule_set_version=rule.rule_set, body=first.body if first else None)


def _row(registers: Registers, version: int, at: datetime, rule: RuleUsed | None) -> Decided:
    id, of, final = (rule.id, rule.version, rule.final) if rule else (None, None, False)
    return Decided(registers.complaint_id, version, at, id, of, None, final, None, {}, None)


def _undecided(registers: Registers) -> bool:
    return registers.routing is None or left_in_triage(registers.routing)


async def _subjects(registers: Sequence[Registers], rules: RuleSet | None, tx: Tx) -> dict[UUID, tuple[str, ...]]:
    """The words of the subjects that rules may ask for now."""
    asked = rules is not None and any(rule.when.words for rule in rules.rules)
    ids = [known.complaint_id for known in registers if _undecided(known)] if asked else []
    found = await private.many(tx.conn, PAPERS, ids) if ids else {}
    return {id: tokens(doc.subject) for id, doc in found.items() if isinstance(doc, Papers)}


async def _keep_prints(ids: Sequence[UUID], tx: Tx) -> None:
    if ids:
        await triage.put_prints(tx.conn, [print_of(header, doc) for header, doc in await triage.unprinted(tx.conn, ids)])


def _waits_for_law(registers: Registers, snapshot: Directory) -> bool:
    return registers.intake is not None and registers.routing is None and snapshot.procedure(registers.header.procedure) is None


async def _linked(registers: Registers, tx: Tx) -> dict[str, Known]:
    """Unlocked: only where the earlier complaint has been is read, and two renewals of each other must not wait."""
    found = [await tx.find(link.reference) for link in registers.header.links]
    return {earlier.header.reference: known(earlier) for earlier in found if earlier}
