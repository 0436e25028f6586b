"""`make demo`: a handful of complaints through every flow on a simulated clock, a legal day a second, each line checked over HTTP."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.local.chapters import Chapters
from deploy.local.environment import PACK
from deploy.local.home import REPO
from deploy.local.people import Citizen, Desk, Json, NotSeen, Staff, World, wait
from deploy.local.platform import Platform
from deploy.local.processes import clean_environment

EPOCH = "2026-01-05T08:00:00Z"
SPEED = 86_400
COMMUNE = "commune-061410100"
ZONE = ZoneInfo("Africa/Casablanca")
PATIENCE = 150.0


def run(speed: float, say: Callable[[str], None]) -> None:
    """Plays the demo on a platform of its own, beside any other; raises NotSeen at the first line that does not hold."""
    folder = Path(tempfile.mkdtemp(prefix="wasl-demo-"))
    try:
        platform = Platform(folder, clock=f"sim:{EPOCH},{time.time()},{speed}", fast=True, say=say)
        with platform, closing(World(platform)) as world:
            Demo(world, folder, say).play()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Demo:
    """Six complaints, and a chapter for each procedure. What takes longest is begun first: sixty legal days take a minute."""

    def __init__(self, world: World, folder: Path, say: Callable[[str], None]) -> None:
        self.world, self.folder, self.say = world, folder, say
        self.centre = world.staff("national-desk")
        self.commune = Desk(world, COMMUNE)
        self.chapters = Chapters(world, say, PATIENCE)
        self.complaints: dict[str, Citizen] = {}

    def play(self) -> None:
        self.file_all()
        self.chapters.begin()
        self.answered_in_time()
        self.withdrawn()
        self.renewed()
        self.chapters.early()
        self.corrected()
        self.breached()
        self.chapters.late(self.complaints["late"])
        self.figures()
        for title, citizen in self.complaints.items():
            self.tell(title, citizen)

    def file_all(self) -> None:
        at = {"public_service": "birth-certificate", "territory": "061410100"}
        for title in ("late", "answered", "withdrawn", "disputed"):
            self.complaints[title] = self.world.file(**at)
        for title in self.complaints:
            self.arrived(title)
        page = self.complaints["late"].follow()
        self.check(f"late: due on {page['due']['last_day']}, because: {' '.join(page['due']['why'])}", _span(page), timedelta(days=60))

    def arrived(self, title: str) -> None:
        citizen = self.complaints[title]
        page = self.until(citizen, lambda p: p["due"] and p["body"])
        self.check(f"{title}: {citizen.reference} is with {page['body']['id']}", page["status"], "with_body")

    def answered_in_time(self) -> None:
        citizen = self.complaints["answered"]
        self.done(self.commune.agent, citizen, "take-up")
        self.answer(citizen, outcome="favourable", reasons="Your certificate is ready.")
        page = self.until(citizen, lambda p: p["response"] and p["response"]["reasons"])
        self.check("answered: the answer has reasons", page["status"], "answered")
        self.check("answered: in time", page["response"]["posted_at"] < page_due(self.centre, citizen), True)
        rated = citizen.act("rating", response_id=page["response"]["id"], satisfied=True)
        self.check("answered: the citizen is satisfied", rated.status_code in (200, 201), True)

    def withdrawn(self) -> None:
        citizen = self.complaints["withdrawn"]
        self.check("withdrawn: the citizen takes it back", citizen.act("withdrawal").is_success, True)
        self.check("withdrawn: the desk has recorded it", self.until(citizen, lambda p: p["status"] != "with_body")["status"], "withdrawn")

    def renewed(self) -> None:
        first = self.complaints["disputed"]
        self.answer(first, outcome="unfounded", reasons="No fault was found.")
        self.until(first, lambda p: p["status"] == "answered")
        link = {"rel": "renews", "reference": first.reference, "secret": first.receipt["secret"]}
        again = self.complaints["renewed"] = self.world.file(public_service="birth-certificate", territory="061410100", links=[link])
        page = self.until(again, lambda p: p["body"])
        self.check("renewed: the same body has it again", page["body"]["id"], COMMUNE)
        self.check("renewed: the first answer stands", first.follow()["status"], "answered")
        self.answer(again, outcome="favourable", reasons="The register was wrong: the certificate is ready.")
        self.until(again, lambda p: p["response"])

    def corrected(self) -> None:
        """Twenty working days pass, the answer comes late; then days off inside them are declared, and it was in time after all."""
        person = {"name": "Amal", "email": "amal@example.org", "language": "fr"}
        asked = {"procedure": "access-to-information", "body": COMMUNE, "territory": "061410100", "filer": person}
        citizen = self.complaints["information"] = self.world.file(**asked)
        self.arrived("information")
        given = {"outcome": "granted", "reasons": "Here is the document."}
        approved = self.commune.agent.draft(citizen.reference, self.commune.approver, **given)
        self.check("information: an answer is approved, and nobody posts it", approved.status_code, 200)
        before = self.until_breached(citizen)
        self.check("information: breached after twenty working days", before["status"], "breached")
        self.done(self.commune.agent, citizen, "response", **given)
        days = self.declare_days_off(before["last_day"])
        after = wait(lambda: self.answer_clock(citizen), lambda c: c["corrected_at"], PATIENCE)
        self.check(f"information: {len(days)} days off declared late move the last day to {after['last_day']}", after["status"], "met")
        self.check("information: the breach is corrected", (after["breached_at"], after["due_at"] > before["due_at"]), (None, True))

    def breached(self) -> None:
        clock = self.until_breached(self.complaints["late"])
        self.check(f"late: nobody answered; breached after {clock['last_day']}", clock["status"], "breached")

    def figures(self) -> None:
        self.say("figures, by body")
        row = wait(lambda: self.world.figures(by="body").get(COMMUNE, {}), lambda r: r.get("n") == len(self.complaints), PATIENCE)
        ended = {name: row[name] for name in ("open", "answered", "refused", "withdrawn", "lapsed")}
        self.check(f"filed {row['n']} = {' + '.join(f'{n} {name}' for name, n in ended.items())}", sum(ended.values()), row["n"])
        self.check("overdue and open: 1", row["overdue_open"], 1)
        self.check("answered in time: 4", row["in_time"], 4)
        self.check("rated: 1, satisfied: 1", (row["rated"], row["satisfied"]), (1, 1))

    def tell(self, title: str, citizen: Citizen) -> None:
        page = citizen.follow()
        self.say(f"{title}: {citizen.reference}, {page['status']}")
        for moment in page["timeline"]:
            detail = ", ".join(str(moment[name]) for name in ("body", "by", "reason", "outcome", "clock") if name in moment)
            self.say(f"    {moment['at'][:16].replace('T', ' ')}  {moment['code']:<24}{detail}")
        told = [n["code"] for n in self.centre.notices(citizen.reference) if n["audience"] == "filer"]
        self.say(f"    told: {', '.join(told)}")

    def check(self, line: str, seen: object, wanted: object) -> None:
        if seen != wanted:
            raise NotSeen(f"{line}: {seen!r} instead of {wanted!r}")
        self.say(f"  {line}")

    def done(self, staff: Staff, citizen: Citizen, what: str, **fields: Any) -> None:
        answer = staff.do(citizen.reference, what, **fields)
        self.check(f"{citizen.reference}: {what}", answer.status_code, 200)

    def answer(self, citizen: Citizen, **given: Any) -> None:
        answer = self.commune.answer(citizen.reference, **given)
        self.check(f"{citizen.reference}: response", answer.status_code, 200)

    def until(self, citizen: Citizen, condition: Callable[[Json], object]) -> Json:
        return wait(citizen.follow, condition, PATIENCE)

    def until_breached(self, citizen: Citizen) -> Json:
        return wait(lambda: self.answer_clock(citizen), lambda clock: clock["breached_at"], PATIENCE)

    def answer_clock(self, citizen: Citizen) -> Json:
        return self.centre.deadlines(citizen.reference)["answer"]

    def declare_days_off(self, last_day: str) -> list[date]:
        """Loads the pack with a calendar in which the working days of the two weeks before this day are off."""
        pack = self.folder / "pack"
        shutil.copytree(PACK, pack)
        calendar = pack / "calendars" / "ma.yaml"
        known, last = calendar.read_text(encoding="utf-8"), date.fromisoformat(last_day)
        days = [day for n in range(1, 15) if (day := last - timedelta(days=n)).weekday() < 5 and str(day) not in known]
        label = "{ar: عطلة استثنائية, fr: Jour chômé exceptionnel, en: Exceptional day off}"
        lines = "".join(f"  - {{date: {day}, kind: exceptional, label: {label}}}\n" for day in days)
        _raise_version(pack / "pack.yaml")
        calendar.write_text(known.replace("days_off:\n", f"days_off:\n{lines}"), encoding="utf-8")
        _raise_version(calendar)
        environment = clean_environment() | self.world.platform.env("routing")
        command = [sys.executable, "-m", "services.routing", "load-pack", str(pack)]
        done = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise NotSeen(f"the pack with the days off was refused: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return days


def page_due(staff: Staff, citizen: Citizen) -> str:
    return str(staff.deadlines(citizen.reference)["answer"]["due_at"])


def _span(page: Json) -> timedelta:
    """From the local day of lodging to the last legal day."""
    filed = datetime.fromisoformat(page["filed_at"]).astimezone(ZONE).date()
    return date.fromisoformat(page["due"]["last_day"]) - filed


def _raise_version(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"^version: (\d+)", lambda m: f"version: {int(m[1]) + 1}", text, count=1, flags=re.M), encoding="utf-8")
