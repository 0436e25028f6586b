"""The search while the caller waits: what is found by what, for whom, and what is left of it after an erasure."""

import asyncio
from typing import Any

import pytest

from services.routing.work import backfill
from services.routing.work.backfill import fill_chunk, fill_search
from shared.contracts.complaint import Header
from shared.contracts.private import Papers, Person, SuppliedText
from shared.messaging.tx import Tx
from tests.support.desk import R1, filing
from tests.support.desks import NATIONAL, OFFICE, WATERS, Desks, Who, refused
from tests.support.lives import at
from tests.support.stores import fact

AUDITOR = ("auditor", None)


async def filed(desks: Desks, name: str | None, subject: str, narrative: str = "…", phone: str | None = None, **values: Any) -> Header:
    header = await desks.file(**values)
    await papers(desks, header, name, subject, narrative, phone)
    return header


async def papers(
    desks: Desks,
    header: Header,
    name: str | None,
    subject: str,
    narrative: str,
    phone: str | None = None,
    version: int = 1,
    supplied: str = "",
) -> None:
    person = Person(name=name, phone=phone, language="fr")
    texts = (SuppliedText(request_id=R1, at=at("2026-03-05"), text=supplied),) if supplied else ()
    given = {"complaint_id": header.id, "reference": header.reference, "version": version, "person": person, "supplied": texts}
    await desks.bench.deliver(Papers(**given, subject=subject, narrative=narrative))  # type: ignore[arg-type]


async def found(desks: Desks, q: str, who: Who = OFFICE, **query: Any) -> list[tuple[str, str]]:
    response = await desks.get("/v1/search", who, q=q, **query)
    assert response.status_code == 200, response.text
    return [(line["reference"], line["match"]) for line in response.json()["found"]]


async def test_what_is_found_by_what(desks: Desks) -> None:
    amal = await filed(
        desks, "Amal Bennani", "Factures impayées", "Le compteur a été changé à Agadir.", "+212661234567", filed="2026-03-02"
    )
    arabic = await filed(desks, "محمد العلوي", "انقطاع الماء", "الماء مقطوع منذ أسبوع والفاتورة مرتفعة", filed="2026-03-03")
    darija = await filed(desks, None, "lma m9tou3", "3lach lma m9tou3?", filed="2026-03-04")
    one, two, three = amal.reference, arabic.reference, darija.reference
    expected = {
        one: [(one, "reference")],
        one.lower().replace("-", " "): [(one, "reference")],
        "0661 23 45 67": [(one, "phone")],
        "00212661234567": [(one, "phone")],
        "0661234568": [],
        "bennani": [(one, "words")],
        "Amal BENNANI": [(one, "words")],
        "Amale Benani": [(one, "like-name")],
        "Mohamed Alaoui": [(two, "like-name")],
        "محمد": [(two, "words")],
        "facture": [(one, "words")],
        "compteurs changes": [(one, "words")],
        "facture téléphone": [],
        "فاتورة": [(two, "words")],
        "للماء": [(two, "words")],
        "مقطوع": [(three, "words"), (two, "words")],
        "agadir": [(one, "words")],
        "!!": [],
        "le la": [],
    }
    assert {q: await found(desks, q) for q in expected} == expected


async def test_filters_hold_and_the_newest_come_first(desks: Desks) -> None:
    first = await filed(desks, "Amal", "Compteur", filed="2026-02-01")
    second = await filed(desks, "Amal", "Compteur", filed="2026-03-01")
    both = [(second.reference, "words"), (first.reference, "words")]
    assert await found(desks, "amal") == await found(desks, "compteur", status="with_body", territory="0100") == both
    assert await found(desks, "amal", filed_from="2026-02-15T00:00:00Z") == both[:1]
    assert await found(desks, "amal", filed_before="2026-02-15T00:00:00Z") == both[1:]
    assert await found(desks, "amal", territory="02") == await found(desks, "amal", public_service="dams") == []


async def test_only_the_cases_of_one_s_scope_are_found(desks: Desks) -> None:
    header = await filed(desks, "Amal Bennani", "Compteur", phone="0661234567")
    for q in (header.reference, "Amal Bennani", "Amale Benani", "compteur", "0661234567"):
        assert await found(desks, q, WATERS) == []
        assert [reference for reference, _ in await found(desks, q, NATIONAL)] == [header.reference]
    assert refused(await desks.get("/v1/search", AUDITOR, q="amal")) == (403, "role-not-allowed")
    for wrong in ({"q": "a"}, {"q": "x" * 201}, {}, {"q": "amal", "territory": "x"}):
        assert refused(await desks.get("/v1/search", OFFICE, **wrong)) == (422, "invalid-field")


async def test_each_search_that_shows_people_is_one_line_of_the_audit_of_each_of_them(desks: Desks) -> None:
    one, two = await filed(desks, "Amal", "Compteur"), await filed(desks, "Nour", "Compteur")
    await found(desks, "compteur")
    await found(desks, "nothing like it")
    assert await desks.bench.execute("select count(*), cardinality(max(shown)) from audit where action = 'read-search'") == [(1, 2)]
    for header in (one, two):
        [entry] = (await desks.get("/v1/audit", AUDITOR, reference=header.reference)).json()["entries"]
        assert (entry["action"], entry["reference"], entry["sub"]) == ("read-search", header.reference, "local-body-agent")


async def test_what_is_supplied_later_is_found_too(desks: Desks) -> None:
    header = await filed(desks, "Amal", "Compteur")
    await papers(desks, header, "Amal", "Compteur", "…", version=2, supplied="Voici le contrat")
    assert await found(desks, "contrat") == [(header.reference, "words")]


async def test_an_erased_filer_is_found_by_the_reference_alone(desks: Desks) -> None:
    header = await filed(desks, "Amal Bennani", "Compteur", phone="0661234567")
    await desks.bench.deliver(fact("intake", header, 2, filing(erased_at=at("2026-03-03"))))
    await papers(desks, header, "Amal Bennani", "Compteur", "…", version=2)
    assert await desks.bench.execute("select count(*) from desk_search") == [(0,)]
    for q in ("Amal Bennani", "Amale Benani", "compteur", "0661234567"):
        assert await found(desks, q) == []
    [line] = (await desks.get("/v1/search", OFFICE, q=header.reference)).json()["found"]
    assert (line["reference"], line["name"], line["subject"]) == (header.reference, None, None)


async def test_papers_of_before_the_search_are_made_findable_over_a_kill_and_never_an_erased_person(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "CHUNK", 2)
    names = ("Alaoui", "Bennani", "Chraibi", "Drissi", "Fassi")
    headers = [await filed(desks, f"Amal {name}", "Compteur", filed=f"2026-02-0{day}") for day, name in enumerate(names, 1)]
    for table in ("desk_search", "case_print"):
        await desks.bench.execute(f"delete from {table}")  # as a store has it that is older than the search
    gone, node = headers[-1], desks.bench.node
    await desks.bench.deliver(fact("intake", gone, 2, filing(erased_at=at("2026-03-03"))))
    assert await found(desks, "amal") == []
    reached, made = await node.run(lambda tx: fill_chunk(tx, backfill.FIRST))
    assert made == 2
    assert reached == headers[1].id

    async def killed(tx: Tx) -> None:
        assert await fill_chunk(tx, headers[1].id) == (headers[3].id, 2)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await node.run(killed)
    assert len(await found(desks, "amal")) == 2
    await papers(desks, headers[0], "Amal Alaoui", "Compteur", "contrat", version=2)  # while it runs; what is newer stays
    await asyncio.gather(fill_search(node), fill_search(node))
    assert {reference for reference, _ in await found(desks, "amal")} == {header.reference for header in headers[:-1]}
    assert await found(desks, "contrat") == [(headers[0].reference, "words")]
    counted = [await desks.bench.execute(f"select count(*) from {table}") for table in ("desk_search", "case_print")]
    assert counted == [[(4,)], [(4,)]]


async def test_papers_that_change_while_they_are_made_findable_are_found_as_they_are_in_the_end(desks: Desks) -> None:
    header = await filed(desks, "Amal", "Compteur", "avant")
    await desks.bench.execute("delete from desk_search")

    async def slow(tx: Tx) -> asyncio.Task[None]:
        await fill_chunk(tx, backfill.FIRST)
        arriving = asyncio.create_task(papers(desks, header, "Amal", "Compteur", "apres", version=2))
        while not await waiting(desks):
            await asyncio.sleep(0.01)
        return arriving

    await (await desks.bench.node.run(slow))
    assert await found(desks, "apres") == [(header.reference, "words")]
    assert await found(desks, "avant") == []


async def waiting(desks: Desks) -> bool:
    """Whether a transaction of this store waits for another's lock."""
    [(n,)] = await desks.bench.execute("select count(*) from pg_locks where not granted and locktype in ('transactionid', 'tuple')")
    return bool(n)
