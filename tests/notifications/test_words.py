"""Every notice in every language, as its reader sees it."""

import re
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.notifications.channels.base import Refused
from services.notifications.letters import Letters
from services.notifications.models import Claimed
from services.notifications.settings import NotificationsSettings
from services.notifications.words import Subject, Templates, reading_language
from shared.contracts.directory import Directory
from shared.contracts.states import ClockState, WhyStep
from shared.contracts.why import LANGUAGES
from tests.notifications.stories import DUE, FILED
from tests.support.lives import noria

FILER_CODES = {
    *("receipt", "thanks", "routed", "transferred", "information-requested", "information-lapsed", "extension-granted"),
    *("due-changed", "breached", "breach-corrected", "answered", "answer-amended", "withdrawn", "withdrawn-after-answer"),
    *("lapsed", "approaching", "overdue"),
}
STAFF_CODES = {
    *("new-case", "triage-case", "information-received", "approaching", "overdue", "breached", "breach-corrected", "withdrawn"),
}
BODY_CODES = {"succession", "invitation", "contact-test", "weekly-list"}
"""About no complaint."""
CLOCK = ClockState(
    code="answer",
    holder="body",
    body="water-office",
    starts_at=FILED,
    due_at=DUE,
    last_day=date(2026, 3, 11),
    why=(WhyStep(code="start", from_=date(2026, 1, 10)), WhyStep(code="span", n=60, unit="calendar_days")),
)
FULL: dict[str, Any] = {
    "clock": CLOCK.model_dump(mode="json", by_alias=True),
    "body": "water-office",
    "reason": "competence",
    "outcome": "redirected",
    "lapses_at": "2026-01-25T23:00:00.000Z",
}
ARABIC = re.compile("[\u0600-\u06ff]")
EVERY = [
    *((code, "filer") for code in sorted(FILER_CODES)),
    *((code, "body:water-office") for code in sorted(STAFF_CODES)),
    *((code, "national") for code in sorted(STAFF_CODES)),
]
templates = Templates()


def about(code: str, audience: str = "filer", procedure: str = "complaint@1", **params: Any) -> Subject:
    return Subject(code, audience, "7KQ4-XM2N-3", procedure, params)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_words_and_every_word_its_code(language: str) -> None:
    assert templates.codes(language) == FILER_CODES | {f"staff-{code}" for code in STAFF_CODES | BODY_CODES}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("code", "audience"), EVERY)
def test_every_notice_can_be_read(code: str, audience: str, language: str) -> None:
    letter = templates.letter(about(code, audience, **FULL), language, noria(), link="http://127.0.0.1:8001/c/7KQ4-XM2N-3")
    assert "7KQ4-XM2N-3" in letter.subject
    assert len(letter.subject) < 120
    for words in (letter.subject, letter.text, letter.html):
        assert not re.search(r"None|\{\{|\{%|Undefined", words)
    assert bool(ARABIC.search(letter.text)) == (language == "ar")
    assert "http://127.0.0.1:8001/c/7KQ4-XM2N-3" in letter.text
    assert not re.search(r"\n{3}|[ \t]\n", letter.text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("code", "audience"), EVERY)
def test_a_notice_can_be_read_by_who_knows_no_directory(code: str, audience: str, language: str) -> None:
    with_due = {"extension-granted", "due-changed", "breached", "approaching", "overdue"}
    params = {"lapses_at": FULL["lapses_at"]} | ({"clock": FULL["clock"]} if code in with_due else {})
    letter = templates.letter(
        about(code, audience, "gone@9", **params), language, Directory(), link=None if audience != "filer" else "http://x"
    )
    assert not re.search(r"None|Undefined|\(\)", letter.subject + letter.text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(BODY_CODES))
def test_a_notice_about_no_complaint_names_the_body_and_its_desk(code: str, language: str) -> None:
    params = {"body": "water-office"} | ({"all": 0, "late": 0, "cases": []} if code == "weekly-list" else {})
    said = Subject(code, "body:ministry-waters", "body/water-office", "", params)
    letter = templates.letter(said, language, noria(), link="https://desk.ma/desk")
    name = noria().bodies["water-office"].name["ar" if language == "ar" else "fr"]
    assert name in letter.subject
    assert name in letter.text
    assert "https://desk.ma/desk" in letter.text
    assert not re.search(r"None|Undefined|body/", letter.subject + letter.text)
    assert len(letter.subject) < 120


def test_a_receipt_says_the_date_and_why() -> None:
    letter = templates.letter(about("receipt", clock=FULL["clock"]), "fr", noria(), link="http://x")
    assert letter.subject == "Récépissé 7KQ4-XM2N-3 : votre dossier est enregistré"
    assert (
        "La réponse est due au plus tard le 11 mars 2026, car :\n- Le délai part du 10 janvier 2026.\n- Durée accordée : 60 jours."
        in letter.text
    )
    assert "Réclamation" in letter.text


def test_a_receipt_without_a_date_says_where_it_will_be() -> None:
    letter = templates.letter(about("receipt"), "en", noria(), link="http://x")
    assert "will be shown on the page of your case" in letter.text
    assert "due by" not in letter.text


def test_the_last_day_to_give_information_is_the_day_before_midnight_there() -> None:
    letter = templates.letter(about("information-requested", lapses_at="2026-01-25T23:00:00.000Z"), "en", noria(), link="http://x")
    assert "Please answer by 25 January 2026." in letter.text


def test_a_clock_of_hours_says_the_hour() -> None:
    clock = CLOCK.model_copy(update={"last_day": None}).model_dump(mode="json", by_alias=True)
    assert "12 March 2026, 00:00" in templates.letter(about("approaching", clock=clock), "en", noria(), link="http://x").text


def test_an_arabic_mail_runs_from_right_to_left_and_html_is_escaped() -> None:
    letter = templates.letter(about("transferred", body="water-office", reason="competence"), "ar", noria(), link="http://x/c/1?a=1&b=<")
    assert '<html lang="ar" dir="rtl">' in letter.html
    assert "مكتب الماء" in letter.text
    assert "الاختصاص" in letter.text
    assert "&lt;" in letter.html
    assert "b=<" not in letter.html


def test_a_refusal_shows_the_other_door() -> None:
    assert "https://ombudsman.example" in templates.letter(about("answered", outcome="redirected"), "fr", noria(), link="http://x").text


@pytest.mark.parametrize(("wanted", "read"), [("fr", "fr"), ("ar-MA", "ar"), ("zgh", "ar"), ("", "ar"), ("EN", "en")])
def test_who_reads_another_language_gets_the_first_of_the_country(wanted: str, read: str) -> None:
    assert reading_language(wanted, noria()) == read


def settings(**given: object) -> NotificationsSettings:
    return NotificationsSettings.model_validate({"database_url": "postgresql://x", "mail_dir": Path("/nowhere")} | given)


def message(to: str = "amina@example.ma", audience: str = "filer", code: str = "receipt", **given: object) -> EmailMessage:
    notice = Claimed(UUID(int=7), UUID(int=1), "7KQ4-XM2N-3", "complaint@1", "fr", code, "", audience, {}, 0, False, 0.0)
    return message_from_bytes(Letters(settings(**given)).mail(notice, to, "fr", noria()).raw, policy=policy.default)


def test_a_message_is_known_by_the_notice_it_carries() -> None:
    first, second = message(), message()
    assert first["Message-ID"] == second["Message-ID"] == f"<{UUID(int=7)}@wasl.example>"
    assert first["To"] == "amina@example.ma"
    assert first["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]


def test_a_filer_is_led_to_the_tracking_page_and_a_desk_to_the_desk() -> None:
    def text(of: EmailMessage) -> str:
        part = of.get_body(("plain",))
        assert part
        return str(part.get_content())

    assert "https://wasl.ma/c/7KQ4-XM2N-3" in text(message(public_url="https://wasl.ma/"))
    assert "http" not in text(message(audience="national", code="triage-case"))
    assert "https://desk.ma/desk/7KQ4-XM2N-3" in text(message(audience="national", code="triage-case", desk_url="https://desk.ma"))


@pytest.mark.parametrize("to", ["", "nobody", "a@b\r\nBcc: c@d", "a b@c", "@"])
def test_what_is_no_address_is_refused_without_being_repeated(to: str) -> None:
    with pytest.raises(Refused) as refused:
        message(to)
    assert str(refused.value) == "the address cannot be written"


def test_a_file_channel_needs_its_folder() -> None:
    with pytest.raises(ValidationError):
        settings(mail_dir=None)
