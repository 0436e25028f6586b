"""Takes a filing in: what it says is examined, its ties are proved, then it is filed once under its key."""

from uuid import UUID

from services.intake import access, store
from services.intake.access import Caller, Door
from services.intake.alerts import Watch, is_restricted
from services.intake.batching import Batcher
from services.intake.contact import email_address, phone_number
from services.intake.domain import Draft, LinkGiven, Submission, examine
from services.intake.filing import Order, answer, file_group
from services.intake.follow_ups import check_follow_up
from services.intake.problems import directory_of, problem, raised
from services.intake.refusals import Refused
from services.intake.settings import IntakeSettings
from services.intake.shapes import Receipt
from shared.contracts.complaint import Header, Link
from shared.contracts.directory import Directory, PackRecord
from shared.messaging import registers
from shared.messaging.node import Node
from shared.messaging.registers import Registers
from shared.runtime.errors import Problem
from shared.runtime.ids import parse_reference, secret_for
from shared.runtime.logs import bind_reference
from shared.runtime.scope import reaches
from shared.runtime.trace import current_traceparent


class Filings:
    """Files complaints, and gives the same receipt for the same request and key for as long as keys are kept."""

    def __init__(self, node: Node, settings: IntakeSettings, door: Door, watch: Watch) -> None:
        self._node, self._key, self._door, self._watch = node, settings.key, door, watch
        self._batcher: Batcher[Order, Header] = Batcher(lambda orders: file_group(node, orders, settings.idempotency_hours))

    async def file(self, given: Submission, who: Caller, key: UUID, digest: bytes) -> Receipt:
        directory, pack = await directory_of(self._node)
        try:
            draft = await self._examined(given, who, directory, pack)
        except Refused as refused:
            # The law or the directory may have changed since: a repeated request gets its receipt all the same.
            return self._receipt(await self._filed_before(key, digest, problem(refused)), directory)
        header = await self._batcher.submit(Order(key, digest, draft, current_traceparent()))
        bind_reference(header.reference)
        return self._receipt(header, directory)

    def _receipt(self, header: Header, directory: Directory) -> Receipt:
        law = directory.procedure(header.procedure)
        secret = secret_for(self._key, header.id, store.FIRST_SECRET)
        return Receipt(**vars(header), secret=secret, kind=law.kind if law else None)

    async def _filed_before(self, key: UUID, digest: bytes, otherwise: Problem) -> Header:
        async with self._node.read() as conn:
            known = (await store.claimed(conn, [key])).get(key)
        if known is None:
            raise otherwise
        return raised(answer(digest, known))

    async def _examined(self, given: Submission, who: Caller, directory: Directory, pack: PackRecord) -> Draft:
        draft = examine(_reachable(given, pack), directory, pack, self._node.clock.now())
        links = [await self._linked(draft, index, link, who, directory) for index, link in enumerate(given.links)]
        draft = draft._replace(links=tuple(links)) if links else draft
        return draft._replace(restricted=True) if self._restricted(draft, directory) else draft

    def _restricted(self, draft: Draft, directory: Directory) -> bool:
        given = draft.submission
        texts = (given.subject, given.narrative, *(given.private or {}).values())
        return draft.law.visibility.restricted or is_restricted(self._watch.raised_by(directory, *texts))

    async def _linked(self, draft: Draft, index: int, given: LinkGiven, who: Caller, directory: Directory) -> Link:
        """The tie to an earlier complaint. Whoever does not prove it to be theirs learns nothing of it, not even why it is refused."""
        at = ("links", index, "reference")
        try:
            return await self._followed(draft, given, who, directory, at)
        except Refused:
            if who.staff or given.secret:
                raise
            detail = "This link is refused: send the earlier complaint's secret, from its receipt, as links[].secret to learn why."
            raise Refused("link-refused", detail, *at) from None

    async def _followed(self, draft: Draft, given: LinkGiven, who: Caller, directory: Directory, at: tuple[str, int, str]) -> Link:
        earlier = await self._earlier(given, who, directory)
        if earlier is None:
            raise Refused("unknown-link", "No complaint opens with this reference and proof: check both on the earlier receipt.", *at)
        if given.rel != "split-from":
            check_follow_up(given.rel, earlier, draft.law.code, draft.filed_at, directory, *at)
        return Link(rel=given.rel, reference=parse_reference(given.reference))

    async def _earlier(self, given: LinkGiven, who: Caller, directory: Directory) -> Registers | None:
        """By its secret where one is given; else by its reference alone, for a desk within its scope."""
        async with self._node.read() as conn:
            id = await (
                self._door.open(conn, given.reference, given.secret, who.address) if given.secret else access.find(conn, given.reference)
            )
            found = (await registers.load(conn, [id], lock=False)).get(id) if id else None
        if given.secret or not who.staff:
            return found
        return found if found and reaches(who.staff, found, directory) else None


def _reachable(given: Submission, pack: PackRecord) -> Submission:
    person = given.person
    email = email_address(person.email) if person.email else None
    phone = phone_number(person.phone, pack.time_zone) if person.phone else None
    if (email, phone) == (person.email, person.phone):
        return given
    return given._replace(person=person.model_copy(update={"email": email, "phone": phone}))
