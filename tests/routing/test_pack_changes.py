"""Loading a pack over an older one: only what is newer is published, and nothing changes without a version."""

from pathlib import Path

from services.routing.directory.changes import to_publish, unversioned
from services.routing.directory.pack import load
from shared.contracts.directory import Directory

PACK = load(Path(__file__).parents[1] / "packs/noria")
OFFICE = PACK.directory.bodies["water-office"]
LAW = PACK.directory.records["procedure/complaint@1"]


def test_a_first_load_publishes_everything_and_the_pack_record_last() -> None:
    assert to_publish(PACK.records, Directory()) == list(PACK.records)
    assert unversioned(PACK.records, Directory()) == []


def test_the_same_pack_again_publishes_nothing() -> None:
    assert to_publish(PACK.records, PACK.directory) == []
    assert unversioned(PACK.records, PACK.directory) == []


def test_a_higher_version_is_published_alone() -> None:
    renamed = OFFICE.model_copy(update={"version": 2, "name": {"ar": "وكالة الماء", "fr": "Agence de l'eau"}})
    assert to_publish([*PACK.records, renamed], PACK.directory) == [renamed]
    assert unversioned([renamed], PACK.directory) == []


def test_a_change_without_a_version_is_refused_with_advice() -> None:
    renamed = OFFICE.model_copy(update={"name": {"ar": "وكالة الماء", "fr": "Agence de l'eau"}})
    assert unversioned([renamed], PACK.directory) == [
        "body/water-office is stored with version 1 and other contents: give the change version 2"
    ]
    stored = PACK.directory.updated([OFFICE.model_copy(update={"version": 4})])
    assert unversioned([OFFICE], stored) == ["body/water-office is stored with version 4 and other contents: give the change version 5"]


def test_a_procedure_never_changes() -> None:
    procedure = PACK.directory.procedures["complaint", 1].model_copy(update={"approval": "two"})
    changed = LAW.model_copy(update={"procedure": procedure})
    assert unversioned([changed], PACK.directory) == [
        "procedure/complaint@1 never changes: complaints were filed under it; write version 2 as a file of its own"
    ]
