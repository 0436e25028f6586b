"""The one way in which people change the directory: one writer at a time, on what is stored, each change noted with its author."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from services.routing import store as routing_store
from services.routing.directory import store
from services.routing.directory.editing import differences
from services.routing.directory.store import Author
from shared.contracts.directory import Directory
from shared.contracts.directory_records import Editable
from shared.messaging import directory
from shared.messaging.tx import Tx
from shared.runtime.errors import Problem


async def stored(tx: Tx) -> Directory:
    """The directory as it is now; nobody else changes it before this transaction ends. Problem 409 no-pack: there is none yet."""
    await routing_store.one_loader(tx.conn)
    tx.directory = await directory.load(tx.conn)
    if tx.directory.pack is None:
        raise Problem(409, "no-pack", "No country pack has been loaded yet: load one first.")
    return tx.directory


async def write(tx: Tx, who: Author, act: str, records: Sequence[Editable], proposal: int | None = None) -> None:
    """Tells these records and notes what they change; call `stored` before. proposal: what the change came of."""
    tx.publish_directory(records)
    await note(tx, who, act, tx.directory, records, proposal)


async def note(tx: Tx, who: Author, act: str, before: Directory, records: Sequence[Editable], proposal: int | None = None) -> None:
    known = {record.key: before.records.get(record.key) for record in records}
    await store.note(tx.conn, who, act, tx.now, [(record, differences(known[record.key], record)) for record in records], proposal)


def today(tx: Tx) -> date:
    """The local day of the jurisdiction."""
    assert tx.directory.pack
    return tx.now.astimezone(ZoneInfo(tx.directory.pack.time_zone)).date()
