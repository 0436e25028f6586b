"""Bodies that end: the records after it, and who takes which case."""

from datetime import date

import pytest

from services.routing.desk.refusals import Refused
from services.routing.directory.lifecycle import closed, heir
from shared.contracts.directory import BodyRecord, Directory, PublicServiceRecord
from shared.contracts.directory_records import Part
from tests.support.desk import noria_pack

DAY = date(2026, 3, 2)
PRIMA, SOUTH = "010010101", "020010101"


def noria() -> Directory:
    return noria_pack().directory


def after(id: str, successor: str | None, *parts: Part, directory: Directory | None = None) -> Directory:
    held = directory or noria()
    return held.updated(closed(held.bodies[id], successor, DAY, held, parts))


def test_the_bodies_below_follow_and_a_successor_from_below_takes_its_place() -> None:
    merged = after("ministry-towns", "commune-prima")
    assert merged.bodies["commune-prima"].parent is None
    assert {merged.bodies[id].parent for id in ("commune-seconda", "commune-quarta", "prefect-north")} == {"commune-prima"}
    assert merged.bodies["prefect-alta"].parent == "prefect-north"
    assert merged.body_scope("commune-prima") > {"prefect-alta", "commune-seconda"}


def test_a_closed_body_below_stays_as_it_was() -> None:
    assert after("ministry-waters", "ministry-towns").bodies["old-water-board"] == noria().bodies["old-water-board"]


def test_a_successor_further_below_would_stand_above_itself() -> None:
    with pytest.raises(Refused) as refused:
        after("ministry-towns", "prefect-alta")
    assert refused.value.code == "below-itself"


def test_the_first_part_that_fits_takes_the_case_and_the_rest_goes_to_the_successor() -> None:
    split = after(
        "water-office",
        "ministry-waters",
        Part(body="commune-prima", public_services=("water-supply",), territories=("010000000",)),
        Part(body="commune-quarta", territories=("020000000",)),
    )
    office = split.bodies["water-office"]
    # A public service counts by its own code and by its subject's, a territory with all that lies in it.
    found = [
        heir(office, service, place, split) for service, place in (("water-bill", PRIMA), ("dams", PRIMA), ("dams", SOUTH), (None, SOUTH))
    ]
    assert found == ["commune-prima", "ministry-waters", "commune-quarta", "commune-quarta"]


def test_a_part_that_was_closed_itself_passes_on_to_its_own_successor() -> None:
    split = after("water-office", "ministry-waters", Part(body="commune-prima", territories=("010000000",)))
    merged = after("commune-prima", "commune-seconda", directory=split)
    alone = after("commune-prima", None, directory=split)
    assert heir(merged.bodies["water-office"], None, PRIMA, merged) == "commune-seconda"
    assert heir(alone.bodies["water-office"], None, PRIMA, alone) == "ministry-waters"


def test_without_a_successor_nobody_follows() -> None:
    ended = after("water-office", None)
    assert heir(ended.bodies["water-office"], "water-bill", PRIMA, ended) is None


def test_only_its_own_public_services_go_to_a_part() -> None:
    part = Part(body="commune-prima", public_services=("water-bill", "dams"))
    records = closed(noria().bodies["water-office"], "ministry-waters", DAY, noria(), (part,))
    moved = [(record.code, record.body, record.base_version) for record in records if isinstance(record, PublicServiceRecord)]
    assert moved == [("water-bill", "commune-prima", 1)]
    assert isinstance(records[0], BodyRecord)
    assert (records[0].id, records[0].parts) == ("water-office", (part,))
