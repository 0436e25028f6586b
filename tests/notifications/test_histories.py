"""Any order, repetition and grouping of the facts, and mail leaving at any moment: the same is told.

What is lasting is told in every order. What is passing (where the case is, when it is due, what is asked, a warning) is told
by its newest state only, so an order in which it never stood untold leaves it out; but at the end nothing is left to tell,
and nothing that was told last is untrue.
"""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifications.clocks import answer_clock
from services.notifications.domain import plan
from services.notifications.filer import _due_told
from services.notifications.notice import FILER, Key
from shared.contracts.events import Fact
from shared.contracts.states import Case
from shared.messaging.registers import Registers
from tests.notifications.stories import Ledger, Story, folded
from tests.support.lives import noria

BODIES = ("water-office", "ministry-waters", "commune-prima")
CLOSING = ("answered", "withdrawn", "lapsed")
LASTING = (*CLOSING, "receipt", "thanks", "information-received", "information-lapsed", "withdrawn-after-answer")
Batches = list[tuple[list[Fact], int, bool]]
Hearing = tuple[Story, Batches]
WHILE_OPEN: tuple[Callable[[Story], object], ...] = (
    *(lambda story, body=body: story.route(body, "competence") for body in BODIES),
    lambda story: story.case.status == "with_body" and story.ask(),
    lambda story: story.case.status == "waiting_for_citizen" and story.supply(),
    lambda story: story.case.status == "waiting_for_citizen" and story.lapse(),
    lambda story: story.case.body and story.extend(),
    lambda story: len(story.clock.why) < len(story.case.extensions) and story.count_extension(),
    lambda story: story.set_clock(),
    lambda story: story.move_due(-3),
    lambda story: story.move_due(2),
    lambda story: story.alert("d-15"),
    lambda story: story.alert("d-5"),
    lambda story: not story.clock.breached_at and story.breach(),
    lambda story: story.clock.breached_at and story.correct(),
)
LEAVING = ((0, False), (1, False), (9, False), (9, False), (9, True))
"""How many waiting mails leave, and whether those held back do too."""
ENDS: tuple[Callable[[Story], object], ...] = (
    *(lambda story: None,) * 4,
    lambda story: story.answer(),
    lambda story: story.answer().amend(),
    lambda story: story.answer().withdraw(),
    lambda story: story.withdraw(),
    lambda story: story.close_lapsed(),
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story(procedure=draw(st.sampled_from(["complaint@1", "access-to-information@1"])), public_service=None)
    for step in draw(st.lists(st.sampled_from(WHILE_OPEN), min_size=3, max_size=14)):
        step(story)
    draw(st.sampled_from(ENDS))(story)
    return story


@st.composite
def hearings(draw: st.DrawFn) -> Hearing:
    """A story, the batches in which it is heard (every fact at least once, in any order), and what leaves after each."""
    story = draw(stories())
    again = draw(st.lists(st.sampled_from(story.facts), max_size=5))
    left = draw(st.permutations([*story.facts, *again]) | st.just(list(story.facts)))
    batches: Batches = []
    while left:
        size = draw(st.sampled_from([1, 1, 2, len(left)]))
        batches.append((left[:size], *draw(st.sampled_from(LEAVING))))
        left = left[size:]
    return story, batches


def heard(batches: Batches) -> Ledger:
    ledger, known = Ledger(), None
    for batch, count, held in batches:
        known = folded(batch, known)
        ledger.hear(known).send(count, held=held)
    return ledger.send(held=True)


def lasting(ledger: Ledger) -> set[Key]:
    return {key for key in ledger.notices() if key[0] in LASTING}


@settings(max_examples=400, deadline=None)
@given(hearings())
def test_the_same_is_told_in_every_order(hearing: Hearing) -> None:
    story, batches = hearing
    at_once, as_heard = Ledger().hear(story.known).send(held=True), heard(batches)
    assert lasting(as_heard) == lasting(at_once)
    assert len(as_heard.notices()) == len(set(as_heard.notices()))
    standing = set(at_once.notices()) - {key for key in at_once.notices() if key[0] in ("routed", "transferred", "due-changed")}
    assert standing <= set(as_heard.notices())


@settings(max_examples=400, deadline=None)
@given(hearings())
def test_at_the_end_nothing_is_left_to_tell_and_the_last_word_is_true(hearing: Hearing) -> None:
    story, batches = hearing
    ledger, known = heard(batches), story.known
    settled = plan(known, ledger.entries, noria())
    assert (settled.write, settled.drop) == ((), ())
    assert sum(code in CLOSING for code, _, to in ledger.notices() if to == FILER) == (not _case(known).open)
    if _case(known).open:
        assert _body_told(ledger) == _case(known).body
        assert not _told_later_than_due(ledger, known)


def _case(known: Registers) -> Case:
    return known.routing or Case(status="triage", kind="complaint")


def _body_told(ledger: Ledger) -> str | None:
    last = ledger.told.last(FILER, "routed", "transferred")
    return last.subject.partition("/")[0] if last else None


def _told_later_than_due(ledger: Ledger, known: Registers) -> bool:
    """A date once told stands, or an earlier one was told after it; once it has passed without an answer, the breach was told."""
    clock, told = answer_clock(known, noria().procedure(known.header.procedure)), _due_told(ledger.told)
    return bool(clock and clock.due_at and told and not clock.breached_at and clock.due_at < told)
