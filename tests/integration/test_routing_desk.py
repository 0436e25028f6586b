"""The desk over HTTP, on a real store: each decision, what it tells, and what it refuses."""

import asyncio

from shared.contracts.base import iso
from shared.contracts.private import Answers
from shared.contracts.states import Supplied
from tests.support.desk import breach, filing, renewal
from tests.support.desks import NATIONAL, OFFICE, WATERS, Desks, refused
from tests.support.lives import at
from tests.support.stores import fact

ANSWER = {"outcome": "favourable", "reasons": "The bill was corrected."}


async def test_a_filing_is_routed_by_rule(desks: Desks) -> None:
    header = await desks.file(public_service="civil-status")
    [(name, version, case)] = await desks.told()
    assert (name, version, case.status, case.body) == ("complaint-routed", 1, "with_body", "commune-prima")
    seen = await desks.case(header, ("body-agent", "commune-prima"))
    assert seen["complaint"]["reference"] == seen["reference"] == header.reference
    rule = {"id": "civil-status-to-commune", "version": 1, "final": True, "rule_set": 1, "evidence": ["public_services"]}
    assert seen["case"]["rule"] == rule
    assert seen["case"]["qualified_at"] == "2026-03-02T10:00:00.000Z"
    assert seen["filing"]["language"] == "fr"


async def test_what_no_rule_places_waits_for_the_national_desk(desks: Desks) -> None:
    header = await desks.file(public_service=None)
    assert (await desks.case(header))["case"]["status"] == "triage"
    assert refused(await desks.get(f"/v1/cases/{header.reference}", OFFICE)) == (404, "case-unknown")
    found = await desks.done(NATIONAL, header, "assignment", 1, body="water-office")
    assert (found["case"]["status"], found["case"]["body"]) == ("with_body", "water-office")
    assert (await desks.case(header, OFFICE))["case"]["qualified_at"] == "2026-03-02T10:00:00.000Z"


async def test_take_up(desks: Desks) -> None:
    header = await desks.file()
    await desks.told()
    desks.bench.at("2026-03-04T09:00:00Z")
    found = await desks.done(OFFICE, header, "take-up", 1)
    assert found["case"]["taken_up_at"] == found["case"]["qualified_at"] == "2026-03-04T09:00:00.000Z"
    assert refused(await desks.act(OFFICE, header, "take-up", 2)) == (409, "already-taken-up")
    assert [(name, version) for name, version, _ in await desks.told()] == [("complaint-taken-up", 2)]


async def test_a_transferred_case_leaves_one_body_s_sight_and_its_return_needs_the_national_desk(desks: Desks) -> None:
    header = await desks.file()
    unknown = await desks.act(OFFICE, header, "assignment", 1, body="ministry-waters", reason="no-such-reason")
    assert refused(unknown) == (422, "unknown-reason")
    # The body has given it away: the answer to its last request is the last that it sees.
    assert (await desks.done(OFFICE, header, "assignment", 1, body="ministry-waters", reason="competence"))["case"][
        "body"
    ] == "ministry-waters"
    assert refused(await desks.act(OFFICE, header, "take-up", 2)) == (404, "case-unknown")
    back = await desks.act(WATERS, header, "assignment", 2, body="water-office", reason="competence")
    assert refused(back) == (409, "needs-national-desk")
    assert (await desks.done(WATERS, header, "assignment", 2, body=None, reason="competence"))["case"]["status"] == "triage"
    assert (await desks.done(NATIONAL, header, "assignment", 3, body="water-office", reason="competence"))["case"]["body"] == "water-office"
    told = await desks.told()
    assert [(name, version) for name, version, _ in told] == [("complaint-routed", version) for version in (1, 2, 3, 4)]
    assert [(c.body, c.reason) for c in told[-1][2].custody] == [
        ("water-office", "competence"),
        ("ministry-waters", "competence"),
        ("water-office", None),
    ]


async def test_ask_and_supply(desks: Desks) -> None:
    header = await desks.file()
    desks.bench.at("2026-03-09T10:00:00Z")
    asked = await desks.done(OFFICE, header, "information-requests", 1, text="Which month?")
    [request] = asked["case"]["requests"]
    assert (asked["case"]["status"], request["lapses_at"]) == ("waiting_for_citizen", "2026-03-24T23:00:00.000Z")
    supplied = filing(supplied=(Supplied(request_id=request["id"], at=at("2026-03-12")),))
    await desks.bench.deliver(fact("intake", header, 2, supplied))
    found = await desks.case(header, OFFICE)
    assert (found["version"], found["case"]["status"], found["case"]["requests"][0]["supplied_at"]) == (
        3,
        "with_body",
        iso(at("2026-03-12")),
    )
    assert found["answers"]["requests"] == [{"id": request["id"], "text": "Which month?"}]
    told = await desks.bench.take_outbox()
    assert [name for name, _ in told] == ["complaint-routed", "information-requested", "answers", "information-received"]
    assert "Which month?" not in "".join(body.model_dump_json() for name, body in told if name != "answers")


async def test_ask_and_lapse(desks: Desks) -> None:
    header = await desks.file()
    desks.bench.at("2026-03-05T12:00:00Z")
    await desks.done(OFFICE, header, "information-requests", 1, text="Which month?")
    clock = breach("supply", "citizen", "2026-03-05", "2026-03-20T23:00:00+00:00", "2026-03-20T23:15:00+00:00")
    await desks.bench.deliver(fact("deadlines", header, 1, (clock,)))
    found = await desks.case(header, OFFICE)
    assert (found["version"], found["case"]["status"]) == (3, "with_body")
    assert found["case"]["requests"][0]["lapsed_at"] == found["case"]["requests"][0]["lapses_at"] == "2026-03-20T23:00:00.000Z"
    assert found["deadlines"][0]["code"] == "supply"
    assert [name for name, _, _ in await desks.told()] == ["complaint-routed", "information-requested", "information-lapsed"]


async def test_withdrawn_while_open(desks: Desks) -> None:
    header = await desks.file()
    await desks.bench.deliver(fact("intake", header, 2, filing(withdrawn_at=at("2026-03-03"))))
    found = await desks.case(header, OFFICE)
    assert (found["case"]["status"], found["case"]["closed_at"]) == ("withdrawn", iso(at("2026-03-03")))
    assert refused(await desks.act(OFFICE, header, "response", 2, **ANSWER)) == (409, "case-closed")
    assert refused(await desks.act(OFFICE, header, "response", 2, "PUT", **ANSWER)) == (409, "not-answered")


async def test_withdrawn_after_the_answer(desks: Desks) -> None:
    header = await desks.file()
    await desks.done(OFFICE, header, "response", 1, **ANSWER)
    withdrawn = fact("intake", header, 2, filing(withdrawn_at=at("2026-03-03")))
    await desks.bench.deliver(withdrawn)
    await desks.bench.deliver(withdrawn)
    found = await desks.case(header, OFFICE)
    assert (found["version"], found["case"]["status"], found["case"]["withdrawn_after_answer"]) == (3, "answered", True)
    assert [name for name, _, _ in await desks.told()] == ["complaint-routed", "response-posted", "complaint-closed"]


async def test_an_extension(desks: Desks) -> None:
    header = await desks.file(procedure="access-to-information@1", body="water-office", filing=filing(coded={"urgent": "no"}))
    found = await desks.done(OFFICE, header, "extensions", 1, clock="answer", reason="third-party")
    assert found["case"]["extensions"] == [{"clock": "answer", "granted_at": "2026-03-02T10:00:00.000Z", "reason": "third-party"}]
    again = await desks.act(OFFICE, header, "extensions", 2, clock="answer", reason="third-party")
    assert refused(again) == (409, "extensions-exhausted")
    assert refused(await desks.act(OFFICE, header, "extensions", 2, clock="none", reason="third-party")) == (422, "unknown-clock")


async def test_answer_and_amend(desks: Desks) -> None:
    header = await desks.file()
    wrong = await desks.act(OFFICE, header, "response", 1, outcome="perhaps", reasons="…")
    assert (refused(wrong), wrong.json()["field"]) == ((422, "unknown-outcome"), "outcome")
    assert refused(await desks.act(OFFICE, header, "response", 1, outcome="favourable")) == (422, "reasons-missing")
    first = await desks.done(OFFICE, header, "response", 1, **ANSWER)
    assert (first["case"]["status"], first["case"]["response"]["outcome"]) == ("answered", "favourable")
    desks.bench.at("2026-03-20T10:00:00Z")
    assert refused(await desks.act(OFFICE, header, "response", 2, **ANSWER)) == (409, "case-closed")
    assert refused(await desks.act(NATIONAL, header, "response", 2, "PUT", **ANSWER)) == (409, "not-your-answer")
    second = await desks.done(OFFICE, header, "response", 2, "PUT", outcome="unfounded", reasons="It was right.")
    before, after = first["case"]["response"], second["case"]["response"]
    assert (after["id"], after["posted_at"], after["amended_at"]) == (before["id"], before["posted_at"], "2026-03-20T10:00:00.000Z")
    answers = [body for name, body in await desks.bench.take_outbox() if name == "answers"]
    assert [(a.version, a.outcome, a.reasons) for a in answers] == [(1, *ANSWER.values()), (2, "unfounded", "It was right.")]


async def test_each_version_of_the_words_holds_all_of_them(desks: Desks) -> None:
    header = await desks.file()
    await desks.done(OFFICE, header, "information-requests", 1, text="Which month?")
    await desks.done(OFFICE, header, "information-requests", 2, text="Which meter?")
    found = await desks.done(OFFICE, header, "response", 3, **ANSWER)
    last = [body for name, body in await desks.bench.take_outbox() if name == "answers"][-1]
    assert isinstance(last, Answers)
    assert [r.text for r in last.requests] == ["Which month?", "Which meter?"]
    assert (last.version, str(last.response_id), last.reasons) == (3, found["case"]["response"]["id"], ANSWER["reasons"])


async def test_nothing_is_written_about_an_erased_person(desks: Desks) -> None:
    header = await desks.file()
    await desks.papers(header)
    await desks.done(OFFICE, header, "response", 1, **ANSWER)
    await desks.bench.deliver(fact("intake", header, 2, filing(erased_at=at("2026-03-03"))))
    found = await desks.case(header, OFFICE)
    assert (found["papers"], found["answers"], found["case"]["status"]) == (None, None, "answered")
    assert refused(await desks.act(OFFICE, header, "response", 2, "PUT", **ANSWER)) == (409, "erased")
    assert ("answers", None) in await desks.bench.take_outbox()
    stored = await desks.bench.execute("select 1 from private_document where complaint_id = :id", id=header.id)
    assert stored == []


async def test_a_renewal_goes_to_the_body_that_answered(desks: Desks) -> None:
    header = await desks.file()
    await desks.done(OFFICE, header, "assignment", 1, body="ministry-waters", reason="competence")
    await desks.done(WATERS, header, "response", 2, **ANSWER)
    again = renewal(header)
    await desks.bench.deliver(fact("intake", again, 1, filing()))
    found = await desks.case(again, WATERS)
    assert found["case"]["rule"] == {"id": "follow-up-renews", "version": 1, "final": True, "rule_set": None, "evidence": []}


async def test_of_two_agents_who_answer_at_once_one_is_told_to_read_again(desks: Desks) -> None:
    header = await desks.file()
    await desks.told()
    both = [desks.act(OFFICE, header, "response", 1, outcome=outcome, reasons="…") for outcome in ("favourable", "unfounded")]
    first, second = sorted(await asyncio.gather(*both), key=lambda response: response.status_code)
    assert (first.status_code, refused(second)) == (200, (412, "version-stale"))
    assert (second.json()["version"], second.headers["ETag"]) == (2, '"2"')
    [(name, version, case)] = await desks.told()
    assert (name, version, case.outcome) == ("response-posted", 2, first.json()["case"]["outcome"])


async def test_an_answer_and_a_withdrawal_at_once_end_in_one_of_the_two(desks: Desks) -> None:
    """Whichever takes the row first stands; versions have no gap."""
    header = await desks.file()
    act = desks.act(OFFICE, header, "response", 1, **ANSWER)
    response, _ = await asyncio.gather(act, desks.bench.deliver(fact("intake", header, 2, filing(withdrawn_at=at("2026-03-03")))))
    found = (await desks.case(header))["case"]
    if response.status_code == 200:
        assert (found["status"], found["withdrawn_after_answer"]) == ("answered", True)
    else:
        assert (refused(response), found["status"]) == ((412, "version-stale"), "withdrawn")
    told = await desks.told()
    assert [version for _, version, _ in told] == [*range(1, len(told) + 1)]


async def test_facts_name_a_role_and_never_a_person(desks: Desks) -> None:
    header = await desks.file()
    await desks.done(OFFICE, header, "take-up", 1)
    told = [body for name, body in await desks.bench.take_outbox() if name == "complaint-taken-up"]
    [(sub,)] = await desks.bench.execute("select sub from audit")
    assert [body.change.by for body in told] == ["body-agent"]
    assert sub
    assert all(sub not in body.model_dump_json() for body in told)
