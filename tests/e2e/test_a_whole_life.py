"""One complaint through everything that can happen to it, over HTTP, with dates and figures worked out by hand.

Noria keeps UTC+1 all year. Filed Monday 2 March 2026; day 0 does not count, so day 60 is 1 May. The filer was asked on 10 March
and answered on the 15th: the five days from 11 to 15 March do not count, so the last day is 6 May.

This file stands first in its folder: legal time only goes on, and the others begin where it ends, or later.
"""

from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.message import Message
from uuid import uuid4

from deploy.local.people import World, filing, wait

LAST_DAY_AT_FIRST, LAST_DAY_AFTER_PAUSE = "2026-05-01", "2026-05-06"
# The first instant after the local 6 May.
DUE_AFTER_PAUSE = "2026-05-06T23:00:00.000Z"


def test_from_filing_to_rating(world: World) -> None:
    world.at("2026-03-02T09:00:00Z")
    citizen = world.file(public_service="birth-certificate", territory="010010101")
    assert citizen.receipt["status"] == "triage"
    page = citizen.until(lambda p: p["due"] and p["status"] == "with_body")
    assert page["body"]["id"] == "commune-prima"
    assert page["due"]["last_day"] == LAST_DAY_AT_FIRST
    assert page["due"]["why"] == [
        "Le délai part du 2 mars 2026.",
        "Ce jour-là, le 2 mars 2026, n'est pas compté.",
        "Durée accordée : 60 jours.",
        "Le dernier jour est le 1er mai 2026.",
    ]

    world.at("2026-03-03T09:00:00Z")
    prima, seconda = world.staff("body-agent", "commune-prima"), world.staff("body-agent", "commune-seconda")
    assert prima.do(citizen.reference, "take-up").status_code == 200
    _until_sent(world, citizen.reference, "routed")
    world.at("2026-03-04T09:00:00Z")
    assert prima.do(citizen.reference, "assignment", body="commune-seconda", reason="territory").status_code == 200
    assert prima.read(citizen.reference)["http"] == 404

    world.at("2026-03-05T09:00:00Z")
    assert seconda.do(citizen.reference, "take-up").status_code == 200
    world.at("2026-03-10T10:00:00Z")
    assert seconda.do(citizen.reference, "information-requests", text="Which year?").status_code == 200
    page = citizen.until(lambda p: p["status"] == "waiting_for_citizen" and p["requests"] and p["requests"][0]["text"])
    assert page["requests"][0]["text"] == "Which year?"
    assert page["requests"][0]["lapses_at"] == "2026-03-25T23:00:00.000Z"
    _until_sent(world, citizen.reference, "information-requested")

    world.at("2026-03-15T12:00:00Z")
    request = page["requests"][0]["id"]
    assert citizen.act("information", request_id=request, text="2019").status_code in (200, 201)
    page = citizen.until(lambda p: p["status"] == "with_body" and p["due"]["last_day"] == LAST_DAY_AFTER_PAUSE)
    assert page["due"]["at"] == DUE_AFTER_PAUSE

    world.at("2026-04-01T08:00:00Z")
    wait(lambda: seconda.read(citizen.reference), lambda c: c["case"]["status"] == "with_body")
    answered = seconda.do(citizen.reference, "response", outcome="favourable", reasons="The certificate is ready at the desk.")
    assert answered.status_code == 200, answered.text
    page = citizen.until(lambda p: p["response"] and p["response"]["reasons"])
    answer = {"outcome": "favourable", "reasons": "The certificate is ready at the desk.", "posted_at": "2026-04-01T08:00:00.000Z"}
    assert page["response"].items() >= answer.items()

    world.at("2026-04-02T08:00:00Z")
    assert citizen.act("rating", response_id=page["response"]["id"], satisfied=True, comment="Thank you").status_code in (200, 201)
    page = citizen.follow()
    assert [(m["code"], m["at"][:10]) for m in page["timeline"]] == [
        ("complaint-filed", "2026-03-02"),
        ("complaint-routed", "2026-03-02"),
        ("complaint-qualified", "2026-03-02"),
        ("complaint-routed", "2026-03-04"),
        ("complaint-taken-up", "2026-03-05"),
        ("information-requested", "2026-03-10"),
        ("information-supplied", "2026-03-15"),
        ("response-posted", "2026-04-01"),
        ("response-rated", "2026-04-02"),
    ]
    clocks = seconda.deadlines(citizen.reference)
    assert {code: clock["status"] for code, clock in clocks.items()} == {"qualify": "met", "answer": "met", "supply": "met"}
    assert clocks["answer"]["due_at"] == DUE_AFTER_PAUSE

    figures = wait(lambda: world.figures(by="body"), lambda rows: rows.get("commune-seconda", {}).get("rated"))
    row = figures["commune-seconda"]
    expected = {"n": 1, "open": 0, "answered": 1, "refused": 0, "withdrawn": 0, "lapsed": 0, "overdue_open": 0}
    expected |= {"in_time": 1, "median_days": 30, "rated": 1, "satisfied": 1}
    assert {name: row[name] for name in expected} == expected
    assert row["n"] > 0

    everyone = world.staff("national-desk")
    told = wait(lambda: everyone.notices(citizen.reference), lambda n: n and all(x["state"] in ("sent", "skipped") for x in n))
    to_filer = [n["code"] for n in told if n["audience"] == "filer"]
    assert sorted(to_filer) == ["answered", "information-requested", "receipt", "routed", "transferred"]
    mails = [m for m in _mails(world) if citizen.reference in m["Subject"] or citizen.reference in m.get_payload()]
    ids = [m["Message-ID"] for m in mails]
    assert len(ids) == len(set(ids)) == sum(n["state"] == "sent" for n in told)


def _until_sent(world: World, reference: str, code: str) -> None:
    """What is over before it was told is told no more."""
    desk = world.staff("national-desk")
    wait(lambda: desk.notices(reference), lambda told: (code, "sent") in {(notice["code"], notice["state"]) for notice in told})


def _mails(world: World) -> list[Message]:
    return [message_from_bytes(path.read_bytes()) for path in (world.platform.home / "mail").glob("*.eml")]


def test_fifty_parallel_posts_with_one_key_are_one_complaint(world: World) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: world.post("intake", "/v1/complaints", filing(), key), range(50)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1
    changed = world.post("intake", "/v1/complaints", filing(subject="Another"), key)
    assert (changed.status_code, changed.json()["code"]) == (409, "idempotency-key-reused")


def test_the_five_services_count_the_same_complaints(world: World) -> None:
    citizen = world.file(public_service="water-bill")
    citizen.until(lambda p: p["due"])
    assert citizen.act("withdrawal").is_success
    citizen.until(lambda p: p["status"] == "withdrawn")
    # They count now and then: what all of them agree on may still be what there was before.
    counts = wait(
        lambda: [_counted(world, s) for s in world.platform.services],
        lambda all: all.count(all[0]) == len(all) and all[0].get("withdrawn", 0) > 0,
        seconds=90,
    )
    assert set(counts[0]) == {"triage", "with_body", "waiting_for_citizen", "answered", "refused", "withdrawn", "lapsed"}


def _counted(world: World, service: str) -> dict[str, float]:
    """complaints_total by status, as the service exports it."""
    lines = world.get(service, "/metrics").text.splitlines()
    pairs = [line.rpartition(" ") for line in lines if line.startswith("complaints_total{")]
    return {name.split('"')[1]: float(value) for name, _, value in pairs}


def test_all_services_are_ready_and_describe_themselves(world: World) -> None:
    for service in world.platform.services:
        assert world.get(service, "/livez").status_code == 200
        assert world.get(service, "/readyz").json()["ready"] is True
        assert "complaints_total" in world.get(service, "/metrics").text
        assert world.get(service, "/openapi.json").json()["openapi"].startswith("3.")
