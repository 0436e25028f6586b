"""What a batch does to a store: the one path by which anything from the log enters, live, replayed or recovered."""

from collections.abc import Iterable, Sequence

from shared.contracts.directory import DirectoryRecord
from shared.contracts.events import Fact
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Private
from shared.messaging import directory, private, registers
from shared.messaging.records import Decoded, PrivateChange
from shared.messaging.registers import Change, Registers, newest
from shared.messaging.spec import Spec, nothing
from shared.messaging.tx import Tx


async def take(spec: Spec, tx: Tx, decoded: Sequence[Decoded]) -> None:
    """Applies decoded records in the order directory, facts, documents, notices; how they are grouped cannot matter."""
    await _directory(spec, tx, [d.body for d in decoded if isinstance(d.body, DirectoryRecord)])
    await _facts(spec, tx, decoded)
    await _documents(spec, tx, decoded)
    notices = [d.body for d in decoded if isinstance(d.body, NoticeSent)]
    if notices:
        await spec.on_notices(notices, tx)


async def fold(tx: Tx, decoded: Iterable[Decoded]) -> list[Change]:
    """Folds facts into the registers and forgets the people whom a fact says are erased."""
    return await registers.upsert(tx.conn, _rows(tx, decoded))


async def documents(tx: Tx, decoded: Iterable[Decoded]) -> list[PrivateChange]:
    """Folds private documents and their tombstones, in the order of the log."""
    kept, gone = [], []
    for d in decoded:
        if isinstance(d.body, Private):
            kept.append((d.raw.topic, d.body))
        elif d.body is None and d.complaint_id is not None:
            gone.append((d.raw.topic, d.complaint_id))
    erased = set(gone)
    changes = await private.upsert(tx.conn, [(topic, doc) for topic, doc in kept if (topic, doc.complaint_id) not in erased])
    return changes + await private.delete(tx.conn, sorted(erased))


async def _facts(spec: Spec, tx: Tx, decoded: Sequence[Decoded]) -> None:
    if spec.handle is nothing:
        await registers.put(tx.conn, _rows(tx, decoded))
    elif changes := await fold(tx, decoded):
        await spec.handle(changes, tx)


def _rows(tx: Tx, decoded: Iterable[Decoded]) -> list[Registers]:
    rows = newest((d.raw.partition, d.body) for d in decoded if isinstance(d.body, Fact))
    for row in rows:
        if row.intake and row.intake.erased_at:
            tx.erase(row.complaint_id)  # who is erased stays so: to be told again changes nothing
    return rows


async def _documents(spec: Spec, tx: Tx, decoded: Sequence[Decoded]) -> None:
    changes = await documents(tx, decoded)
    if changes:
        await spec.on_private(changes, tx)


async def _directory(spec: Spec, tx: Tx, records: Sequence[DirectoryRecord]) -> None:
    moved = await directory.upsert(tx.conn, records)
    if moved:
        tx.directory = await directory.load(tx.conn)
        await spec.on_directory(moved, tx)
