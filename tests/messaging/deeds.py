"""What people do, each as one transaction of the service that it is done at: the same on a store in memory and on a real one.

Each is called with the transaction last, and raises the domain's Refused where the law, or the state of the case, says no.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from services.intake import acts
from services.notifications import store
from services.notifications.models import SENT, Claimed, Outcome
from services.notifications.notice import Key, notice_id
from services.routing import commands
from services.routing.desk import domain
from shared.contracts.complaint import Header
from shared.contracts.private import Contacts, Papers, Person, RequestText
from shared.contracts.registry import CONTACTS, PAPERS
from shared.contracts.states import Filing
from shared.messaging.murmur import partition_of
from shared.messaging.registers import Registers
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal

Deed = Callable[[Tx], Awaitable[None]]
CANARY = "Amal of Prima"
"""The name of every filer: what must be gone once they are erased."""


async def file(header: Header, filing: Filing, tx: Tx) -> None:
    person = Person(name=CANARY, email="amal@noria.example", language="ar")
    same: dict[str, Any] = {"complaint_id": header.id, "reference": header.reference, "version": 1}
    tx.publish(Registers.new(header, partition_of(str(header.id))), "complaint-filed", filing, by="citizen", at=header.recorded_at)
    tx.put_private(PAPERS, Papers(**same, person=person, subject="Bill", narrative=f"{CANARY} was billed twice."))
    tx.put_private(CONTACTS, Contacts(**same, **person.model_dump()))


async def supply(id: UUID, request: UUID, tx: Tx) -> None:
    known, papers = await _filed(id, tx)
    filing = acts.supply(known, request, tx.now)
    if papers:
        tx.put_private(PAPERS, acts.with_text(papers, request, tx.now, f"{CANARY} paid in March."))
    _publish(known, "information-supplied", filing, tx)


async def withdraw(id: UUID, tx: Tx) -> None:
    known, _ = await _filed(id, tx)
    _publish(known, "complaint-withdrawn", acts.withdraw(known, tx.now), tx)


async def rate(id: UUID, response: UUID, satisfied: bool, tx: Tx) -> None:
    known, papers = await _filed(id, tx)
    filing = acts.rate(known, response, satisfied, tx.now, tx.directory)
    comment = None if filing.erased_at else f"{CANARY} thanks you."
    commented = acts.with_comment(known, papers, response, comment, tx.directory)
    if commented:
        tx.put_private(PAPERS, commented)
    _publish(known, "response-rated", filing, tx)


async def erase(id: UUID, tx: Tx) -> None:
    known, _ = await _filed(id, tx)
    filing = acts.erase(known, tx.now)
    if filing != known.intake:
        _publish(known, "complaint-erased", filing, tx)
        tx.erase(id)


async def take_up(id: UUID, tx: Tx) -> None:
    desk = await _desk(id, tx)
    await desk.tell("take-up", "complaint-taken-up", domain.take_up(desk.matter, tx.now))


async def transfer(id: UUID, body: str | None, tx: Tx) -> None:
    desk = await _desk(id, tx)
    await desk.tell("assignment", "complaint-routed", domain.assign(desk.matter, desk.who.role, body, "competence", tx.now), "competence")


async def ask(id: UUID, request: UUID, tx: Tx) -> None:
    desk = await _desk(id, tx)
    after = domain.ask(desk.matter, request, tx.now)
    text = RequestText(id=request, text=f"When did {CANARY} pay?")
    await desk.write(lambda held: {"requests": (*(held.requests if held else ()), text)})
    await desk.tell("information-request", "information-requested", after)


async def extend(id: UUID, tx: Tx) -> None:
    desk = await _desk(id, tx)
    await desk.tell("extension", "extension-granted", domain.extend(desk.matter, "answer", "many-documents", tx.now))


async def answer(id: UUID, response: UUID, tx: Tx) -> None:
    desk = await _desk(id, tx)
    after = domain.answer(desk.matter, response, _outcome(desk, 0), "Because.", tx.now)
    words = {"response_id": response, "outcome": after.outcome, "reasons": f"{CANARY} is right."}
    await desk.write(lambda held: words)
    await desk.tell("response", "response-posted", after)


async def amend(id: UUID, tx: Tx) -> None:
    desk = await _desk(id, tx)
    after = domain.amend(desk.matter, _outcome(desk, -1), "On reflection.", tx.now)
    await desk.write(lambda held: {"outcome": after.outcome, "reasons": f"{CANARY} is half right."})
    await desk.tell("amended-response", "response-posted", after, "amended")


async def mail(id: UUID, reference: str, key: Key, tx: Tx) -> None:
    """The mail server has taken a notice."""
    code, subject, audience = key
    given: dict[str, Any] = {"reference": reference, "code": code, "subject": subject, "audience": audience, "waited": 0.0}
    notice = Claimed(notice_id(id, key), id, procedure="", language="", params={}, attempts=0, expired=False, **given)
    if await store.settle(tx.conn, [Outcome(notice, SENT)], "file", tx.now):
        tx.publish_notice(notice.sent("file", tx.now), reference)


async def _filed(id: UUID, tx: Tx) -> tuple[Registers, Papers | None]:
    known, papers = await tx.lock_with(PAPERS, id)
    assert known
    return known, papers if isinstance(papers, Papers) else None


def _publish(known: Registers, type: str, filing: Filing, tx: Tx) -> None:
    if filing != known.intake:
        tx.publish(known, type, filing, by="citizen")


async def _desk(id: UUID, tx: Tx) -> commands.Desk:
    """Of whoever has the case: the body's agent, or the national desk."""
    known = await tx.lock(id)
    assert known
    assert known.routing
    body = known.routing.body
    who = Principal("body-agent" if body else "national-desk", body, "tester")
    return commands.Desk(tx, who, known, commands._matter(known, known.routing, tx))


def _outcome(desk: commands.Desk, place: int) -> str:
    return desk.matter.law.outcomes[place].code
