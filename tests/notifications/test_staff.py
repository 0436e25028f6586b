"""What desks are told."""

from services.notifications.notice import Key
from tests.notifications.stories import Ledger, Story


def sent(story: Story) -> list[Key]:
    return Ledger().hear(story.known).send(held=True).notices()


def to(audience: str, story: Story) -> list[str]:
    return [code for code, _, reader in sent(story) if reader == audience]


def test_a_body_is_told_of_a_new_case() -> None:
    assert to("body:water-office", Story().route("water-office")) == ["new-case"]


def test_the_national_desk_is_told_of_what_no_rule_leads_anywhere() -> None:
    assert to("national", Story().triage()) == ["triage-case"]
    assert to("national", Story()) == []


def test_a_case_that_comes_back_to_the_national_desk_is_told_again() -> None:
    story, ledger = Story().triage(), Ledger()
    ledger.hear(story.known).send()
    ledger.hear(story.route("water-office").known).send()
    story.case = story.case.model_copy(update={"status": "triage", "body": None})
    ledger.hear(story.triage().known).send()
    assert ledger.codes("national") == ["triage-case", "triage-case"]


def test_who_held_the_case_when_information_came_is_told() -> None:
    story = Story().route("water-office").ask().supply().route("ministry-waters")
    assert "information-received" in to("body:water-office", story)
    assert "information-received" not in to("body:ministry-waters", story)


def test_a_warning_goes_to_those_whom_the_law_names() -> None:
    first = Story().route("water-office").set_clock().alert("d-15")
    assert to("body:water-office", first) == ["new-case", "approaching"]
    assert to("body:ministry-waters", first) == []
    second = first.alert("d-5")
    assert [subject.split("/")[1] for code, subject, reader in sent(second) if code == "approaching" and reader != "filer"] == [
        "d-5",
        "d-5",
    ]
    assert to("body:ministry-waters", second) == ["approaching"]


def test_no_warning_leaves_once_the_case_is_closed_or_the_time_over() -> None:
    closed = Story().route("water-office").set_clock().alert("d-15").answer()
    assert "approaching" not in to("body:water-office", closed)
    over = Story().route("water-office").set_clock().alert("d-15").breach()
    assert to("body:water-office", over) == ["new-case", "breached"]


def test_a_breach_escalates_where_the_law_says_so() -> None:
    assert to("national", Story().route("water-office").set_clock().breach()) == ["breached"]


def test_without_a_body_the_national_desk_answers_for_a_clock() -> None:
    assert to("national", Story().triage().set_clock().breach()) == ["triage-case", "breached"]


def test_the_body_is_told_of_a_withdrawal() -> None:
    assert to("body:water-office", Story().route("water-office").withdraw()) == ["withdrawn"]
