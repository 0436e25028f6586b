"""A country pack enters the directory whole or not at all, and what had waited for it is decided then."""

import asyncio
import shutil
from datetime import date
from pathlib import Path

import pytest

from services.routing.directory.pack import Pack, load
from services.routing.packs import PackConflict, adopt, keep_pack, settle_all
from shared.contracts.directory import BodyRecord
from shared.messaging.engine import Stop
from shared.messaging.tx import Tx
from tests.support.desk import filing, header, noria_pack
from tests.support.desks import Desks
from tests.support.lives import NORIA
from tests.support.stores import Bench, Opener, fact


@pytest.fixture
async def empty(open_store: Opener) -> Bench:
    bench: Bench = await open_store("routing")
    await bench.execute("delete from directory_record")
    return bench


async def loaded(bench: Bench, pack: Pack) -> bool:
    async def work(tx: Tx) -> bool:
        return await adopt(tx, pack)

    return await bench.node.run(work)


def changed(pack: Pack, *, pack_version: int = 2, version: int = 2, **office: object) -> Pack:
    """Noria's pack under another version, in which the water office is another, under another version too."""
    records = [r.model_copy(update={"version": version} | office) if _is_office(r) else r for r in pack.records[:-1]]
    return Pack((*records, pack.record.model_copy(update={"version": pack_version, "sha256": "other"})), pack.rules)


def _is_office(record: object) -> bool:
    return isinstance(record, BodyRecord) and record.id == "water-office"


async def test_the_first_load_tells_every_record_in_order_and_keeps_the_rules(empty: Bench) -> None:
    pack = noria_pack()
    assert await loaded(empty, pack) is True
    told = await empty.take_outbox()
    assert [body.key for _, body in told] == [record.key for record in pack.records]
    assert told[-1][1].key == "pack/noria"
    [row] = await empty.execute("select country, version, sha256, jsonb_array_length(rules) as rules from rule_set")
    assert tuple(row) == ("noria", 1, pack.record.sha256, len(pack.rules))


async def test_the_same_pack_again_tells_nothing(empty: Bench) -> None:
    await loaded(empty, noria_pack())
    await empty.take_outbox()
    assert await loaded(empty, noria_pack()) is False
    commented = noria_pack().record.model_copy(update={"sha256": "another comment in a file"})
    assert await loaded(empty, Pack((*noria_pack().records[:-1], commented), noria_pack().rules)) is False
    assert await empty.outbox() == []


async def test_a_later_pack_tells_what_is_new(desks: Desks) -> None:
    later = changed(noria_pack(), mailbox="new@noria.example")
    assert await loaded(desks.bench, Pack(later.records, later.rules[1:])) is True
    assert [body.key for _, body in await desks.bench.take_outbox()] == ["body/water-office", "pack/noria"]
    [(rules,)] = await desks.bench.execute("select jsonb_array_length(rules) from rule_set order by version desc limit 1")
    assert rules == len(noria_pack().rules) - 1
    assert await loaded(desks.bench, noria_pack()) is False  # an older release is started beside it: the newer pack stays
    assert await desks.bench.outbox() == []


@pytest.mark.parametrize(
    ("pack", "why"),
    [
        (changed(noria_pack(), pack_version=1, mailbox="new@noria.example"), "the pack has changed"),
        (changed(noria_pack(), version=1, mailbox="new@noria.example"), "body/water-office is stored with version 1"),
        (Pack(noria_pack().records, noria_pack().rules[1:]), "the pack has changed"),
    ],
    ids=["pack", "record", "rules"],
)
async def test_nothing_changes_without_a_version(desks: Desks, pack: Pack, why: str) -> None:
    with pytest.raises(PackConflict, match=why):
        await loaded(desks.bench, pack)
    assert await desks.bench.outbox() == []


async def test_a_broken_pack_is_refused_whole_with_file_line_and_reason(empty: Bench, tmp_path: Path) -> None:
    broken = tmp_path / "pack"
    shutil.copytree(NORIA, broken)
    bodies = (broken / "bodies.yaml").read_text(encoding="utf-8")
    (broken / "bodies.yaml").write_text(bodies.replace("successor: water-office", "successor: water-orifice"), encoding="utf-8")
    line = 1 + next(n for n, text in enumerate(bodies.splitlines()) if "successor" in text)
    with pytest.raises(Stop, match=rf"refused(.|\n)*bodies\.yaml:{line}: .*water-orifice") as stop:
        await keep_pack(empty.node, broken)
    assert stop.value.code == 8
    assert await empty.outbox() == []
    assert await empty.execute("select 1 from directory_record union all select 1 from rule_set") == []


async def test_two_replicas_that_load_at_once_tell_each_record_once(empty: Bench) -> None:
    assert sorted(await asyncio.gather(*(loaded(empty, noria_pack()) for _ in range(3)))) == [False, False, True]
    assert len(await empty.outbox()) == len(noria_pack().records)


async def test_complaints_that_came_before_the_pack_are_decided_with_it(empty: Bench) -> None:
    headers = [header() for _ in range(3)]
    await empty.deliver(*(fact("intake", one, 1, filing()) for one in headers))
    assert await empty.take_outbox() == []
    await loaded(empty, noria_pack())
    await empty.take_outbox()
    await settle_all(empty.node)
    told = await empty.take_outbox()
    assert sorted((name, str(body.complaint.id), body.case.body) for name, body in told) == sorted(
        ("complaint-routed", str(one.id), "water-office") for one in headers
    )
    await settle_all(empty.node)
    assert await empty.outbox() == []


async def test_a_complaint_is_decided_by_a_procedure_that_this_process_has_not_looked_at_yet(empty: Bench) -> None:
    await empty.node.directory()  # an empty snapshot, good for a second
    await loaded(empty, noria_pack())
    await empty.deliver(fact("intake", header(), 1, filing()))
    assert [name for name, _ in await empty.outbox()][-1] == "complaint-routed"


async def test_closing_a_body_moves_its_open_cases_in_chunks(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.routing.packs.CHUNK", 2)
    cases = [await desks.file() for _ in range(5)]
    closed, *open_ = cases
    await desks.done(("body-agent", "water-office"), closed, "response", 1, outcome="favourable", reasons="Done.")
    await desks.told()
    await loaded(desks.bench, changed(noria_pack(), closed_on=date(2026, 3, 1), successor="ministry-waters"))
    await desks.bench.take_outbox()
    while not (await desks.bench.node.directory()).bodies["water-office"].closed_on:
        await asyncio.sleep(0.05)
    await settle_all(desks.bench.node)
    told = await desks.told()
    assert [(name, case.body, case.custody[0].reason) for name, _, case in told] == [
        ("complaint-routed", "ministry-waters", "succession")
    ] * 4
    assert (await desks.case(closed))["case"]["body"] == "water-office"
    await settle_all(desks.bench.node)
    assert await desks.told() == []
    assert len(open_) == 4


async def test_the_task_loads_the_folder_that_the_settings_name(empty: Bench) -> None:
    task = asyncio.create_task(keep_pack(empty.node, NORIA))
    while not await empty.execute("select 1 from rule_set"):
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await empty.outbox()) == len(load(NORIA).records)
