"""Another agency's view: docs/guides/consumer.py, run as it stands, ends with what the tracking page says."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from deploy.local.home import REPO
from deploy.local.people import Citizen, Json, World, wait

CONSUMER = REPO / "docs" / "guides" / "consumer.py"
STATES = {"complaints-intake": "filing", "complaints-routing": "case", "complaints-deadlines": "clocks"}
HEADER = ("id", "reference", "procedure", "territory", "channel", "filed_at", "recorded_at", "links")
CLOCK = ("code", "holder", "body", "starts_at", "due_at", "last_day")
REQUEST = ("id", "asked_at", "lapses_at", "supplied_at", "lapsed_at")
RESPONSE = ("id", "outcome", "body", "posted_at", "amended_at")
NARRATIVE = "Asked three times, never given."
WHOLE_LIFE = {"complaint-filed", "complaint-routed", "complaint-taken-up", "information-requested", "information-supplied"}
WHOLE_LIFE |= {"information-received", "response-posted", "response-rated", "deadline-set"}


class Agency:
    """A run of the consumer with a group and a file of its own."""

    def __init__(self, world: World, folder: Path) -> None:
        self.store, self.told, self._errors = folder / "agency.sqlite", folder / "told.txt", folder / "errors.txt"
        platform = world.platform
        own = {"KAFKA": platform.kafka_bootstrap, "KAFKA_PASSWORD": platform.kafka_password("agency"), "GROUP": f"agency.{uuid4()}"}
        self._environment = {**os.environ, **own, "PYTHONUNBUFFERED": "1"}

    @contextmanager
    def running(self) -> Iterator[None]:
        with open(self.told, "ab") as told, open(self._errors, "ab") as errors:
            process = subprocess.Popen(
                [sys.executable, str(CONSUMER), str(self.store)], stdout=told, stderr=errors, env=self._environment, cwd=REPO
            )
            try:
                yield
                assert process.poll() is None, self._errors.read_text()
            finally:
                process.kill()
                process.wait()

    def known(self, citizen: Citizen) -> Json:
        """The newest state of each writer by its name, and the header."""
        if not self.store.exists():
            return {}
        with closing(sqlite3.connect(self.store, timeout=10)) as store:
            try:
                rows = store.execute("select topic, fact from state where complaint = ?", [citizen.receipt["id"]]).fetchall()
            except sqlite3.OperationalError:  # it is being made
                return {}
        facts = {STATES[topic]: json.loads(fact) for topic, fact in rows}
        states = {name: fact[name] for name, fact in facts.items()}
        return {**states, "complaint": next(iter(facts.values()))["complaint"]} if facts else {}

    def acted_on(self, citizen: Citizen) -> set[str]:
        """Between topics there is no order."""
        lines = [line.split() for line in self.told.read_text().splitlines()]
        return {type.removeprefix("wasl.").removesuffix(".v1") for type, reference in lines if reference == citizen.reference}


def test_a_subscriber_knows_what_the_page_says_and_no_person(world: World, tmp_path: Path) -> None:
    before = world.file(public_service="birth-certificate", territory="010010101", narrative=NARRATIVE)
    before.until(lambda p: p["status"] == "with_body" and p["due"])
    agency = Agency(world, tmp_path)
    with agency.running():
        wait(lambda: agency.known(before), lambda known: "clocks" in known)
        citizen = _whole_life(world)
        citizen.until(lambda p: p["ratings"] and all(c["status"] == "met" for c in p["clocks"]))
        _agree(agency, citizen)
    with agency.running():  # again from its committed position, on the same file
        assert before.act("withdrawal").is_success
        before.until(lambda p: p["status"] == "withdrawn")
        _agree(agency, before)
    assert agency.acted_on(before) == {"complaint-withdrawn", "complaint-closed"}
    assert agency.acted_on(citizen) == WHOLE_LIFE
    assert NARRATIVE.encode() not in agency.store.read_bytes()
    assert b"amal@example.org" not in agency.store.read_bytes()


def _agree(agency: Agency, citizen: Citizen) -> None:
    """The page goes on too: a clock is met there by the answer's fact, before that of the last clock has come."""
    wait(lambda: (_seen(agency.known(citizen)), _shown(citizen.follow())), lambda both: both[0] == both[1])


def _whole_life(world: World) -> Citizen:
    citizen = world.file(public_service="birth-certificate", territory="010010101", narrative=NARRATIVE)
    citizen.until(lambda p: p["status"] == "with_body")
    prima, seconda = world.staff("body-agent", "commune-prima"), world.staff("body-agent", "commune-seconda")
    assert prima.do(citizen.reference, "assignment", body="commune-seconda", reason="territory").status_code == 200
    assert seconda.do(citizen.reference, "take-up").status_code == 200
    assert seconda.do(citizen.reference, "information-requests", text="Which year?").status_code == 200
    page = citizen.until(lambda p: p["requests"])
    assert citizen.act("information", request_id=page["requests"][0]["id"], text="2019").is_success
    citizen.until(lambda p: p["status"] == "with_body")
    wait(lambda: seconda.read(citizen.reference), lambda case: case["case"]["status"] == "with_body")
    assert seconda.do(citizen.reference, "response", outcome="favourable", reasons="It is ready.").status_code == 200
    page = citizen.until(lambda p: p["response"])
    assert citizen.act("rating", response_id=page["response"]["id"], satisfied=True).is_success
    return citizen


def _seen(known: Json) -> Json:
    """What the consumer's states say, in the words of the page."""
    if not {"complaint", "filing", "case", "clocks"} <= known.keys():
        return {}
    filing, case = known["filing"], known["case"]
    return {
        **{name: known["complaint"][name] for name in HEADER},
        "status": case["status"],
        "body": case["body"],
        "requests": [_part(request, REQUEST) for request in case["requests"]],
        "response": case["response"] and _part(case["response"], RESPONSE),
        "clocks": [_part(clock, CLOCK) for clock in known["clocks"]],
        "ratings": filing["ratings"],
    }


def _shown(page: Json) -> Json:
    return {
        **{name: page[name] for name in HEADER},
        "status": page["status"],
        "body": page["body"]["id"],
        "requests": [_part(request, REQUEST) for request in page["requests"]],
        "response": page["response"] and _part(page["response"], RESPONSE),
        "clocks": [_part(clock, CLOCK) for clock in page["clocks"]],
        "ratings": [_part(rating, ("response_id", "satisfied", "at")) for rating in page["ratings"]],
    }


def _part(of: Json, names: tuple[str, ...]) -> Json:
    return {name: of[name] for name in names}
