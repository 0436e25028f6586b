"""Tables enter the directory in two steps: a preview that changes nothing, and its application, whole or not at all."""

from collections.abc import Mapping, Sequence

from services.routing.directory import store
from services.routing.directory.imports import plan
from services.routing.directory.store import Author, Import
from services.routing.directory.tables import Line, read
from services.routing.directory.writing import stored, today, write
from shared.messaging.tx import Tx
from shared.runtime.errors import Problem
from shared.runtime.preconditions import demand_version


async def preview(tx: Tx, who: Author, files: Mapping[str, bytes | Sequence[Line]]) -> Import:
    """What these files would change, kept so that exactly this can be applied. Raises TableRefused where one is no such table."""
    directory = await stored(tx)
    assert directory.pack
    languages = directory.pack.page_languages
    lines = {kind: read(kind, given, languages) if isinstance(given, bytes) else given for kind, given in files.items()}
    made = plan(lines, directory, today(tx))
    found = Import(0, tx.now, await store.stamp(tx.conn), made.rows, made.records)
    return Import(await store.add_import(tx.conn, who, found), found.at, found.stamp, found.rows, found.records)


async def apply(tx: Tx, who: Author, id: int, version: int | None = None) -> Import:
    """Writes what a preview found. Problems: 404 import-unknown, 412 version-stale, 409 import-applied, import-refused, directory-moved."""
    await stored(tx)
    found = await known(tx, id, lock=True)
    if version is not None:
        demand_version(version, found.stamp)
    if found.applied_at:
        raise Problem(409, "import-applied", "This import has been applied already: make a new preview.")
    if any(row.change == "refused" for row in found.rows):
        raise Problem(409, "import-refused", "Rows of this import are refused, so none is taken: mend them and make a new preview.")
    if await store.stamp(tx.conn) != found.stamp:
        raise Problem(409, "directory-moved", "The directory has changed since this preview: make a new one.")
    await write(tx, who, "import", found.records)
    await store.applied(tx.conn, id, tx.now)
    return Import(found.id, found.at, found.stamp, found.rows, found.records, tx.now)


async def known(tx: Tx, id: int, *, lock: bool = False) -> Import:
    """Problem 404 import-unknown."""
    found = await store.find_import(tx.conn, id, lock=lock)
    if found is None:
        raise Problem(404, "import-unknown", "No import has this number: make a preview first.")
    return found
