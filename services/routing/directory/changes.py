"""What a pack would change in a directory that has records already."""

from collections.abc import Iterable

from shared.contracts.directory import Directory, DirectoryRecord, ProcedureRecord
from shared.contracts.directory_records import Editable


def to_publish(records: Iterable[DirectoryRecord], stored: Directory) -> list[DirectoryRecord]:
    """The records that are new or have a higher version than the stored ones, in the order given.

    A record that was changed by hand stays while the pack says what it had said before; see docs/decisions/edits-and-packs.md.
    """
    return [record for record in records if (known := stored.records.get(record.key)) is None or record.version > known.version]


def unversioned(records: Iterable[DirectoryRecord], stored: Directory) -> list[str]:
    """Why records cannot be taken: they say something else than the stored ones without a higher version.

    Readers keep the highest version, so such a change would silently reach only those that had never read the record. Of a
    record that was changed by hand only what the pack says anew is looked at, and it must be beyond the change.
    """
    found = [(record, stored.records.get(record.key)) for record in records]
    return [_advice(record, known.version) for record, known in found if known and _unversioned(record, known)]


def _unversioned(record: DirectoryRecord, known: DirectoryRecord) -> bool:
    base = known.base_version if isinstance(known, Editable) else None
    if base is not None:
        return base < record.version <= known.version
    return record.version <= known.version and record != known


def _advice(record: DirectoryRecord, stored: int) -> str:
    if isinstance(record, ProcedureRecord):
        return f"{record.key} never changes: complaints were filed under it; write version {stored + 1} as a file of its own"
    return f"{record.key} is stored with version {stored} and other contents: give the change version {stored + 1}"
