"""Erasing a person over HTTP: refused while the case is open, complete in this store, and final."""

from uuid import uuid4

import pytest

from shared.contracts.private import Answers, Papers, Person
from shared.contracts.registry import PAPERS
from tests.support.citizen import Citizen, Others

CANARY = "canary-5e1f"
TEXT_COLUMNS = """
    select table_name, column_name, data_type from information_schema.columns
    where table_schema = 'public' and data_type in ('text', 'jsonb', 'bytea') order by 1, 2"""


@pytest.fixture
async def bench(open_store):
    return await open_store("intake", clock_at="2026-03-02T10:00:00Z")


@pytest.fixture
async def citizen(bench):
    async with bench.client() as client:
        citizen = Citizen(bench, client)
        filer = {"name": CANARY, "email": f"{CANARY}@citizen.example", "language": "fr"}
        await citizen.file(filer=filer, subject=CANARY, narrative=f"{CANARY} raconte.")
        yield citizen


@pytest.fixture
async def others(bench, citizen):
    others = await Others.of(bench)
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    return others


async def traces(bench):
    """Every column of the store in which the canary, plain or in bytes, stands."""
    found = set()
    for table, column, kind in await bench.execute(TEXT_COLUMNS):
        words = f"encode({column}, 'escape')" if kind == "bytea" else f"{column}::text"
        if (await bench.execute(f"select count(*) from {table} where {words} like '%{CANARY}%'"))[0][0]:
            found.add(f"{table}.{column}")
    return found


async def close(bench, citizen, others):
    request = await others.asked(f"{CANARY}?", "2026-03-03T10:00:00Z", "2026-03-18T23:00:00Z")
    await citizen.post("information", {"request_id": str(request.id), "text": f"{CANARY} complète."})
    response = await others.answered("2026-03-04T10:00:00Z", reasons=f"Monsieur {CANARY}, non.")
    await citizen.post("rating", {"response_id": str(response.id), "satisfied": False, "comment": CANARY})
    await bench.execute(
        """insert into dead_letters (consumer, topic, partition, "offset", key, headers, value, reason)
           select 'intake.main', 'answers', 0, 7, convert_to(complaint_id::text, 'utf8'), '{}', convert_to(:canary, 'utf8'), 'bad'
           from register""",
        canary=CANARY,
    )
    return request, response


async def test_an_open_case_keeps_its_person(bench, citizen):
    answer = await citizen.erase()
    assert (answer.status_code, answer.json()["code"]) == (409, "case-open")
    assert await traces(bench) == {"private_document.doc", "outbox.value"}


async def test_a_withdrawal_that_routing_has_not_taken_leaves_the_case_open(citizen, others):
    await citizen.post("withdrawal")
    assert (await citizen.erase()).json()["code"] == "case-open"


async def test_erasure_leaves_no_trace_in_this_store(bench, citizen, others):
    await close(bench, citizen, others)
    assert await traces(bench) == {"private_document.doc", "outbox.value", "dead_letters.value"}
    assert await bench.execute("select count(*) from idempotency") == [(2,)]
    answer = await citizen.erase()
    assert answer.status_code == 202, answer.text
    assert answer.json()["erased_at"] == "2026-03-02T10:00:00.000Z"
    assert "narrative" in answer.json()["gone_now"]
    assert answer.json()["gone_within_24_hours"]
    assert await traces(bench) == set()
    # Digests are made from what the person wrote.
    assert await bench.execute("select count(*) from idempotency") == [(0,)]


async def test_what_is_told_of_an_erasure(bench, citizen, others):
    await close(bench, citizen, others)
    await bench.take_outbox()
    await citizen.erase()
    told = await bench.take_outbox()
    assert sorted((name, body is None) for name, body in told) == [("complaint-erased", False), ("contacts", True), ("papers", True)]
    assert next(body for name, body in told if body).filing.erased_at is not None


async def test_erasing_again_changes_nothing(bench, citizen, others):
    await close(bench, citizen, others)
    first = await citizen.erase()
    await bench.take_outbox()
    bench.at("2026-03-09T10:00:00Z")
    assert (await citizen.erase()).content == first.content
    assert await bench.take_outbox() == []


async def test_the_page_stays_open_without_the_person(bench, citizen, others):
    await close(bench, citizen, others)
    await citizen.erase()
    page = await citizen.page()
    assert (page["filer"], page["narrative"], page["supplied"], page["response"]["reasons"]) == (None, None, [], None)
    assert (page["status"], page["erased_at"]) == ("answered", "2026-03-02T10:00:00.000Z")
    assert "complaint-erased" in [moment["code"] for moment in page["timeline"]]


async def test_after_it_no_words_are_taken(bench, citizen, others):
    request, response = await close(bench, citizen, others)
    await citizen.erase()
    information = await citizen.post("information", {"request_id": str(request.id), "text": CANARY})
    assert (information.status_code, information.json()["code"]) == (409, "erased")
    rating = {"response_id": str(response.id), "satisfied": True}
    commented = await citizen.post("rating", rating | {"comment": CANARY})
    assert (commented.status_code, commented.json()["code"]) == (409, "erased")
    assert (await citizen.post("rating", rating)).status_code == 200
    assert await traces(bench) == set()


async def test_late_papers_bring_nobody_back(bench, citizen, others):
    await close(bench, citizen, others)
    await citizen.erase()
    id, reference = others.header.id, others.header.reference
    words = Papers(
        version=9, complaint_id=id, reference=reference, person=Person(name=CANARY, language="fr"), subject=CANARY, narrative=CANARY
    )
    await bench.node.run(lambda tx: _put(tx, words))
    await bench.deliver(Answers(version=99, complaint_id=id, reference=reference, reasons=CANARY))
    assert await traces(bench) == set()
    assert [name for name, _ in await bench.outbox()].count("papers") == 1  # the tombstone alone


async def _put(tx, words):
    tx.put_private(PAPERS, words)


async def test_the_first_request_sent_again_is_a_new_complaint(bench, citizen):
    # The key went with the person, so the store no longer knows what it was used for.
    key = uuid4()
    await citizen.file(key=key)
    first = citizen.receipt["reference"]
    header = (await bench.execute("select header from register where reference = :r", r=first))[0][0]
    others = Others(bench, type((await Others.of(bench)).header).model_validate_json(header))
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    await others.answered("2026-03-02T11:00:00Z")
    assert (await citizen.erase()).status_code == 202
    assert (await citizen.file(key=key)).json()["reference"] != first
