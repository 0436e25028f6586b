"""The page and its timeline: functions of what is known, whatever way it came."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.timeline import timeline
from services.intake.tracking import Page
from shared.contracts.private import Answers, RequestText
from shared.contracts.states import AlertSent, Case, ClockState, Custody, Filing, RatingGiven, Request, Response, RuleUsed, Supplied
from shared.messaging.registers import Registers
from tests.support.known import after
from tests.support.lives import at, life, noria
from tests.support.stores import fact

ASKED, ANSWER = UUID(int=1), UUID(int=2)
HEADER = life("2026-03-02T10:00:00Z", recorded="2026-03-04T09:00:00Z").header
FILING = Filing(
    language="fr",
    entered_by="body-agent",
    supplied=(Supplied(request_id=ASKED, at=at("2026-03-12T08:00:00Z")),),
    ratings=(RatingGiven(response_id=ANSWER, satisfied=False, at=at("2026-04-03T08:00:00Z")),),
    withdrawn_at=at("2026-04-01T10:00:00Z"),
)
CASE = Case(
    status="answered",
    kind="complaint",
    body="water-office",
    rule=RuleUsed(id="body-of-public-service", version=1, final=False),
    qualified_at=at("2026-03-05T10:00:00Z"),
    taken_up_at=at("2026-03-06T10:00:00Z"),
    custody=(
        Custody(body="commune-prima", since=at("2026-03-04T09:00:00Z"), until=at("2026-03-04T12:00:00Z"), reason="competence"),
        Custody(body="water-office", since=at("2026-03-05T10:00:00Z"), until=at("2026-04-01T10:00:00Z"), reason="answered"),
    ),
    requests=(
        Request(
            id=ASKED, asked_at=at("2026-03-10T09:00:00Z"), lapses_at=at("2026-03-25T23:00:00Z"), supplied_at=at("2026-03-12T08:00:00Z")
        ),
    ),
    outcome="unfounded",
    response=Response(
        id=ANSWER, outcome="unfounded", body="water-office", posted_at=at("2026-04-01T10:00:00Z"), amended_at=at("2026-04-02T10:00:00Z")
    ),
    withdrawn_after_answer=True,
    closed_at=at("2026-04-01T10:00:00Z"),
)
CLOCK = ClockState(
    code="answer",
    holder="body",
    body="water-office",
    starts_at=HEADER.filed_at,
    due_at=at("2026-05-01T23:00:00Z"),
    last_day=date(2026, 5, 1),
    alerts=(AlertSent(code="d-15", at=at("2026-03-31T23:00:00Z")),),
)
KNOWN = Registers(HEADER.id, 0, HEADER, FILING, 1, CASE, 1, (CLOCK,), 1)


def page(known=KNOWN, **more):
    return Page(known, noria(), ("fr", "ar", "en"), **more).tracking()


def told(known):
    return [(m.code, f"{m.at:%m-%d %H}", m.by, m.body, m.reason) for m in timeline(known)]


def test_the_whole_timeline():
    assert told(KNOWN) == [
        ("complaint-filed", "03-02 10", "citizen", None, None),
        ("complaint-entered", "03-04 09", "body-agent", None, None),
        ("complaint-routed", "03-04 09", "rule", "commune-prima", None),
        ("complaint-routed", "03-04 12", None, None, "competence"),
        ("complaint-routed", "03-05 10", None, "water-office", "competence"),
        ("complaint-qualified", "03-05 10", None, None, None),
        ("complaint-taken-up", "03-06 10", None, "water-office", None),
        ("information-requested", "03-10 09", None, "water-office", None),
        ("information-supplied", "03-12 08", "citizen", None, None),
        ("deadline-approaching", "03-31 23", "system", "water-office", "d-15"),
        ("complaint-withdrawn", "04-01 10", "citizen", None, None),
        ("response-posted", "04-01 10", None, "water-office", None),
        ("response-amended", "04-02 10", None, "water-office", None),
        ("response-rated", "04-03 08", "citizen", None, None),
    ]


@pytest.mark.parametrize("status", ["withdrawn", "lapsed"])
def test_a_case_that_ends_without_an_answer(status):
    case = CASE.model_copy(update={"status": status, "outcome": status, "response": None})
    last = timeline(replace(KNOWN, routing=case))[-2]
    assert (last.code, last.outcome) == ("complaint-closed", status)


def history():
    """The facts of one complaint as its writers told them, each writer's whole state at the time."""
    first = FILING.model_copy(update={"supplied": (), "ratings": (), "withdrawn_at": None})
    routed = CASE.model_copy(update={"status": "with_body", "response": None, "closed_at": None, "requests": (), "outcome": None})
    yield from (fact("intake", HEADER, version, state) for version, state in enumerate((first, FILING), 1))
    yield from (fact("routing", HEADER, version, state) for version, state in enumerate((routed, CASE), 1))
    yield from (
        fact("deadlines", HEADER, version, state) for version, state in enumerate(((CLOCK.model_copy(update={"alerts": ()}),), (CLOCK,)), 1)
    )


FACTS = list(history())


@given(st.lists(st.sampled_from(FACTS), max_size=12).map(lambda extra: extra + FACTS).flatmap(st.permutations))
def test_the_page_does_not_depend_on_how_facts_came(arrived):
    known = Registers.new(HEADER, 0)
    for told in arrived:
        known = after(known, told)
    assert page(known) == page()


@pytest.mark.parametrize("lost", [told for told in FACTS if told.version == 1], ids=["intake", "routing", "deadlines"])
def test_a_lost_fact_leaves_no_hole_once_the_next_has_come(lost):
    known = Registers.new(HEADER, 0)
    for told in FACTS:
        known = known if told is lost else after(known, told)
    assert page(known) == page()


OPEN = CASE.model_copy(
    update={"status": "with_body", "response": None, "closed_at": None, "outcome": None, "withdrawn_after_answer": False}
)
WAITING = replace(KNOWN, routing=OPEN, intake=FILING.model_copy(update={"withdrawn_at": None}))


def clock(code, due, **changes):
    return ClockState(code=code, holder="body", starts_at=HEADER.filed_at, due_at=due and at(due), **changes)


@pytest.mark.parametrize(
    ("clocks", "due"),
    [
        ((clock("answer", "2026-05-01T23:00:00Z"),), "2026-05-01T23:00:00+00:00"),
        ((clock("answer", "2026-05-01T23:00:00Z", state="paused"),), "2026-05-01T23:00:00+00:00"),
        # Qualification stops this one as well: it does not say when the answer comes.
        ((clock("qualify", "2026-03-17T23:00:00Z"), clock("answer", "2026-05-01T23:00:00Z")), "2026-05-01T23:00:00+00:00"),
        # The citizen's own clock is not what the citizen waits for.
        ((clock("supply", "2026-03-25T23:00:00Z"),), None),
        ((clock("answer", None, state="pending"),), None),
        ((), None),
        (None, None),
    ],
)
def test_due_is_when_the_answer_is_owed(clocks, due):
    found = page(replace(WAITING, deadlines=clocks)).due
    assert (found and found.at.isoformat()) == due


def test_the_earliest_of_two_is_due():
    request = replace(WAITING, header=HEADER.model_copy(update={"procedure": "access-to-information@1"}))
    both = (clock("answer", "2026-05-01T23:00:00Z"), clock("answer-urgent", "2026-03-05T23:00:00Z"))
    due = page(replace(request, deadlines=both)).due
    assert due is not None
    assert due.clock == "answer-urgent"


def test_nothing_is_due_once_it_is_answered_or_withdrawn():
    assert page().due is None
    assert page(replace(WAITING, intake=FILING)).due is None


def test_a_breached_clock_is_overdue_and_still_due():
    due = page(replace(WAITING, deadlines=(CLOCK.model_copy(update={"breached_at": at("2026-05-01T23:00:00Z")}),))).due
    assert due is not None
    assert (due.overdue, due.last_day) == (True, date(2026, 5, 1))


def test_reasons_of_another_answer_are_not_shown():
    words = Answers(version=1, complaint_id=HEADER.id, reference="r", response_id=UUID(int=9), reasons="Autre.")
    response = page(answers=words).response
    assert response is not None
    assert response.reasons is None


def test_a_requests_words_are_shown_once_they_are_there():
    assert page().requests[0].text is None
    words = Answers(version=1, complaint_id=HEADER.id, reference="r", requests=(RequestText(id=ASKED, text="Quel compteur ?"),))
    assert page(answers=words).requests[0].text == "Quel compteur ?"


def test_what_the_directory_does_not_know_is_named_by_its_code():
    known = replace(KNOWN, header=HEADER.model_copy(update={"procedure": "later@7"}), routing=OPEN.model_copy(update={"body": "new-body"}))
    found = page(known)
    assert (found.body.id, found.body.name, found.title, found.due) == ("new-body", None, None, None)


def test_the_page_shows_the_whole_time_and_each_body_s_part_of_it():
    """Filed 2 March, entered and routed to the commune on the 4th; answered 1 April: see CASE."""
    found = page(now=at("2026-06-01T10:00:00Z")).elapsed
    assert found is not None
    assert (found.days, found.until) == (30, CASE.closed_at)
    turns = [(turn.body, turn.days) for turn in found.turns]
    assert turns == [(None, 2), ("commune-prima", 0), (None, 1), ("water-office", 27)]
    assert page().elapsed is None
