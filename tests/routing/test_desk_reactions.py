"""What routing decides by itself: the first body, the citizen's acts, what time does, closed bodies."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.routing.desk import domain
from services.routing.desk.known import Known
from services.routing.desk.reactions import Step, react
from services.routing.desk.refusals import Refused
from shared.contracts.states import Case, ClockState, Request, RuleUsed, Supplied
from tests.support.desk import (
    NOON,
    R1,
    R2,
    breach,
    filing,
    header,
    matter,
    noria_pack,
    reactions,
    renewal,
    request,
    routed,
    waiting,
    with_law,
)
from tests.support.lives import at

SUPPLY = breach("supply", "citizen", "2026-03-05", "2026-03-20T23:00:00+00:00", "2026-03-20T23:15:00+00:00")
OVERDUE = breach("answer", "body", "2026-03-02", "2026-05-01T23:00:00+00:00", "2026-05-02")
DEEMED = {"code": "deemed_accepted", "label": {"ar": "قبول", "fr": "Acceptation"}, "needs_reasons": False, "counts_as": "answered"}


def told(steps: list[Step]) -> list[tuple[str, str, str | None]]:
    return [(step.type, step.by, step.reason) for step in steps]


def asked(*requests: Request) -> Known:
    known = routed()
    assert known.case
    return replace(known, case=waiting(known.case, *(requests or (request(),))))


def answered(known: Known | None = None) -> Known:
    known = known or routed()
    assert known.case
    return replace(known, case=domain.answer(matter(known.case), R2, "favourable", "Done.", at("2026-03-10")))


def deeming(law: dict[str, Any]) -> list[dict[str, Any]]:
    return [clock | ({"on_breach": "deemed_accepted"} if clock["code"] == "answer" else {}) for clock in law["clocks"]]


def silence_accepts() -> dict[str, Any]:
    law = noria_pack().directory.procedures["complaint", 1].model_dump()
    return {"clocks": deeming(law), "outcomes": [*law["outcomes"], DEEMED]}


@pytest.mark.parametrize(
    ("filed", "status", "body", "rule", "qualified"),
    [
        (
            {"public_service": "civil-status"},
            "with_body",
            "commune-prima",
            RuleUsed(id="civil-status-to-commune", version=1, final=True, evidence=("public_services",)),
            NOON,
        ),
        ({}, "with_body", "water-office", RuleUsed(id="body-of-public-service", version=1), None),
        ({"public_service": None}, "triage", None, RuleUsed(id="national-triage", version=1), None),
        ({"body": "old-water-board"}, "with_body", "water-office", RuleUsed(id="declared-body", version=1), None),
    ],
)
def test_a_filing_goes_where_the_first_rule_says(
    filed: dict[str, Any], status: str, body: str | None, rule: object, qualified: object
) -> None:
    [step] = reactions(Known(header(**filed), filing()))
    assert (step.type, step.by) == ("complaint-routed", "rule")
    assert (step.case.status, step.case.body, step.case.rule, step.case.qualified_at) == (status, body, rule, qualified)
    assert [(c.body, c.since, c.until) for c in step.case.custody] == ([(body, NOON, None)] if body else [])
    assert step.case.kind == "complaint"


def test_nothing_is_decided_before_filing_procedure_and_rules_are_known() -> None:
    known, pack = Known(header(), filing()), noria_pack()
    assert reactions(replace(known, filing=None, clocks=(OVERDUE,))) == []
    assert reactions(Known(header(procedure="complaint@2"), filing())) == []
    assert react(known, {}, pack.directory, None, NOON) == []


@pytest.mark.parametrize(("handled_by", "body"), [("same", "water-office"), ("parent", "ministry-waters"), ("body", "ministry-towns")])
def test_the_earlier_law_says_who_handles_a_renewal(handled_by: str, body: str) -> None:
    offered = {"rel": "renews", "procedure": "complaint", "on": ["answered"], "handled_by": handled_by}
    directory = with_law(follow_ups=[offered | ({"body": body} if handled_by == "body" else {})])
    earlier = answered()
    [step] = reactions(Known(renewal(earlier.header, public_service="dams"), filing()), earlier, directory=directory)
    assert (step.case.body, step.case.rule, step.case.qualified_at) == (body, RuleUsed(id="follow-up-renews", version=1, final=True), NOON)


def test_an_appeal_from_a_body_that_has_nobody_above_it_goes_to_the_national_desk() -> None:
    earlier = routed(procedure="access-to-information@1", body="ministry-towns")
    [step] = reactions(Known(renewal(earlier.header, "appeals"), filing()), earlier)
    assert (step.case.status, step.case.body, step.case.qualified_at) == ("triage", None, None)


def test_a_renewal_of_what_never_had_a_body_or_is_unknown_is_routed_by_rule() -> None:
    triage = routed(public_service=None)
    for linked in ((triage,), ()):
        [step] = reactions(Known(renewal(triage.header), filing()), *linked)
        assert step.case.rule == RuleUsed(id="body-of-public-service", version=1)


def test_what_was_asked_and_came_in_time_ends_the_waiting() -> None:
    known = replace(asked(), filing=filing(supplied=(Supplied(request_id=R1, at=at("2026-03-09")),)))
    [step] = reactions(known)
    assert told([step]) == [("information-received", "citizen", None)]
    assert (step.case.status, step.case.requests[0].supplied_at, step.case.requests[0].lapsed_at) == ("with_body", at("2026-03-09"), None)


def test_of_two_supplies_the_earlier_counts() -> None:
    twice = tuple(Supplied(request_id=R1, at=at(day)) for day in ("2026-03-09", "2026-03-12"))
    [step] = reactions(replace(asked(), filing=filing(supplied=twice)))
    assert step.case.requests[0].supplied_at == at("2026-03-09")
    assert reactions(replace(asked(), case=step.case, filing=filing(supplied=twice))) == []


def test_supplied_is_never_before_asked_and_a_second_open_request_still_waits() -> None:
    known = replace(asked(request(R1), request(R2)), filing=filing(supplied=(Supplied(request_id=R2, at=at("2026-03-01")),)))
    [step] = reactions(known)
    assert (step.case.status, step.case.requests[1].supplied_at) == ("waiting_for_citizen", at("2026-03-05"))
    assert [r.id for r in step.case.requests] == [R1, R2]


def test_a_breached_clock_of_the_citizen_lets_its_request_lapse_and_no_other() -> None:
    known = replace(asked(request(R1), request(R2, asked="2026-03-09")), clocks=(SUPPLY,))
    [step] = reactions(known)
    assert told([step]) == [("information-lapsed", "law", None)]
    assert [r.lapsed_at for r in step.case.requests] == [at("2026-03-20T23:00:00+00:00"), None]
    assert step.case.status == "waiting_for_citizen"


def test_a_corrected_breach_lets_nothing_lapse() -> None:
    corrected = SUPPLY.model_copy(update={"corrected_at": at("2026-03-21")})
    assert reactions(replace(asked(), clocks=(corrected,))) == []


def test_what_came_in_time_did_not_lapse_and_what_came_later_did() -> None:
    [lapsed] = reactions(replace(asked(), clocks=(SUPPLY,)))
    for day, lapse in (("2026-03-20", None), ("2026-03-21", at("2026-03-20T23:00:00+00:00"))):
        supplied = filing(supplied=(Supplied(request_id=R1, at=at(day)),))
        [step] = reactions(replace(asked(), case=lapsed.case, clocks=(SUPPLY,), filing=supplied))
        assert (step.case.requests[0].supplied_at, step.case.requests[0].lapsed_at) == (at(day), lapse)


def test_a_withdrawal_closes_an_open_case_at_the_time_of_the_act() -> None:
    [step] = reactions(replace(routed(), filing=filing(withdrawn_at=at("2026-03-09"))), now=at("2026-03-12"))
    assert told([step]) == [("complaint-closed", "citizen", "withdrawn")]
    assert (step.case.status, step.case.outcome, step.case.closed_at) == ("withdrawn", "withdrawn", at("2026-03-09"))
    assert (step.case.custody[-1].until, step.case.custody[-1].reason) == (at("2026-03-09"), "withdrawn")


def test_a_withdrawal_that_came_before_the_routing_ends_no_custody_before_its_begin() -> None:
    known = Known(header(), filing(withdrawn_at=at("2026-03-01")))
    steps = reactions(known)
    assert told(steps) == [("complaint-routed", "rule", None), ("complaint-closed", "citizen", "withdrawn")]
    assert steps[-1].case.custody[-1].until == NOON


def test_an_answer_stands_against_a_later_withdrawal() -> None:
    before = answered()
    [step] = reactions(replace(before, filing=filing(withdrawn_at=at("2026-03-09"))))
    assert told([step]) == [("complaint-closed", "citizen", "withdrawn-after-answer")]
    assert before.case
    assert step.case == before.case.model_copy(update={"withdrawn_after_answer": True})


def test_what_is_supplied_after_the_answer_is_told_and_reopens_nothing() -> None:
    closed = answered(asked())
    [step] = reactions(replace(closed, filing=filing(supplied=(Supplied(request_id=R1, at=at("2026-03-11")),))))
    assert (step.type, step.case.status, step.case.requests[0].supplied_at) == ("information-received", "answered", at("2026-03-11"))


def test_the_law_answers_in_the_place_of_a_silent_body() -> None:
    directory = with_law(**silence_accepts())
    [step] = reactions(replace(routed(), clocks=(OVERDUE,)), directory=directory)
    assert told([step]) == [("response-posted", "law", "deemed_accepted")]
    assert step.case.response
    assert (step.case.status, step.case.response.outcome, step.case.response.posted_at) == ("answered", "deemed_accepted", OVERDUE.due_at)
    [again] = reactions(replace(routed(), clocks=(OVERDUE,)), directory=with_law(**silence_accepts()))
    assert again.case.response
    assert again.case.response.id != R1  # derived from the complaint, so never made twice for one
    assert reactions(replace(routed(), clocks=(OVERDUE,))) == []  # Noria's own law lets nothing follow from silence


def test_no_person_may_choose_or_change_what_the_law_answers() -> None:
    directory = with_law(**silence_accepts())
    known = replace(routed(), clocks=(OVERDUE,))
    law = directory.procedures["complaint", 1]
    assert known.case
    open_case = replace(matter(known.case), law=law)
    with pytest.raises(Refused) as refused:
        domain.answer(open_case, R1, "deemed_accepted", "…", NOON)
    assert refused.value.code == "unknown-outcome"
    [step] = reactions(known, directory=directory)
    with pytest.raises(Refused) as refused:
        domain.amend(replace(open_case, case=step.case), "unfounded", "…", NOON)
    assert refused.value.code == "answered-by-law"


@pytest.mark.parametrize(("withdrawn", "status", "facts"), [("2026-05-01", "withdrawn", 1), ("2026-05-02", "answered", 2)])
def test_withdrawal_and_silence_known_at_once_take_effect_in_the_order_of_legal_time(withdrawn: str, status: str, facts: int) -> None:
    known = replace(routed(), clocks=(OVERDUE,), filing=filing(withdrawn_at=at(withdrawn)))
    steps = reactions(known, directory=with_law(**silence_accepts()))
    assert (steps[-1].case.status, len(steps)) == (status, facts)


def test_a_closed_body_s_open_cases_go_to_its_successor() -> None:
    def closed(successor: str | None) -> Case:
        held = noria_pack().directory.bodies["water-office"]
        ended = held.model_copy(update={"version": 2, "closed_on": date(2026, 3, 1), "successor": successor})
        [step] = reactions(routed(), directory=noria_pack().directory.updated([ended]))
        assert told([step]) == [("complaint-routed", "rule", "succession")]
        return step.case

    after = closed("ministry-waters")
    assert [(c.body, c.reason) for c in after.custody] == [("water-office", "succession"), ("ministry-waters", None)]
    assert (closed(None).body, closed(None).status) == (None, "triage")


def test_what_has_been_told_is_not_told_again() -> None:
    supplied = (Supplied(request_id=R1, at=at("2026-03-21")),)
    known = replace(
        asked(),
        clocks=(SUPPLY, ClockState(code="qualify", holder="platform")),
        filing=filing(supplied=supplied, withdrawn_at=at("2026-03-30")),
    )
    steps = reactions(known)
    assert [step.type for step in steps] == ["information-received", "complaint-closed"]
    assert reactions(replace(known, case=steps[-1].case)) == []


def test_supplying_what_nobody_asked_for_changes_nothing() -> None:
    assert reactions(replace(asked(), filing=filing(supplied=(Supplied(request_id=UUID(int=9), at=NOON),)))) == []
