"""A complaint followed over HTTP from filing to rating, with routing's and deadlines' facts and the body's words delivered."""

import asyncio
from uuid import uuid4

import pytest

from shared.contracts.registry import PAPERS
from shared.contracts.states import ClockState, ExtensionGranted
from shared.runtime.ids import secret_for
from tests.support.citizen import AUTH, Citizen, Others, answer_clock
from tests.support.lives import at


@pytest.fixture
async def bench(open_store):
    return await open_store("intake", clock_at="2026-03-02T10:00:00Z")


@pytest.fixture
async def citizen(bench):
    async with bench.client() as client:
        citizen = Citizen(bench, client)
        await citizen.file()
        yield citizen


@pytest.fixture
async def others(bench, citizen):
    return await Others.of(bench)


def qualify_clock():
    return ClockState(code="qualify", holder="platform", starts_at=at("2026-03-02T10:00:00Z"), due_at=at("2026-03-17T23:00:00Z"))


async def told(bench):
    return [name for name, _ in await bench.take_outbox()]


async def test_the_whole_way_from_filing_to_rating(bench, citizen, others):
    assert await told(bench) == ["complaint-filed", "papers", "contacts"]

    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    await others.clocks(qualify_clock(), answer_clock())
    page = await citizen.page()
    assert (page["status"], page["body"]) == ("with_body", {"id": "water-office", "name": "Office de l'eau"})
    assert page["due"] == {
        "at": "2026-05-01T23:00:00.000Z",
        "last_day": "2026-05-01",
        "clock": "answer",
        "overdue": False,
        "why": ["Le délai part du 2 mars 2026.", "Le dernier jour est le 1er mai 2026."],
    }

    question = "Quel est le numéro du compteur ?"
    request = await others.asked(question, "2026-03-10T09:00:00Z", "2026-03-25T23:00:00Z")
    page = await citizen.page()
    assert page["status"] == "waiting_for_citizen"
    assert [(r["id"], r["text"], r["supplied_at"]) for r in page["requests"]] == [
        (str(request.id), "Quel est le numéro du compteur ?", None)
    ]

    bench.at("2026-03-12T08:00:00Z")
    answer = await citizen.post("information", {"request_id": str(request.id), "text": "Compteur 1234."})
    assert (answer.status_code, answer.json()["supplied_at"], answer.json()["note"]) == (201, "2026-03-12T08:00:00.000Z", None)
    assert await told(bench) == ["information-supplied", "papers"]
    page = await citizen.page()
    assert page["requests"][0]["supplied_at"] == "2026-03-12T08:00:00.000Z"
    assert [text["text"] for text in page["supplied"]] == ["Compteur 1234."]

    supplied = request.model_copy(update={"supplied_at": at("2026-03-12T08:00:00Z")})
    await others.routed(status="with_body", requests=(supplied,))
    response = await others.answered("2026-04-01T10:00:00Z", reasons="Le relevé était faux.")
    page = await citizen.page()
    assert (page["status"], page["due"]) == ("answered", None)
    assert page["response"]["reasons"] == "Le relevé était faux."
    assert page["response"]["outcome_label"] == "Suite favorable"
    assert [(c["code"], c["status"]) for c in page["clocks"]] == [("qualify", "breached"), ("answer", "met")]

    bench.at("2026-04-02T08:00:00Z")
    rating = {"response_id": str(response.id), "satisfied": True, "comment": "Merci."}
    assert (await citizen.post("rating", rating)).status_code == 200
    assert await told(bench) == ["response-rated", "papers"]
    page = await citizen.page()
    assert [(r["satisfied"], r["comment"]) for r in page["ratings"]] == [(True, "Merci.")]
    assert [(m["code"], m["at"][:10], m.get("body")) for m in page["timeline"]] == [
        ("complaint-filed", "2026-03-02", None),
        ("complaint-routed", "2026-03-02", "water-office"),
        ("information-requested", "2026-03-10", "water-office"),
        ("information-supplied", "2026-03-12", None),
        ("response-posted", "2026-04-01", "water-office"),
        ("response-rated", "2026-04-02", None),
    ]


@pytest.mark.parametrize(
    ("lang", "name", "first"),
    [("ar", "مكتب الماء", "يبدأ الأجل يوم 2 مارس 2026."), ("en", "Office de l'eau", "It starts on 2 March 2026.")],
)
async def test_the_page_speaks_the_readers_language(citizen, others, lang, name, first):
    # Noria's bodies have no English names: the complaint's own language stands in.
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    await others.clocks(answer_clock())
    page = await citizen.page(lang)
    assert (page["body"]["name"], page["due"]["why"][0]) == (name, first)


async def test_without_a_word_the_page_speaks_the_filers_language(citizen, others):
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    silent = await citizen.client.get(citizen.path, headers=citizen.key)
    asked = await citizen.client.get(citizen.path, headers=citizen.key | {"Accept-Language": "de, ar-MA;q=0.8, fr;q=0.5"})
    assert (silent.json()["body"]["name"], silent.headers["content-language"]) == ("Office de l'eau", "fr")
    assert (asked.json()["body"]["name"], asked.headers["content-language"]) == ("مكتب الماء", "ar")


async def test_a_missed_due_date_stays_on_the_page(citizen, others):
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    await others.clocks(answer_clock(breached_at=at("2026-05-01T23:00:00Z")))
    page = await citizen.page()
    assert (page["due"]["overdue"], page["clocks"][0]["status"]) == (True, "breached")
    assert page["timeline"][-1]["code"] == "deadline-breached"


async def test_a_transfer_and_an_extension_are_told_with_their_reasons(citizen, others):
    await others.to_body("commune-prima", "2026-03-02T10:01:00Z")
    closed = others.case.custody[0].model_copy(update={"until": at("2026-03-05T10:00:00Z"), "reason": "competence"})
    others.case = others.case.model_copy(update={"custody": (closed,)})
    await others.to_body("water-office", "2026-03-05T10:00:00Z")
    granted = ExtensionGranted(clock="answer", granted_at=at("2026-04-20T10:00:00Z"), reason="many-documents")
    await others.routed(extensions=(granted,))
    told = [(m["code"], m.get("body"), m.get("reason")) for m in (await citizen.page())["timeline"][1:]]
    assert told == [
        ("complaint-routed", "commune-prima", None),
        ("complaint-routed", "water-office", "competence"),
        ("extension-granted", "water-office", "many-documents"),
    ]


async def test_a_withdrawal_is_shown_until_routing_has_taken_it(bench, citizen, others):
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    await others.clocks(answer_clock())
    await bench.take_outbox()
    bench.at("2026-03-03T10:00:00Z")
    answer = await citizen.post("withdrawal")
    assert (answer.status_code, answer.json()["withdrawal"]) == (202, {"requested_at": "2026-03-03T10:00:00.000Z"})
    bench.at("2026-03-04T10:00:00Z")
    assert (await citizen.post("withdrawal")).content == answer.content
    assert await told(bench) == ["complaint-withdrawn"]
    page = await citizen.page()
    assert (page["status"], page["withdrawal"], page["due"]) == ("with_body", {"requested_at": "2026-03-03T10:00:00.000Z"}, None)
    await others.routed(status="withdrawn", outcome="withdrawn", closed_at=at("2026-03-03T10:00:01Z"))
    page = await citizen.page()
    assert (page["status"], page["withdrawal"]) == ("withdrawn", None)
    assert [m["code"] for m in page["timeline"]][-2:] == ["complaint-withdrawn", "complaint-closed"]


async def test_an_answer_that_came_before_a_withdrawal_stands(citizen, others):
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    await others.answered("2026-03-02T11:00:00Z")
    assert (await citizen.post("withdrawal")).json()["note"] == "answer-stands"
    assert (await citizen.page())["withdrawal"] is not None
    await others.routed(withdrawn_after_answer=True)
    page = await citizen.page()
    assert (page["status"], page["withdrawal"]) == ("answered", None)


async def test_information_is_taken_once_for_each_key(bench, citizen, others):
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    request = await others.asked("?", "2026-03-02T12:00:00Z", "2026-03-17T23:00:00Z")
    await bench.take_outbox()
    key, words = uuid4(), {"request_id": str(request.id), "text": "Voici."}
    first = await citizen.post("information", words, key=key)
    bench.at("2026-03-09T10:00:00Z")
    assert (await citizen.post("information", words, key=key)).content == first.content
    changed = await citizen.post("information", words | {"text": "Autre."}, key=key)
    assert (changed.status_code, changed.json()["code"]) == (409, "idempotency-key-reused")
    assert await told(bench) == ["information-supplied", "papers"]
    # A second text under a key of its own is kept too; that the request was supplied is told once.
    assert (await citizen.post("information", words | {"text": "Et encore."})).status_code == 201
    assert await told(bench) == ["papers"]
    assert [text["text"] for text in (await citizen.page())["supplied"]] == ["Voici.", "Et encore."]


async def test_information_after_closing_is_kept_and_reopens_nothing(bench, citizen, others):
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    request = await others.asked("?", "2026-03-02T12:00:00Z", "2026-03-17T23:00:00Z")
    await others.answered("2026-03-04T10:00:00Z")
    answer = await citizen.post("information", {"request_id": str(request.id), "text": "Trop tard ?"})
    assert (answer.status_code, answer.json()["note"]) == (201, "closed")
    page = await citizen.page()
    assert (page["status"], page["supplied"][0]["text"]) == ("answered", "Trop tard ?")


async def test_texts_are_bounded(citizen, others):
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    request = await others.asked("?", "2026-03-02T12:00:00Z", "2026-03-17T23:00:00Z")
    answers = [await citizen.post("information", {"request_id": str(request.id), "text": f"{n}"}) for n in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [409]
    assert answers[-1].json()["code"] == "too-many-texts"


async def test_information_for_a_request_that_is_not(citizen):
    answer = await citizen.post("information", {"request_id": str(uuid4()), "text": "?"})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "unknown-request", "request_id")


async def test_a_rating_replaces_the_one_before(bench, citizen, others):
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    response = await others.answered("2026-03-03T10:00:00Z")
    await bench.take_outbox()
    rating = {"response_id": str(response.id), "satisfied": False, "comment": "Non."}
    first = await citizen.post("rating", rating)
    assert (await citizen.post("rating", rating)).content == first.content
    assert await told(bench) == ["response-rated", "papers"]
    await citizen.post("rating", {"response_id": str(response.id), "satisfied": True})
    assert [(r["satisfied"], r["comment"]) for r in (await citizen.page())["ratings"]] == [(True, None)]


@pytest.mark.parametrize("erased", [False, True])
async def test_who_waits_for_the_lock_gets_the_papers_as_they_are_then(bench, others, erased):
    id, held = others.header.id, asyncio.Event()

    async def change(tx):
        known, papers = await tx.lock_with(PAPERS, id)
        held.set()
        while not await bench.waits_for_a_lock():
            await asyncio.sleep(0.02)
        if erased:
            tx.erase(id)
        else:
            tx.put_private(PAPERS, papers.model_copy(update={"version": 2}))
        tx.publish(known, "complaint-withdrawn", known.intake.model_copy(update={"withdrawn_at": tx.now}), by="citizen")

    async def look(tx):
        await held.wait()
        known, papers = await tx.lock_with(PAPERS, id)
        return known.intake_version, papers and papers.version

    _, seen = await asyncio.gather(bench.node.run(change), bench.node.run(look))
    assert seen == (2, None if erased else 2)


async def test_a_rating_has_its_time(bench, citizen, others):
    # 90 days after 3 March 2026: 1 June is the last day, and Noria's midnight after it is 23:00 UTC.
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    response = await others.answered("2026-03-03T10:00:00Z")
    rating = {"response_id": str(response.id), "satisfied": False}
    assert (await citizen.post("rating", rating | {"response_id": str(uuid4())})).json()["code"] == "unknown-response"
    bench.at("2026-06-01T22:59:59Z")
    assert (await citizen.post("rating", rating)).status_code == 200
    bench.at("2026-06-01T23:00:00Z")
    late = await citizen.post("rating", rating | {"satisfied": True})
    assert (late.status_code, late.json()["code"]) == (409, "rating-over")


async def test_staff_see_the_case_within_their_scope_and_no_papers(bench, citizen, others):
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    await others.answered("2026-03-03T10:00:00Z", reasons="Secret.")
    allowed = [("body-agent", "water-office"), ("body-admin", "ministry-waters"), ("national-desk", None), ("auditor", None)]
    for role, body in allowed:
        answer = await citizen.client.get(citizen.path, headers=bench.token(role, body))
        assert answer.status_code == 200, role
        page = answer.json()
        assert (page["filer"], page["narrative"], page["response"]["reasons"]) == (None, None, None)
        assert "Amina" not in answer.text
    for role, body in [("body-agent", "commune-prima"), ("body-agent", "ministry-waters"), ("body-admin", "ministry-towns")]:
        answer = await citizen.client.get(citizen.path, headers=bench.token(role, body))
        assert (answer.status_code, answer.json()["code"]) == (404, "complaint-not-found"), (role, body)
    answer = await citizen.client.get(citizen.path, headers=bench.token("operator"))
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


async def test_staff_do_not_act_for_the_citizen(bench, citizen, others):
    desk = bench.token("national-desk")
    for act, body in (("withdrawal", None), ("rating", {"response_id": str(uuid4()), "satisfied": True})):
        answer = await citizen.client.post(f"{citizen.path}/{act}", json=body, headers=desk)
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


async def test_a_secret_that_was_issued_again_ends_the_old_one(bench, citizen):
    await bench.execute("insert into secret_version (complaint_id, version) select complaint_id, 2 from register")
    assert (await citizen.client.get(citizen.path, headers=citizen.key)).status_code == 404
    id = (await bench.execute("select complaint_id from register"))[0][0]
    renewed = secret_for(bench.node.settings.key, id, 2)
    assert (await citizen.client.get(citizen.path, headers={AUTH: f"Bearer {renewed}"})).status_code == 200


async def test_pages_wait_until_the_store_has_recovered(bench, citizen):
    # A restored store may hold a person who was erased after its backup.
    bench.node.recovered = False
    answer = await citizen.client.get(citizen.path, headers=citizen.key)
    assert (answer.status_code, answer.json()["code"]) == (503, "starting")
