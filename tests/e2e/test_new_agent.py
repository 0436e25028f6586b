"""An agent's first day on the whole platform: what is done at the desk reaches the filer, and another system does it by the guide."""

import json
import os
import subprocess
import sys
from typing import Any

from deploy.local.home import REPO
from deploy.local.people import World, wait

CLIENT = REPO / "docs" / "guides" / "desk_client.py"
OFFICE = "water-office"
GRANTED = {"outcome": "granted", "reasons": "Here is the register of 2025."}


def test_an_answer_is_drafted_approved_posted_and_told(world: World) -> None:
    world.at("2026-05-04T09:00:00Z")
    agent, approver = world.staff("body-agent", OFFICE), world.staff("approver", OFFICE)
    fields = {"coded": {"urgent": "no"}, "private": {"information": "The register of meters."}}
    citizen = world.file(procedure="access-to-information", body=OFFICE, **fields)
    citizen.until(lambda p: p["due"] and p["status"] == "with_body")
    found = wait(lambda: _search(world, agent.token, "certificate"), lambda lines: citizen.reference in lines)
    assert found[citizen.reference]["name"] == "Amal"
    assert agent.do(citizen.reference, "take-up").status_code == 200
    refused = agent.do(citizen.reference, "response", **GRANTED)
    assert (refused.status_code, refused.json()["code"]) == (409, "approval-missing")
    assert agent.answer(citizen.reference, approver, **GRANTED).status_code == 200
    page = citizen.until(lambda p: p["response"] and p["response"]["reasons"])
    assert (page["status"], page["response"]["reasons"]) == ("answered", GRANTED["reasons"])
    centre = world.staff("national-desk")
    wait(lambda: [n["code"] for n in centre.notices(citizen.reference) if n["state"] == "sent"], lambda codes: "answered" in codes)


def test_a_complaint_about_two_things_is_split(world: World) -> None:
    world.at("2026-05-04T09:00:00Z")
    citizen = world.file(public_service="water-bill")
    citizen.until(lambda p: p["status"] == "with_body")
    agent = world.staff("body-agent", OFFICE)
    wait(lambda: agent.read(citizen.reference), lambda case: case["http"] == 200)
    link = {"rel": "split-from", "reference": citizen.reference}
    other = {"procedure": "complaint", "public_service": "birth-certificate", "territory": "010010101", "subject": "The other thing"}
    words = {"narrative": "What the commune is asked.", "filer": {"name": "Amal", "language": "fr"}, "links": [link]}
    split = world.post("intake", "/v1/complaints", other | words | {"filed_at": citizen.receipt["filed_at"]}, agent.token)
    assert split.status_code == 201, split.text
    prima = world.staff("body-agent", "commune-prima")
    case = wait(lambda: prima.read(split.json()["reference"]), lambda found: found["http"] == 200)
    assert (case["complaint"]["links"], case["complaint"]["filed_at"]) == ([link], citizen.receipt["filed_at"])
    assert agent.read(citizen.reference)["case"]["status"] == "with_body"


def test_a_case_is_tied_to_another_passed_on_not_passed_back_and_a_leaver_s_are_handed_over(world: World) -> None:
    """Each step on the version that was read, in the audit with its role, and the filer told of what concerns them."""
    world.at("2026-05-04T09:00:00Z")
    first, again = world.file(public_service="water-bill"), world.file(public_service="water-bill")
    agent, waters = world.staff("body-agent", OFFICE), world.staff("body-agent", "ministry-waters")
    admin, centre = world.staff("body-admin", "ministry-waters"), world.staff("national-desk")
    for one in (first, again):
        wait(lambda one=one: agent.read(one.reference), lambda case: case["http"] == 200)  # type: ignore[misc]
    tied = world.post("routing", f"/v1/cases/{again.reference}/links", {"rel": "duplicate-of", "reference": first.reference}, agent.token)
    assert (tied.status_code, [link["reference"] for link in tied.json()["links"]]) == (200, [first.reference])
    away, back = {"body": "ministry-waters", "reason": "competence"}, {"body": OFFICE, "reason": "competence"}
    stale = agent.step(again.reference, "assignment", 9, **away)
    assert (stale.status_code, stale.json()["code"]) == (412, "version-stale")
    assert agent.do(again.reference, "assignment", **away).status_code == 200
    again.until(lambda p: p["body"] and p["body"]["id"] == "ministry-waters")
    wait(lambda: " ".join(notice["subject"] for notice in centre.notices(again.reference)), lambda told: "ministry-waters/" in told)
    refused = waters.do(again.reference, "assignment", **back)
    assert (refused.status_code, refused.json()["code"]) == (409, "needs-national-desk")
    assert (
        waters.step(again.reference, "assignee", waters.read(again.reference)["version"], "PUT", sub="local-body-agent").status_code == 200
    )
    assert world.get("routing", "/v1/staff", admin.token).status_code == 200
    handed = world.post("routing", "/v1/staff/local-body-agent/handover", {"to": "local-body-admin"}, admin.token)
    assert (handed.status_code, handed.json()) == (200, {"cases": 1})
    entries = world.get("routing", f"/v1/audit?reference={again.reference}", centre.token).json()["entries"]
    assert [(entry["role"], entry["action"]) for entry in entries if not entry["action"].startswith("read-")] == [
        ("body-agent", "duplicate-of"),
        ("body-agent", "assignment"),
        ("body-agent", "assignee"),
        ("body-admin", "handover"),
    ]


def test_the_guide_s_client_answers_what_its_system_has_answers_for(world: World) -> None:
    world.at("2026-05-04T09:00:00Z")
    citizen, waiting = [world.file(public_service="birth-certificate", territory="010010102") for _ in range(2)]
    for one in (citizen, waiting):
        one.until(lambda p: p["status"] == "with_body")
    answers = {citizen.reference: {"outcome": "favourable", "reasons": "It is ready."}}
    assert _client(world, answers) == ""
    assert citizen.until(lambda p: p["response"] and p["response"]["reasons"])["response"]["reasons"] == "It is ready."
    machine = world.staff("machine", "commune-seconda")
    before = [machine.read(one.reference)["version"] for one in (citizen, waiting)]
    assert _client(world, answers) == ""
    assert [machine.read(one.reference)["version"] for one in (citizen, waiting)] == before
    assert machine.read(waiting.reference)["case"]["taken_up_at"]


def _client(world: World, answers: dict[str, Any]) -> str:
    assert len(CLIENT.read_text(encoding="utf-8").splitlines()) <= 60
    own = {"DESK": world.platform.url("routing"), "TOKEN": world.platform.token("machine", "commune-seconda")}
    done = subprocess.run(
        [sys.executable, str(CLIENT)], input=json.dumps(answers), env=os.environ | own, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _search(world: World, token: Any, q: str) -> dict[str, Any]:
    answer = world.get("routing", f"/v1/search?q={q}", token)
    assert answer.status_code == 200, answer.text
    return {line["reference"]: line for line in answer.json()["found"]}
