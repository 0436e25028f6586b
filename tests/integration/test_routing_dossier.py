"""The dossier for the Médiateur: whole, in three languages, with digests that match, and only where there is reason for one."""

import hashlib
import io
import json
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import pytest

from shared.contracts.states import ClockState, WhyStep
from tests.support.desks import NATIONAL, OFFICE, Desks
from tests.support.stores import fact
from tests.support.timed import at

FILES = ["filing.json", "custody.json", "requests.json", "answers.json", "dates.json", "dates.ar.txt", "dates.fr.txt", "dates.en.txt"]
CLOCK = ClockState(
    code="answer",
    holder="body",
    body="water-office",
    starts_at=at("2026-03-02T10:00:00Z"),
    due_at=at("2026-05-01T23:00:00Z"),
    last_day=date(2026, 5, 1),
    breached_at=at("2026-05-01T23:15:00Z"),
    why=(WhyStep(code="span", n=60, unit="calendar_days"), WhyStep(code="last_day", until=date(2026, 5, 1))),
)


def assert_sha256sum_agrees(folder: Path) -> None:
    checked = subprocess.run(["sha256sum", "--check", "--strict", "digests.txt"], cwd=folder, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout.count(": OK")) == (0, len(FILES))


async def dossier(desks, header, who=OFFICE):
    return await desks.get(f"/v1/cases/{header.reference}/dossier", who)


def opened(response):
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    whole = zipfile.ZipFile(io.BytesIO(response.content))
    assert whole.testzip() is None
    return {name: whole.read(name) for name in whole.namelist()}


async def test_a_late_case_gives_its_dossier_and_the_digests_match(desks: Desks, tmp_path) -> None:
    header = await desks.file()
    await desks.papers(header)
    await desks.done(OFFICE, header, "information-requests", 1, text="Which month?")
    await desks.bench.deliver(fact("deadlines", header, 1, (CLOCK,)))
    response = await dossier(desks, header)
    files = opened(response)
    assert list(files) == [*FILES, "digests.txt"]
    assert response.headers["content-disposition"] == f'attachment; filename="dossier-{header.reference}.zip"'

    digests = dict(reversed(line.split("  ")) for line in files["digests.txt"].decode().splitlines())
    assert digests == {name: hashlib.sha256(files[name]).hexdigest() for name in FILES}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert_sha256sum_agrees(tmp_path)

    filing, custody, requests, dates = (json.loads(files[f"{name}.json"]) for name in ("filing", "custody", "requests", "dates"))
    assert (filing["complaint"]["reference"], filing["papers"]["narrative"]) == (header.reference, "The bill is wrong.")
    assert custody["custody"][0]["body"] == "water-office"
    assert custody["custody"][0]["name"]["fr"] == "Office de l'eau"
    assert sum(turn["days"] for turn in custody["turns"]) == custody["days"]
    assert [request["text"] for request in requests] == ["Which month?"]
    assert {language: lines[-1] for language, lines in dates[0]["why"].items()} == {
        "ar": "اليوم الأخير هو 1 مايو 2026.",
        "fr": "Le dernier jour est le 1er mai 2026.",
        "en": "The last day is 1 May 2026.",
    }
    assert files["dates.fr.txt"].decode().splitlines()[:3] == [
        "Réponse [answer]",
        "- Durée accordée : 60 jours.",
        "- Le dernier jour est le 1er mai 2026.",
    ]


async def test_a_closed_case_s_dossier_holds_the_answer_and_its_reasons(desks: Desks) -> None:
    header = await desks.file()
    await desks.papers(header)
    answered = {"outcome": "unfounded", "reasons": "The meter was read twice."}
    approver = ("approver", "water-office")
    assert (await desks.act(approver, header, "response", 1, **answered)).status_code == 200
    found = json.loads(opened(await dossier(desks, header, approver))["answers.json"])
    assert (found["outcome"], found["outcome_label"]["fr"], found["reasons"]) == ("unfounded", "Non fondée", "The meter was read twice.")


async def test_an_open_case_in_time_gives_none_and_who_took_one_is_in_the_audit(desks: Desks) -> None:
    header = await desks.file()
    early = await dossier(desks, header)
    assert (early.status_code, early.json()["code"]) == (409, "dossier-too-early")
    citizens = CLOCK.model_copy(update={"code": "supply", "holder": "citizen"})
    await desks.bench.deliver(fact("deadlines", header, 1, (citizens,)))
    assert (await dossier(desks, header)).status_code == 409
    await desks.bench.deliver(fact("deadlines", header, 2, (CLOCK,)))
    assert (await dossier(desks, header)).status_code == 200
    entries = (await desks.get("/v1/audit", NATIONAL, reference=header.reference)).json()["entries"]
    assert [(entry["action"], entry["role"], entry["body"]) for entry in entries] == [("read-dossier", "body-agent", "water-office")]


@pytest.mark.parametrize(("who", "status"), [(("body-agent", "commune-prima"), 404), (("auditor", None), 403), (("operator", None), 403)])
async def test_who_may_not_read_the_papers_gets_no_dossier(desks: Desks, who, status) -> None:
    header = await desks.file()
    await desks.bench.deliver(fact("deadlines", header, 1, (CLOCK,)))
    assert (await dossier(desks, header, who)).status_code == status
