"""Rules that ask for words of the subject: whichever comes first, the filing or its papers, the case ends in the same place."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from services.routing.directory.domain import Rule
from services.routing.directory.pack import Pack
from services.routing.packs import adopt, settle_all
from services.routing.triage.store import decisions
from shared.contracts.complaint import Header
from shared.contracts.private import Papers, Person
from tests.support.desk import filing, header, noria_pack
from tests.support.desks import NATIONAL, Desks
from tests.support.lives import at
from tests.support.stores import Opener, fact

CANARY = "Fuite"
WATER = {"id": "water-words", "when": {"words": ["fuite"]}, "to": {"kind": "body", "body": "water-office"}, "final": True}
TRIAGE = {"id": "national-triage", "to": {"kind": "triage"}}


def pack(*rules: dict[str, Any]) -> Pack:
    return replace(noria_pack(), rules=tuple(Rule.model_validate(rule) for rule in rules))


@pytest.fixture
async def desks(open_store: Opener) -> AsyncIterator[Desks]:
    bench = await open_store("routing")
    await bench.node.run(lambda tx: adopt(tx, pack(WATER, TRIAGE)))
    async with bench.client() as client:
        yield Desks(bench, client)


def papers(of: Header, subject: str = f"{CANARY} d'eau", version: int = 1) -> Papers:
    person = Person(email="amal@noria.example", language="fr")
    return Papers(version=version, complaint_id=of.id, reference=of.reference, person=person, subject=subject, narrative="Depuis lundi.")


async def decided(desks: Desks, of: Header) -> list[Any]:
    async with desks.bench.node.read() as conn:
        return [row[1:2] + row[3:] for row in await decisions(conn, of.id)]


AT_ONCE = [(1, "water-words", 1, 1, True, "water-office", {"territory": "010010101"}, "fuite")]


@pytest.mark.parametrize("order", ["filing first", "papers first", "together"])
async def test_a_case_is_told_once_wherever_its_words_stand_in_the_order(desks: Desks, order: str) -> None:
    one = header(public_service=None)
    pair = [fact("intake", one, 1, filing()), papers(one)]
    for batch in [pair] if order == "together" else [[item] for item in (pair if order == "filing first" else reversed(pair))]:
        await desks.bench.deliver(*batch)
    [(name, version, case)] = await desks.told()
    assert (name, version, case.body, case.qualified_at) == ("complaint-routed", 1, "water-office", at("2026-03-02T10:00:00Z"))
    assert case.rule
    assert (case.rule.rule_set, case.rule.evidence) == (1, ("words",))
    assert await decided(desks, one) == AT_ONCE


async def test_a_filing_that_comes_with_its_papers_is_told_once(desks: Desks) -> None:
    one = header(body="water-office")
    await desks.bench.node.run(lambda tx: adopt(tx, later(pack({"id": "declared", "to": {"kind": "declared_body"}}, WATER, TRIAGE))))
    await desks.bench.take_outbox()
    await desks.bench.deliver(fact("intake", one, 1, filing()), papers(one))
    assert [(version, case.rule and case.rule.id) for _, version, case in await desks.told()] == [(1, "declared")]


def later(changed: Pack) -> Pack:
    return replace(changed, records=(*changed.records[:-1], changed.record.model_copy(update={"version": 2, "sha256": "later"})))


async def test_a_case_whose_words_are_missing_waits_in_triage_and_moves_when_they_come(desks: Desks) -> None:
    one = await desks.file(public_service=None)
    assert await desks.told() == []
    await settle_all(desks.bench.node)
    [(_, version, case)] = await desks.told()
    assert (version, case.status, case.rule) == (1, "triage", None)
    await settle_all(desks.bench.node)
    assert await desks.told() == []
    await desks.bench.deliver(papers(one))
    [(_, version, case)] = await desks.told()
    assert (version, case.status, case.body, len(case.custody)) == (2, "with_body", "water-office", 1)
    assert [row[0] for row in await decided(desks, one)] == [1, 2]


async def test_late_words_move_nothing_that_a_person_has_decided(desks: Desks) -> None:
    one = await desks.file(public_service=None)
    await settle_all(desks.bench.node)
    await desks.done(NATIONAL, one, "assignment", 1, body="ministry-waters")
    await desks.told()
    await desks.bench.deliver(papers(one))
    assert await desks.told() == []
    assert (await desks.case(one))["case"]["body"] == "ministry-waters"


async def test_words_that_will_never_come_are_not_waited_for(desks: Desks) -> None:
    one = header(public_service=None)
    await desks.bench.deliver(fact("intake", one, 2, filing(erased_at=at("2026-03-02"))))
    [(_, _, case)] = await desks.told()
    assert (case.status, case.body) == ("triage", None)


async def test_what_is_kept_of_the_words_goes_with_the_person(desks: Desks) -> None:
    one = header(public_service=None)
    await desks.bench.deliver(fact("intake", one, 1, filing()), papers(one))
    await desks.done(("body-agent", "water-office"), one, "response", 1, outcome="favourable", reasons="Réparé.")
    assert await desks.bench.execute("select count(*) from case_print") == [(1,)]
    await desks.bench.deliver(fact("intake", one, 2, filing(erased_at=at("2026-03-09"))))
    await desks.bench.deliver(papers(one, version=2))
    assert await desks.bench.execute("select count(*) from case_print") == [(0,)]
    [row] = await decided(desks, one)
    assert (row[1], row[-1]) == ("water-words", None)


async def test_a_tombstone_takes_what_is_kept_of_the_words(desks: Desks) -> None:
    one = header(public_service=None)
    await desks.bench.deliver(fact("intake", one, 1, filing()), papers(one))
    raw = desks.bench.raw(papers(one, version=2))
    await desks.bench.deliver_raw([replace(raw, value=None)])
    assert await desks.bench.execute("select count(*) from case_print") == [(0,)]


async def test_a_restored_store_keeps_again_what_the_facts_tell_of_a_decision(desks: Desks) -> None:
    one = header(public_service=None)
    await desks.bench.deliver(fact("intake", one, 1, filing()), papers(one))
    await desks.bench.execute("delete from routing_decision")

    async def again(tx: Any) -> None:
        await desks.bench.node.spec.project(list((await tx.lock_many([one.id])).values()), tx)

    await desks.bench.node.run(again)
    await desks.bench.node.run(again)
    assert await decided(desks, one) == [(1, "water-words", 1, 1, True, "water-office", {}, None)]
