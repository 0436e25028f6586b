"""Routing rules: the first that applies and finds a body decides."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.routing.directory.domain import Decision, Rule, Target, decide, standing, walk
from services.routing.directory.pack import load
from services.routing.directory.rule_checks import check_rules, repeated, unknown_in
from shared.contracts.complaint import Header
from shared.contracts.directory import BodyRecord, Directory, DirectoryRecord, ProcedureRecord
from shared.contracts.procedures import Addressee
from shared.contracts.states import RuleUsed
from shared.contracts.wording import tokens

PACK = load(Path(__file__).parents[1] / "packs/noria")
NORIA = PACK.directory
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PRIMA, TERZA, QUARTA, ALTA, BASSA = "010010101", "010020101", "020010101", "010010000", "010020000"


def header(**values: Any) -> Header:
    fixed = {"id": UUID(int=1), "reference": "7KQ4XM2D5", "procedure": "complaint@1", "filed_at": AT, "recorded_at": AT, "channel": "web"}
    return Header.model_validate(fixed | {"territory": PRIMA} | values)


def went(directory: Directory = NORIA, rules: tuple[Rule, ...] = PACK.rules, **values: Any) -> tuple[str | None, str | None, bool | None]:
    decision = decide(rules, header(**values), directory)
    rule = decision.rule
    return decision.body, rule.id if rule else None, rule.final if rule else None


@pytest.mark.parametrize(
    ("filing", "body", "rule", "final"),
    [
        ({"body": "water-office", "public_service": "civil-status"}, "water-office", "declared-body", False),
        ({"body": "old-water-board"}, "water-office", "declared-body", False),
        ({"body": "no-such-body", "public_service": "dams"}, "ministry-waters", "body-of-public-service", False),
        ({"public_service": "civil-status"}, "commune-prima", "civil-status-to-commune", True),
        ({"public_service": "birth-certificate", "territory": QUARTA}, "commune-quarta", "civil-status-to-commune", True),
        ({"public_service": "birth-certificate", "territory": TERZA}, "ministry-towns", "body-of-public-service", False),
        ({"public_service": "civil-status", "territory": ALTA}, "ministry-towns", "body-of-public-service", False),
        ({"public_service": "order"}, "prefect-alta", "order-to-prefect", True),
        ({"public_service": "order", "territory": TERZA}, "prefect-north", "order-to-prefect", True),
        ({"public_service": "order", "territory": QUARTA}, "ministry-towns", "body-of-public-service", False),
        ({"public_service": "water-bill"}, "water-office", "body-of-public-service", False),
        ({"public_service": "no-such-service"}, None, "national-triage", False),
        ({}, None, "national-triage", False),
        ({"public_service": "order", "territory": "999999999"}, "ministry-towns", "body-of-public-service", False),
    ],
)
def test_where_a_filing_goes(filing: dict[str, Any], body: str | None, rule: str, final: bool) -> None:
    assert went(**filing) == (body, rule, final)


def test_the_decision_says_by_which_rule_and_on_what() -> None:
    expected = RuleUsed(id="order-to-prefect", version=2, final=True, evidence=("public_services",))
    evidence = {"public_service": "order", "territory": TERZA}
    assert decide(PACK.rules, header(public_service="order", territory=TERZA), NORIA) == Decision("prefect-north", expected, evidence)


def test_without_any_rule_a_case_waits_in_triage() -> None:
    assert decide((), header(public_service="dams"), NORIA) == Decision(None, None)


def test_the_order_of_the_rules_decides() -> None:
    reverse = tuple(reversed(PACK.rules))
    assert went(rules=reverse, public_service="dams") == (None, "national-triage", False)


def rule(**when: Any) -> tuple[Rule, ...]:
    return (Rule.model_validate({"id": "only", "when": when, "to": {"kind": "body", "body": "ministry-waters"}}),)


@pytest.mark.parametrize(
    ("when", "filing", "applies"),
    [
        ({"procedures": ["complaint"]}, {}, True),
        ({"procedures": ["observation"]}, {}, False),
        ({"territories": ["010000000"]}, {}, True),
        ({"territories": ["020000000"]}, {}, False),
        ({"territories": ["020000000", PRIMA]}, {}, True),
        ({"territories": [PRIMA]}, {"territory": ALTA}, False),
        ({"bodies": ["water-office"]}, {"body": "water-office"}, True),
        ({"bodies": ["water-office"]}, {}, False),
        ({"public_services": ["water-supply"]}, {"public_service": "water-bill"}, True),
        ({"public_services": ["water-bill"]}, {"public_service": "water-supply"}, False),
        ({"public_services": ["water-supply"], "territories": ["020000000"]}, {"public_service": "water-bill"}, False),
    ],
)
def test_all_that_a_rule_asks_must_hold(when: dict[str, Any], filing: dict[str, Any], applies: bool) -> None:
    assert went(rules=rule(**when), **filing)[0] == ("ministry-waters" if applies else None)


def test_two_candidates_in_one_place_decide_nothing() -> None:
    twin = NORIA.bodies["prefect-alta"].model_copy(update={"id": "second-prefect-alta"})
    assert went(NORIA.updated([twin]), public_service="order") == ("ministry-towns", "body-of-public-service", False)


def test_a_parent_tells_two_candidates_apart() -> None:
    school = NORIA.bodies["prefect-alta"].model_copy(update={"id": "school-board-alta", "parent": "ministry-waters"})
    to = {"kind": "body_by_territory", "family": "deconcentrated", "parent": "ministry-waters"}
    rules = (Rule.model_validate({"id": "schools", "to": to}),)
    assert went(NORIA.updated([school]), rules)[0] == "school-board-alta"


def test_a_level_looks_no_higher() -> None:
    rules = (Rule.model_validate({"id": "near", "to": {"kind": "body_by_territory", "family": "deconcentrated", "level": "province"}}),)
    assert went(rules=rules)[0] == "prefect-alta"
    assert went(rules=rules, territory=BASSA)[0] is None


def test_a_fixed_addressee_comes_before_all_rules() -> None:
    law = NORIA.procedures["complaint", 1]
    fixed = law.model_copy(update={"version": 2, "addressee": Addressee(mode="fixed", body="old-water-board")})
    directory = NORIA.updated([ProcedureRecord(version=2, valid_from=fixed.valid_from, procedure=fixed)])
    decision = decide(PACK.rules, header(procedure="complaint@2", body="ministry-towns"), directory)
    assert decision == Decision(
        "water-office", RuleUsed(id="fixed-addressee", version=2, final=True), {"procedure": "complaint@2"}, by_law=True
    )


def closed(name: str, successor: str | None) -> DirectoryRecord:
    changes = {"id": name, "successor": successor, "closed_on": AT.date()}
    return BodyRecord.model_validate(NORIA.bodies["water-office"].model_dump() | changes)


def test_succession_is_followed_to_an_open_body_or_to_nobody() -> None:
    directory = NORIA.updated([closed("a", "b"), closed("b", "water-office"), closed("c", None), closed("d", "e"), closed("e", "d")])
    assert [standing(body, directory) for body in ("a", "b", "water-office")] == ["water-office"] * 3
    assert [standing(body, directory) for body in ("c", "d", "e", "unknown", None)] == [None] * 5


@pytest.mark.parametrize(
    "target",
    [{"kind": "body"}, {"kind": "triage", "body": "x"}, {"kind": "body_by_territory"}, {"kind": "declared_body", "level": "region"}],
)
def test_a_target_that_says_too_little_or_too_much_is_refused(target: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Target.model_validate(target)


WATER = {"id": "water-words", "when": {"words": ["fuite", "ما شروب", "compteur d'eau"]}, "to": {"kind": "body", "body": "water-office"}}
DAMS = {"id": "dams", "when": {"public_services": ["dams"]}, "to": {"kind": "body_of_public_service"}}
PARENT = {"id": "parent", "to": {"kind": "parent"}}
TRIAGE = {"id": "triage", "to": {"kind": "triage"}}


def rules(*written: dict[str, Any]) -> tuple[Rule, ...]:
    return tuple(Rule.model_validate(one) for one in written)


@pytest.mark.parametrize(
    ("subject", "body", "word"),
    [
        ("Une FUITE dans la rue", "water-office", "fuite"),
        ("Deux fuites", "water-office", "fuite"),
        ("انقطاع الماء الشروب", "water-office", "ما شروب"),
        ("ما شروب", "water-office", "ما شروب"),
        ("Compteur d’eau illisible", "water-office", "compteur d'eau"),
        ("Compteur de vitesse, eau", None, None),
        ("", None, None),
    ],
)
def test_a_rule_may_ask_for_words_of_the_subject(subject: str, body: str | None, word: str | None) -> None:
    decision = decide(rules(WATER, TRIAGE), header(), NORIA, tokens(subject))
    assert (decision.body, decision.word, decision.waits) == (body, word, False)
    assert decision.rule
    assert decision.rule.evidence == (("words",) if word else ())


def test_no_rule_is_looked_at_after_one_that_waits_for_words() -> None:
    waiting = decide(rules(WATER, {"id": "all", "to": {"kind": "body", "body": "ministry-waters"}}), header(), NORIA)
    assert waiting == Decision(None, None, waits=True)
    first = decide(rules(DAMS, WATER), header(public_service="dams"), NORIA)
    assert (first.body, first.waits) == ("ministry-waters", False)
    elsewhere = {**WATER, "when": {**WATER["when"], "territories": ["020000000"]}}  # type: ignore[dict-item]
    assert decide(rules(elsewhere, TRIAGE), header(), NORIA).waits is False


def offline(*names: str) -> Directory:
    return NORIA.updated([NORIA.bodies[name].model_copy(update={"online": False, "version": 2}) for name in names])


@pytest.mark.parametrize(
    ("absent", "expected"),
    [
        ((), "water-office"),
        (("water-office",), "ministry-waters"),
        (("water-office", "ministry-waters"), None),
    ],
)
def test_a_body_that_is_not_on_line_gets_nothing_and_its_parent_may(absent: tuple[str, ...], expected: str | None) -> None:
    declared = {"id": "declared", "to": {"kind": "declared_body"}}
    decision = decide(rules(declared, PARENT, TRIAGE), header(body="water-office"), offline(*absent))
    assert decision.body == expected
    assert decision.evidence.get("not_on_line") == (absent[0] if absent else None)


def test_every_rule_that_was_looked_at_says_what_came_of_it() -> None:
    looks = list(walk(rules(DAMS, WATER, PARENT, TRIAGE), header(body="water-office"), NORIA, tokens("route")))
    assert [(look.rule.id, look.result, look.unmet) for look in looks] == [
        ("dams", "asks-otherwise", ("public_services",)),
        ("water-words", "asks-otherwise", ("words",)),
        ("parent", "finds-nobody", ()),
        ("triage", "decided", ()),
    ]


def test_a_condition_that_this_release_does_not_know_is_refused() -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"id": "x", "when": {"phase_of_moon": ["full"]}, "to": {"kind": "triage"}})


@pytest.mark.parametrize(
    ("broken", "n", "reason"),
    [
        ([TRIAGE, DAMS], 1, "is never reached: rule 'triage' before it"),
        ([DAMS, {**DAMS, "id": "again"}], 1, "is never reached: rule 'dams' before it"),
        ([WATER, {**WATER, "id": "narrower", "when": {"words": ["fuite"], "territories": [PRIMA]}}], 1, "is never reached"),
        ([{**WATER, "when": {"territories": ["010000000"]}}, {**DAMS, "when": {"territories": [PRIMA]}}], 1, "is never reached"),
        ([PARENT, TRIAGE], 0, "no rule before it could find a body"),
        ([{**WATER, "when": {"words": ["؟"]}}], 0, "too short"),
        ([{**WATER, "when": {"words": ["fuite", "l'"]}}], 0, "too short"),
        ([{**TRIAGE, "id": "fixed-addressee"}], 0, "is kept for what the law decides"),
        ([{**TRIAGE, "id": "follow-up-renews"}], 0, "is kept for what the law decides"),
        ([{**DAMS, "when": {"public_services": ["damns"]}}], 0, "unknown public service 'damns'"),
        ([{"id": "x", "to": {"kind": "body", "body": "no-such-body"}}], 0, "unknown body 'no-such-body'"),
    ],
)
def test_a_broken_set_of_rules_is_told_with_its_place(broken: list[dict[str, Any]], n: int, reason: str) -> None:
    found = list(check_rules(rules(*broken), NORIA, unknown_in(NORIA)))
    assert [problem for problem in found if problem[0] == n and reason in problem[2]], found


@pytest.mark.parametrize(
    "good",
    [
        [DAMS, WATER, PARENT, TRIAGE],
        [{**WATER, "when": {"words": ["fuite"]}}, {**WATER, "id": "wider", "when": {"words": ["fuite", "puits"]}}],
        [{**DAMS, "when": {"territories": [PRIMA]}}, {**DAMS, "when": {"territories": ["010000000"]}, "id": "wider"}],
        [{**DAMS, "when": {"public_services": ["civil-status"]}}, {**TRIAGE, "when": {"public_services": ["birth-certificate"]}}],
    ],
)
def test_a_good_set_of_rules_is_not(good: list[dict[str, Any]]) -> None:
    assert list(check_rules(rules(*good), NORIA, unknown_in(NORIA))) == []


def test_two_rules_with_one_id() -> None:
    assert [n for n, _, _ in repeated(rules(DAMS, TRIAGE, DAMS))] == [2]
