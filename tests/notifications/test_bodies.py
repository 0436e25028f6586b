"""What bodies are told that is about no complaint, from the registers of many and from their own record."""

from datetime import timedelta

from services.notifications.bodies import about, inherited_from, onboarding, successions
from services.notifications.domain import intents
from services.notifications.notice import Told
from tests.notifications.stories import FILED, Story
from tests.support.lives import noria


def codes(story: Story) -> set[tuple[str, str]]:
    return {(code, audience) for code, _, audience in intents(story.known, Told(()), noria())}


def test_a_thousand_inherited_cases_are_one_notice() -> None:
    stories = [Story(n).route("water-office").route("ministry-waters", "succession") for n in range(1000)]
    found = successions(story.known for story in stories)
    assert list(found) == [("water-office", "body:ministry-waters")]
    (notice,) = found.values()
    assert (notice.code, notice.subject, notice.audience) == ("succession", "water-office", "body:ministry-waters")
    assert not {code for story in stories for code in codes(story)} & {("new-case", "body:ministry-waters")}


def test_the_filer_is_told_of_the_new_body_all_the_same() -> None:
    story = Story().route("water-office").route("ministry-waters", "succession")
    assert ("routed", "filer") in codes(story)


def test_without_a_successor_the_national_desk_is_told_once() -> None:
    story = Story().route("water-office")
    ended = tuple(c.model_copy(update={"until": story.now, "reason": "succession"}) for c in story.case.custody)
    story._routing(status="triage", body=None, custody=ended)
    assert list(successions([story.known])) == [("water-office", "national")]
    assert ("triage-case", "national") not in codes(story)


def test_a_case_that_moves_on_is_an_ordinary_one_again() -> None:
    story = Story().route("water-office").route("ministry-waters", "succession").route("ministry-towns", "competence")
    assert inherited_from(story.case) is None
    assert ("new-case", "body:ministry-towns") in codes(story)


def test_parts_of_a_split_body_are_told_each() -> None:
    stories = [Story(n).route("water-office").route(body, "succession") for n, body in enumerate(("ministry-waters", "commune-prima"))]
    assert {audience for _, audience in successions(story.known for story in stories)} == {"body:ministry-waters", "body:commune-prima"}


def test_a_record_asks_for_an_invitation_and_for_a_test_each_once_for_its_instant() -> None:
    body = noria().bodies["water-office"]
    asked = body.model_copy(update={"invited_at": FILED, "contact_tested_at": FILED + timedelta(hours=1)})
    assert list(onboarding(body)) == []
    assert [(intent.code, intent.audience) for intent in onboarding(asked)] == [
        ("invitation", "body:water-office"),
        ("contact-test", "body:water-office"),
    ]
    again = asked.model_copy(update={"contact_tested_at": FILED + timedelta(hours=2)})
    assert len({intent.key for record in (asked, again) for intent in onboarding(record)}) == 3
    assert list(onboarding(asked.model_copy(update={"closed_on": FILED.date()}))) == []


def test_what_stands_for_a_complaint_is_the_same_everywhere() -> None:
    assert about("water-office") == about("water-office") != about("ministry-waters")
