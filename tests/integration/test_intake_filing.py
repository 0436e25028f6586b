"""Filing over HTTP on a real store: the receipt, the page before any event, and one complaint for one key."""

import asyncio
from datetime import date
from uuid import uuid4

import pytest

from shared.contracts.events import IntakeFact
from shared.contracts.private import Contacts, Papers
from tests.support.citizen import Citizen, filing
from tests.support.lives import noria


@pytest.fixture
async def bench(open_store):
    return await open_store("intake", clock_at="2026-03-02T10:00:00Z")


@pytest.fixture
async def citizen(bench):
    async with bench.client() as client:
        yield Citizen(bench, client)


async def count(bench, table):
    return (await bench.execute(f"select count(*) from {table}"))[0][0]


async def test_a_filing_gets_a_receipt(citizen):
    answer = await citizen.file()
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert answer.headers["location"] == f"/v1/complaints/{receipt['reference']}"
    assert answer.headers["cache-control"] == "no-store"
    assert receipt["secret"].startswith("s1.")
    assert len(receipt["secret"]) == 30
    assert {name: receipt[name] for name in ("status", "procedure", "kind", "channel", "territory", "public_service", "filed_at")} == {
        "status": "triage",
        "procedure": "complaint@1",
        "kind": "complaint",
        "channel": "web",
        "territory": "010010101",
        "public_service": "water-bill",
        "filed_at": "2026-03-02T10:00:00.000Z",
    }


async def test_what_is_told_of_a_filing(bench, citizen):
    await citizen.file()
    (fact_name, fact), (papers_name, papers), (contacts_name, contacts) = await bench.outbox()
    assert (fact_name, papers_name, contacts_name) == ("complaint-filed", "papers", "contacts")
    assert isinstance(fact, IntakeFact)
    assert fact.version == 1
    assert fact.change.by == "citizen"
    assert fact.filing.coded == {"nature": "harm"}
    assert "Amina" not in fact.model_dump_json()
    assert "facture" not in fact.model_dump_json()
    assert isinstance(papers, Papers)
    assert papers.person.name == "Amina Test"
    assert papers.narrative == "La facture compte deux fois le mois de mars."
    assert isinstance(contacts, Contacts)
    assert contacts.email == "amina@citizen.example"
    assert fact.complaint.reference == papers.reference == contacts.reference == citizen.receipt["reference"]


async def test_the_page_works_before_any_event_has_flowed(citizen):
    await citizen.file()
    page = await citizen.page()
    assert page["status"] == "triage"
    assert page["due"] is None
    assert page["body"] is None
    assert page["filer"] == {"name": "Amina Test", "email": "amina@citizen.example", "phone": None, "language": "fr"}
    assert page["narrative"] == "La facture compte deux fois le mois de mars."
    assert [(m["code"], m["at"]) for m in page["timeline"]] == [("complaint-filed", "2026-03-02T10:00:00.000Z")]


async def test_a_reference_is_read_however_it_is_written(citizen):
    await citizen.file()
    plain = citizen.receipt["reference"].replace("-", "").lower()
    answer = await citizen.client.get(f"/v1/complaints/{plain}", headers=citizen.key)
    assert answer.status_code == 200


async def test_fifty_requests_with_one_key_make_one_complaint(bench, citizen):
    key = uuid4()
    answers = await asyncio.gather(*(citizen.file(key=key) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await count(bench, "register") == 1
    assert [name for name, _ in await bench.outbox()] == ["complaint-filed", "papers", "contacts"]


async def test_two_groups_with_one_key_make_one_complaint(bench, citizen):
    # A second application on the same node has a group of its own: only PostgreSQL stands between the two.
    key = uuid4()
    async with bench.client() as client:
        other = Citizen(bench, client)
        answers = await asyncio.gather(*((citizen, other)[n % 2].file(key=key) for n in range(20)))
    assert len({answer.content for answer in answers}) == 1
    assert await count(bench, "register") == 1


async def test_filings_that_come_together_are_each_their_own(bench, citizen):
    answers = await asyncio.gather(*(citizen.file(subject=f"Objet {n}") for n in range(100)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["reference"] for answer in answers}) == 100
    subjects = {doc.subject for name, doc in await bench.outbox() if name == "papers"}
    assert subjects == {f"Objet {n}" for n in range(100)}


async def test_a_bad_filing_among_good_ones_fails_alone(citizen):
    answers = await asyncio.gather(*(citizen.file(territory="999999999" if n == 3 else "010010101") for n in range(8)))
    assert [answer.status_code for answer in answers] == [201, 201, 201, 422, 201, 201, 201, 201]


async def test_a_later_retry_gets_the_same_receipt_whatever_happened_since(bench, citizen):
    key = uuid4()
    first = await citizen.file(key=key)
    bench.at("2026-03-04T08:00:00Z")
    await citizen.post("withdrawal")
    again = await citizen.file(key=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert await count(bench, "register") == 1


async def test_a_retry_gets_its_receipt_though_the_body_closed_meanwhile(bench, citizen, monkeypatch):
    monkeypatch.setattr("shared.messaging.directory.FRESH_SECONDS", 0.0)
    key = uuid4()
    first = await citizen.file(key=key, body="water-office")
    await bench.deliver(noria().bodies["water-office"].model_copy(update={"version": 2, "closed_on": date(2026, 3, 1)}))
    assert (await citizen.file(body="water-office")).json()["code"] == "body-closed"
    assert (await citizen.file(key=key, body="water-office")).content == first.content


async def test_another_request_under_a_used_key_is_refused(bench, citizen):
    key = uuid4()
    await citizen.file(key=key)
    for change in ({"narrative": "Autre chose."}, {"coded": {"nature": "dissatisfaction"}}, {"territory": "999999999"}):
        answer = await citizen.file(key=key, **change)
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency-key-reused")
    assert await count(bench, "register") == 1


async def test_the_same_request_by_another_caller_is_another_request(bench, citizen):
    key = uuid4()
    await citizen.file(key=key)
    answer = await citizen.file(key=key, headers=bench.token("national-desk"))
    assert answer.json()["code"] == "idempotency-key-reused"


async def test_a_key_that_has_run_out_is_free_again(bench, citizen):
    key = uuid4()
    first = await citizen.file(key=key)
    await bench.execute("update idempotency set expires_at = now() - interval '1 second'")
    second = await citizen.file(key=key)
    assert second.status_code == 201
    assert second.json()["reference"] != first.json()["reference"]


@pytest.mark.parametrize(("headers", "code"), [({}, "idempotency-key-missing"), ({"Idempotency-Key": "seven"}, "idempotency-key-invalid")])
async def test_the_key_is_required(citizen, headers, code):
    answer = await citizen.client.post("/v1/complaints", json=filing(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_taken_reference_is_drawn_again(bench, citizen, monkeypatch):
    await citizen.file()
    taken = citizen.receipt["reference"]
    drawn = iter([taken, taken, "0000-0001-1"])
    monkeypatch.setattr("services.intake.filing.new_reference", lambda: next(drawn))
    answer = await citizen.file()
    assert (answer.status_code, answer.json()["reference"]) == (201, "0000-0001-1")
    assert await count(bench, "register") == 2


async def test_nothing_is_filed_before_the_directory_is_there(bench, citizen):
    await bench.execute("delete from directory_record where key like 'pack/%'")
    answer = await citizen.file()
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "directory-not-loaded", "2")


async def test_nothing_is_filed_before_the_store_has_recovered(bench, citizen):
    bench.node.recovered = False
    answer = await citizen.file()
    assert (answer.status_code, answer.json()["code"]) == (503, "starting")
    assert await count(bench, "register") == 0


async def test_a_desk_enters_a_letter_with_the_day_that_it_bears(bench, citizen):
    answer = await citizen.file(
        channel="post",
        filed_at="2026-01-05T09:00:00+01:00",
        filer={"name": "Driss", "language": "ar"},
        headers=bench.token("body-agent", "water-office"),
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["filed_at"] == "2026-01-05T08:00:00.000Z"
    assert answer.json()["recorded_at"] == "2026-03-02T10:00:00.000Z"
    name, fact = (await bench.outbox())[0]
    assert (name, fact.filing.entered_by, fact.change.by) == ("complaint-filed", "body-agent", "body-agent")
    timeline = (await citizen.page())["timeline"]
    assert [(m["code"], m["by"]) for m in timeline] == [("complaint-filed", "citizen"), ("complaint-entered", "body-agent")]


async def test_trace_of_each_filing_is_its_own(bench, citizen):
    traces = [f"00-{n:032x}-{n:016x}-01" for n in (7, 8, 9)]
    await asyncio.gather(*(citizen.file(headers={"traceparent": trace}) for trace in traces))
    rows = await bench.execute("select headers->>'ce_traceparent', headers->>'traceparent' from outbox where topic = 'complaints-intake'")
    assert sorted((row[0] or row[1])[3:35] for row in rows) == [f"{n:032x}" for n in (7, 8, 9)]


BY_THE_ROUTE = {"Content-Type": "application/vnd.wasl+json"}
"""JSON too, but not as the shortcut knows it: whoever sends this takes the route."""


async def test_the_shortcut_and_the_route_are_one_act(bench, citizen):
    key = uuid4()
    first = await citizen.file(key=key)
    again = await citizen.file(key=key, headers=BY_THE_ROUTE)
    assert (again.status_code, again.content) == (201, first.content)
    second = await citizen.file(key=(other := uuid4()), headers=BY_THE_ROUTE)
    assert (await citizen.file(key=other)).content == second.content
    assert set(second.headers) == set(first.headers)
    assert await count(bench, "register") == 2


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        ({"territory": "999999999"}, {}),
        ({"subject": " ", "naration": "?"}, {}),
        ({"narrative": "a\0b"}, {}),
        ({"filed_at": "2026-01-01T10:00:00Z"}, {}),
        ({}, {"Authorization": "Bearer e30.e30.x"}),
        ({}, {"Authorization": "Bearer s1.secret"}),
        ({}, {"Idempotency-Key": "seven"}),
        ({"subject": " "}, {"Idempotency-Key": "seven", "Authorization": "Bearer e30.e30.x"}),
    ],
)
async def test_the_shortcut_and_the_route_refuse_alike(citizen, changes, headers):
    answers = [await citizen.file(headers=given | headers, **changes) for given in ({}, BY_THE_ROUTE)]
    assert answers[0].status_code == answers[1].status_code >= 400
    assert answers[0].json() == answers[1].json()
