"""What a pack would change in a directory that has records already."""

from collections.abc import Iterable

from shared.contracts.directory import Directory, DirectoryRecord, ProcedureRecord


def to_publish(records: Iterable[DirectoryRecord], stored: Directory) -> list[DirectoryRecord]:
    """The records that are new or have a higher version than the stored ones, in the order given."""
    return [record for record in records if (known := stored.records.get(record.key)) is None or record.version > known.version]


def unversioned(records: Iterable[DirectoryRecord], stored: Directory) -> list[str]:
    """Why records cannot be taken: they say something else than the stored ones without a higher version.

    Readers keep the highest version, so such a change would silently reach only those that had never read the record.
    """
    changed = [
        record for record in records if (known := stored.records.get(record.key)) and record.version <= known.version and record != known
    ]
    return [_advice(record, stored.records[record.key].version) for record in changed]


def _advice(record: DirectoryRecord, stored: int) -> str:
    if isinstance(record, ProcedureRecord):
        return f"{record.key} never changes: complaints were filed under it; write version {stored + 1} as a file of its own"
    return f"{record.key} is stored with version {stored} and other contents: give the change version {stored + 1}"
