"""What the filer is told, each rule by an example worked out by hand."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notifications.filer import filer
from services.notifications.notice import Entry, Told
from tests.notifications.stories import FILED, HOUR, Ledger, Story


def params(entry: Entry) -> dict[str, Any]:
    return dict(entry.params or {})


def test_a_receipt_waits_for_its_date() -> None:
    story, ledger = Story(), Ledger()
    ledger.hear(story.known)
    assert [(e.code, e.state) for e in ledger.entries] == [("receipt", "held")]
    ledger.hear(story.set_clock().known)
    assert [(e.code, e.state) for e in ledger.entries] == [("receipt", "pending")]
    assert params(ledger.entries[0])["clock"]["last_day"] == "2026-03-11"


def test_a_clock_that_is_not_computed_yet_keeps_the_receipt_waiting() -> None:
    story = Story().set_clock(state="pending", due_at=None, last_day=None)
    assert Ledger().hear(story.known).codes("filer", "held") == ["receipt"]


def test_a_receipt_that_had_to_leave_without_a_date_is_not_sent_again() -> None:
    story, ledger = Story(), Ledger()
    ledger.hear(story.known).send(held=True)
    ledger.hear(story.set_clock().known).send()
    assert ledger.codes() == ["receipt"]


@pytest.mark.parametrize("procedure", ["observation@1", "suggestion@1"])
def test_what_has_no_clock_is_thanked_for_at_once(procedure: str) -> None:
    assert Ledger().hear(Story(procedure=procedure).known).send().codes() == ["thanks"]


def test_the_body_is_told_once_and_a_transfer_with_its_reason() -> None:
    story, ledger = Story().set_clock(), Ledger()
    ledger.hear(story.route("water-office").known).send()
    ledger.hear(story.set_clock().known).send()
    ledger.hear(story.route("ministry-waters", "competence").known).send()
    assert ledger.codes() == ["receipt", "routed", "transferred"]
    assert ledger.entries[-2].params == {"body": "ministry-waters", "reason": "competence"}


def test_after_an_outage_only_the_newest_body_is_told() -> None:
    story, ledger = Story().set_clock(), Ledger()
    for body in ("water-office", "ministry-waters", "commune-prima"):
        ledger.hear(story.route(body, "competence").known)
    ledger.send()
    assert [subject.partition("/")[0] for code, subject, _ in ledger.notices() if code == "routed"] == ["commune-prima"]
    assert ledger.codes("body:water-office") == ledger.codes("body:ministry-waters") == []
    assert ledger.codes("body:commune-prima") == ["new-case"]


def test_back_where_it_was_last_said_to_be_nothing_is_told() -> None:
    story, ledger = Story().set_clock(), Ledger()
    ledger.hear(story.route("water-office").known).send()
    ledger.hear(story.route("ministry-waters").known)
    ledger.hear(story.route("water-office").known).send()
    assert ledger.codes() == ["receipt", "routed"]


def test_a_request_is_told_and_its_lapse() -> None:
    story, ledger = Story().set_clock().route("water-office"), Ledger()
    ledger.hear(story.ask().known).send()
    ledger.hear(story.lapse().known).send()
    assert ledger.codes()[-2:] == ["information-requested", "information-lapsed"]


def test_who_has_supplied_is_not_asked_any_more() -> None:
    story = Story().set_clock().route("water-office").ask().supply()
    assert "information-requested" not in Ledger().hear(story.known).send().codes()


def test_an_extension_is_told_with_its_new_date_once_that_is_counted() -> None:
    story, ledger = Story(procedure="access-to-information@1").set_clock().route("water-office"), Ledger()
    ledger.hear(story.known).send()
    ledger.hear(story.extend().known).send()
    assert "extension-granted" not in ledger.codes()
    ledger.hear(story.count_extension().known).send()
    assert ledger.codes()[-1] == "extension-granted"
    last = params(ledger.entries[-1])
    assert (last["clock"]["last_day"], last["reason"]) == ("2026-03-31", "many-documents")


def test_an_extension_that_came_too_late_is_not_told() -> None:
    story = Story(procedure="access-to-information@1").set_clock().route("water-office").breach().extend().set_clock()
    assert "extension-granted" not in Ledger().hear(story.known).send().codes()


def test_only_an_earlier_date_is_told() -> None:
    story, ledger = Story().set_clock(), Ledger()
    ledger.hear(story.known).send()
    ledger.hear(story.move_due(3).known).send()
    ledger.hear(story.move_due(-2).known).send()
    assert ledger.codes() == ["receipt"]
    ledger.hear(story.move_due(-4).known).send()
    ledger.hear(story.move_due(-1).known).send()
    assert [key[:2] for key in ledger.notices()][1:] == [
        ("due-changed", "answer/2026-03-08T23:00:00.000Z"),
        ("due-changed", "answer/2026-03-07T23:00:00.000Z"),
    ]


def test_a_date_that_came_and_went_before_the_mail_did_is_not_told() -> None:
    story, ledger = Story().set_clock(), Ledger()
    ledger.hear(story.known).send()
    ledger.hear(story.move_due(-4).known)
    ledger.hear(story.move_due(4).known).send()
    assert ledger.codes() == ["receipt"]
    ledger.hear(story.move_due(-4).known).send()
    assert ledger.codes() == ["receipt", "due-changed"]


def test_a_breach_is_told_and_taken_back_only_from_those_who_were_told() -> None:
    story, ledger = Story().set_clock().route("water-office").set_clock(), Ledger()
    ledger.hear(story.breach().known)
    ledger.hear(story.correct().known).send()
    assert not {"breached", "breach-corrected"} & set(ledger.codes())
    ledger.hear(story.breach().known).send()
    ledger.hear(story.correct().known).send()
    for audience in ("filer", "body:water-office", "national"):
        assert [c for c in ledger.codes(audience) if c.startswith("breach")] == ["breached", "breach-corrected"]


def test_a_clock_that_begins_anew_takes_no_breach_back() -> None:
    story, ledger = Story().set_clock().route("water-office"), Ledger()
    ledger.hear(story.breach().known).send()
    ledger.hear(story.set_clock(breached_at=None, starts_at=FILED + HOUR).known).send()
    assert "breach-corrected" not in ledger.codes()


def test_the_citizens_own_clock_breaches_without_a_notice_of_breach() -> None:
    story = Story().route("water-office").set_clock(code="supply", holder="citizen", breached_at=FILED)
    assert "breached" not in Ledger().hear(story.known).send().codes()


@pytest.mark.parametrize("end", ["answer", "withdraw", "close_lapsed"])
def test_one_closing_notice(end: str) -> None:
    story, ledger = Story().set_clock().route("water-office"), Ledger()
    ledger.hear(getattr(story, end)().known).send()
    ledger.hear(story.set_clock().known).send()
    code = {"answer": "answered", "withdraw": "withdrawn", "close_lapsed": "lapsed"}[end]
    assert [c for c in ledger.codes() if c in ("answered", "withdrawn", "lapsed")] == [code]
    assert "routed" not in ledger.codes()


def test_an_amendment_is_told_to_who_was_told_the_answer() -> None:
    story, ledger = Story().set_clock().route("water-office").answer(), Ledger()
    ledger.hear(story.known).send()
    ledger.hear(story.amend().known).send()
    ledger.hear(story.known).send()
    assert ledger.codes()[-2:] == ["answered", "answer-amended"]


def test_an_answer_amended_before_it_was_told_is_told_once() -> None:
    story, ledger = Story().set_clock().route("water-office").answer(), Ledger()
    ledger.hear(story.known)
    ledger.hear(story.amend().known).send()
    ledger.hear(story.set_clock().known).send()
    assert [c for c in ledger.codes() if c.startswith("answer")] == ["answered"]


def test_a_withdrawal_after_the_answer_changes_nothing_and_says_so() -> None:
    story = Story().set_clock().route("water-office").answer().withdraw()
    assert Ledger().hear(story.known).send().codes() == ["receipt", "answered", "withdrawn-after-answer"]


def test_nothing_is_told_of_an_erased_person() -> None:
    story, ledger = Story().set_clock().route("water-office").answer(), Ledger()
    ledger.hear(story.known)
    assert ledger.notices("pending")
    ledger.hear(story.erase().known)
    assert ledger.notices("pending", "held") == []
    assert Ledger().hear(story.known).entries == []


def test_the_receipt_of_a_letter_entered_late_is_as_old_as_its_entry() -> None:
    known = Story(channel="post").known
    entered = FILED + timedelta(days=61)
    late = replace(known, header=known.header.model_copy(update={"recorded_at": entered}))
    assert next(filer(late, Told(()), None, None)).at == entered
