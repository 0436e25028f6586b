"""Procedures that come as files while the platform runs: an invented one, and requests for information with appeals to the end.

Noria keeps UTC+1 all year and works from Monday to Friday; 11 May and 1 June 2026 are Mondays, and no day off lies near.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.environment import PACK
from deploy.local.home import REPO
from deploy.local.people import Citizen, Desk, World, wait
from deploy.local.processes import clean_environment

PACKS = Path(__file__).parents[1] / "packs"
PRIMA = "commune-prima"
INFORMATION = ("access-to-information@2", "access-to-information-appeal@2", "access-to-information-review@1")
PERSON = {"name": "Amal", "email": "amal@example.org", "language": "fr"}


@pytest.fixture(scope="module")
def laws(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The files are put into the pack and loaded; the laws on information are Morocco's, on Noria's calendar and with its water office."""
    pack = Path(shutil.copytree(PACKS / "noria", tmp_path_factory.mktemp("pack") / "noria"))
    shutil.copy(PACKS / "added" / "lost-document-request@1.yaml", pack / "procedures")
    for name in INFORMATION:
        text = (PACK / "procedures" / f"{name}.yaml").read_text(encoding="utf-8")
        ours = text.replace("calendar: ma}", "calendar: noria}").replace("body: cdai}", "body: water-office}")
        (pack / "procedures" / f"{name}.yaml").write_text(ours, encoding="utf-8")
    manifest = pack / "pack.yaml"
    manifest.write_text(re.sub(r"^version: 1", "version: 2", manifest.read_text(encoding="utf-8"), flags=re.M), encoding="utf-8")
    environment = clean_environment() | world.platform.env("routing")
    command = [sys.executable, "-m", "services.routing", "load-pack", str(pack)]
    done = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    world.at("2026-05-11T09:00:00Z")
    wait(lambda: _codes(world), lambda codes: {"lost-document-request", "access-to-information-review"} <= codes)
    return world


def _codes(world: World) -> set[str]:
    return {law["code"] for law in world.get("intake", "/v1/directory").json()["procedures"]}


@pytest.mark.timeout(240)
def test_a_procedure_that_is_a_file_and_nothing_else_runs_from_filing_to_answer(laws: World) -> None:
    """10 working days from Monday 11 May: 12-15, 18-22, 25. Asked on the 13th, answered on the 15th: two working days out, so 27 May."""
    given = {"procedure": "lost-document-request", "public_service": "birth-certificate", "territory": "010010101", "filer": PERSON}
    citizen = laws.file(**given, coded={"document": "diploma"}, private={"circumstances": "Lost on a train"})
    page = citizen.until(lambda page: page["due"] and page["status"] == "with_body")
    assert (page["procedure"], page["due"]["last_day"], page["body"]["id"]) == ("lost-document-request@1", "2026-05-25", PRIMA)
    assert (page["coded"], page["private"]) == ({"document": "diploma"}, {"circumstances": "Lost on a train"})
    desk = Desk(laws, PRIMA)
    laws.at("2026-05-13T09:00:00Z")
    assert desk.agent.do(citizen.reference, "take-up").status_code == 200
    assert wait(lambda: desk.agent.read(citizen.reference), lambda case: case["papers"])["papers"]["private"] == page["private"]
    assert desk.agent.do(citizen.reference, "information-requests", text="Which year?").status_code == 200
    asked = citizen.until(lambda page: page["status"] == "waiting_for_citizen" and page["requests"])
    laws.at("2026-05-15T09:00:00Z")
    assert citizen.act("information", request_id=asked["requests"][0]["id"], text="2019").is_success
    citizen.until(lambda page: page["status"] == "with_body" and page["due"]["last_day"] == "2026-05-27")
    wait(lambda: desk.agent.read(citizen.reference), lambda case: case["case"]["status"] == "with_body")
    assert desk.answer(citizen.reference, outcome="issued", reasons="At the desk.").status_code == 200
    page = citizen.until(lambda page: page["response"])
    assert (page["status"], page["response"]["outcome_label"]) == ("answered", "Duplicata délivré")
    assert {clock["code"]: clock["status"] for clock in page["clocks"]} == {"duplicate": "met", "supply": "met"}


@pytest.mark.timeout(240)
def test_a_request_for_information_is_breached_appealed_and_answered(laws: World) -> None:
    """Urgent: 3 days from 1 June, 4 June. The head has 15 days from 5 June: 20 June. The commission 30 days from 8 June: 8 July."""
    laws.at("2026-06-01T09:00:00Z")
    urgent = _information(laws, "yes", {"information": "The plan of the dam", "urgency": "It leaks"})
    usual = _information(laws, "no", {"information": "The budget"})
    assert (_due(urgent, "fr"), _due(usual, "fr")) == (("answer-urgent", "2026-06-04"), ("answer", "2026-06-29"))
    assert urgent.follow("en")["due"]["why"][-1] == "The last day is 4 June 2026."

    laws.at("2026-06-05T09:00:00Z")
    assert urgent.until(lambda page: page["due"] and page["due"]["overdue"])["status"] == "with_body"
    appeal = _appeal(laws, "access-to-information-appeal", urgent, body=PRIMA)
    assert _due(appeal, "ar") == ("answer", "2026-06-20")
    assert appeal.follow()["body"]["id"] == PRIMA
    refused = Desk(laws, PRIMA).answer(appeal.reference, outcome="confirmed", reasons="The plan is being drawn.")
    assert refused.status_code == 200, refused.text
    appeal.until(lambda page: page["status"] == "refused")

    laws.at("2026-06-08T09:00:00Z")
    review = _appeal(laws, "access-to-information-review", appeal)
    assert _due(review, "fr") == ("answer", "2026-07-08")
    answered = Desk(laws, "water-office").answer(review.reference, outcome="favourable", reasons="The plan is to be given.")
    assert answered.status_code == 200, answered.text
    assert review.until(lambda page: page["response"])["response"]["outcome"] == "favourable"

    given = Desk(laws, PRIMA).answer(urgent.reference, outcome="granted", reasons="Here is the plan.")
    assert given.status_code == 200, given.text
    page = urgent.until(lambda page: page["response"])
    assert [(clock["code"], clock["status"]) for clock in page["clocks"]] == [("answer-urgent", "breached")]


def _information(world: World, urgent: str, private: dict[str, str]) -> Citizen:
    given = {"procedure": "access-to-information", "body": PRIMA, "territory": "010010101", "filer": PERSON}
    return world.file(**given, coded={"urgent": urgent}, private=private)


def _appeal(world: World, procedure: str, earlier: Citizen, **fields: str) -> Citizen:
    link = {"rel": "appeals", "reference": earlier.reference, "secret": earlier.receipt["secret"]}
    return world.file(procedure=procedure, territory="010010101", filer=PERSON, links=[link], **fields)


def _due(citizen: Citizen, language: str) -> tuple[str, str]:
    page = wait(lambda: citizen.follow(language), lambda page: page["due"] and page["status"] == "with_body")
    return page["due"]["clock"], page["due"]["last_day"]
