"""What may follow a filing: follow-ups in their time, acts that change a state once."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.intake import acts
from services.intake.filing import answer
from services.intake.follow_ups import check_follow_up
from services.intake.refusals import Refused
from shared.contracts.directory import ProcedureRecord
from shared.contracts.states import Filing, Request
from shared.runtime.errors import Problem
from tests.support.lives import at, life, noria

LATER = at("2026-04-01T10:00:00Z")


def answer_of(known):
    assert known.routing is not None
    assert known.routing.response is not None
    return known.routing.response.id


def follow(rel, earlier, procedure="complaint", when="2026-03-01T10:00:00Z"):
    try:
        check_follow_up(rel, earlier, procedure, at(when), noria(), "links", 0, "reference")
    except Refused as refused:
        return refused.code
    return None


def test_a_renewal_may_follow_an_answer_or_a_refusal():
    for outcome in ("answered", "refused"):
        assert follow("renews", life("2026-01-10", answered="2026-02-10", outcome=outcome)) is None


def test_nothing_follows_a_withdrawn_one():
    withdrawn = life("2026-01-10", closed="2026-02-10", outcome="withdrawn")
    assert follow("renews", withdrawn) == "follow-up-on-withdrawn"
    asked = life("2026-01-10")
    asked = replace(asked, intake=Filing(language="fr", withdrawn_at=LATER))
    assert follow("renews", asked) == "follow-up-on-withdrawn"


def test_an_appeal_counts_working_days_of_the_calendar():
    # Answered on Monday 2 March 2026. Twenty working days in Noria, whose 19 and 20 March are days off and whose weeks end
    # on Friday: 3-6 March are 4, 9-13 are 9, 16-18 are 12, 23-27 are 17, 30 March to 1 April are 20. 1 April is the last day.
    answered = life("2026-01-10", procedure="access-to-information@1", answered="2026-03-02T10:00:00Z")
    assert follow("appeals", answered, when="2026-04-01T22:59:59Z") is None
    assert follow("appeals", answered, when="2026-04-01T23:00:00Z") == "follow-up-too-late"


def test_a_breach_opens_the_appeal_on_its_due_time():
    late = life("2026-01-10", procedure="access-to-information@1", due="2026-03-02T10:00:00Z")
    breached = replace(late, deadlines=tuple(c.model_copy(update={"breached_at": LATER}) for c in late.deadlines or ()))
    assert follow("appeals", late) == "follow-up-too-early"
    assert follow("appeals", breached, when="2026-04-01T22:59:59Z") is None
    assert follow("appeals", breached, when="2026-04-01T23:00:00Z") == "follow-up-too-late"


def test_a_breach_while_no_body_has_it_counts_too():
    late = life("2026-01-10", body=None)
    nobodys = tuple(c.model_copy(update={"holder": "platform", "breached_at": LATER}) for c in late.deadlines or ())
    assert follow("renews", replace(late, deadlines=nobodys), when="2026-04-02T10:00:00Z") is None


def test_what_the_earlier_law_does_not_offer():
    answered = life("2026-01-10", answered="2026-02-10")
    assert follow("appeals", answered) == "follow-up-not-offered"
    assert follow("renews", answered, "observation") == "follow-up-not-offered"


def asked(**filing):
    known = life("2026-01-10")
    assert known.routing is not None
    request = Request(id=UUID(int=1), asked_at=at("2026-01-12"), lapses_at=at("2026-01-27"))
    return replace(known, intake=Filing(language="fr", **filing), routing=known.routing.model_copy(update={"requests": (request,)}))


def test_supplying_is_told_once_a_request():
    known = asked()
    first = acts.supply(known, UUID(int=1), LATER)
    assert [(s.request_id, s.at) for s in first.supplied] == [(UUID(int=1), LATER)]
    assert acts.supply(replace(known, intake=first), UUID(int=1), at("2026-05-01")) is first


def test_supplying_needs_a_request_that_was_made():
    with pytest.raises(Refused, match="unknown-request"):
        acts.supply(asked(), UUID(int=2), LATER)
    with pytest.raises(Refused, match="unknown-request"):
        acts.supply(replace(asked(), routing=None), UUID(int=1), LATER)


def test_a_withdrawal_keeps_its_first_moment():
    once = acts.withdraw(asked(), LATER)
    assert acts.withdraw(replace(asked(), intake=once), at("2026-05-01")).withdrawn_at == LATER


def test_a_rating_replaces_the_one_of_the_same_answer():
    known = life("2026-01-10", answered="2026-02-10", rating=True)
    answer = answer_of(known)
    assert acts.rate(known, answer, True, LATER, noria()) is known.intake
    changed = acts.rate(known, answer, False, LATER, noria())
    assert [(r.satisfied, r.at) for r in changed.ratings] == [(False, LATER)]


def test_a_procedure_without_ratings_takes_none():
    known = life("2026-01-10", procedure="observation@1", answered="2026-02-10")
    with pytest.raises(Refused, match="rating-not-offered"):
        acts.rate(known, answer_of(known), True, LATER, noria())


def test_a_procedure_that_asks_for_no_comment_takes_none():
    known = life("2026-01-10", answered="2026-02-10")
    law = noria().records["procedure/complaint@1"]
    assert isinstance(law, ProcedureRecord)
    assert law.procedure.rating
    silent = law.procedure.model_copy(update={"rating": law.procedure.rating.model_copy(update={"comment": False})})
    directory = noria().updated([law.model_copy(update={"version": law.version + 1, "procedure": silent})])
    with pytest.raises(Refused, match="comment-not-offered"):
        acts.with_comment(known, None, answer_of(known), "Merci.", directory)


def test_a_key_that_ran_out_meanwhile_is_to_be_sent_again():
    problem = answer(b"", None)
    assert isinstance(problem, Problem)
    assert (problem.status, problem.code, problem.headers) == (503, "key-expiring", {"Retry-After": "1"})


def test_an_open_case_is_not_erased():
    for known in (life("2026-01-10"), life("2026-01-10", routed=False)):
        with pytest.raises(Refused, match="case-open"):
            acts.erase(known, LATER)


def test_erasure_keeps_its_first_moment():
    known = life("2026-01-10", answered="2026-02-10")
    erased = acts.erase(known, LATER)
    assert acts.erase(replace(known, intake=erased), at("2026-05-01")) is erased
