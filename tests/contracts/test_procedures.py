"""A procedure that contradicts itself is refused, each contradiction at its own place and in words."""

from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts.procedures import Calendar, Condition, Procedure

WORDS = {"ar": "كلمة", "fr": "mot"}


def days(n: int) -> dict[str, Any]:
    return {"n": n, "unit": "calendar_days"}


def law() -> dict[str, Any]:
    """A small procedure that is right: a form, an answer clock that requests pause, and the citizen's clock."""
    return {
        "code": "complaint",
        "version": 3,
        "valid_from": "2026-01-01",
        "kind": "complaint",
        "title": WORDS,
        "legal_basis": [{"title": "a law", "certainty": "A"}],
        "filer": {"identity": "contact"},
        "form": [
            {"code": "urgent", "type": "choice", "private": False, "label": WORDS, "options": [{"code": "yes", "label": WORDS}]},
            {"code": "details", "type": "text", "label": WORDS},
        ],
        "addressee": {"mode": "rule"},
        "refusals": [{"code": "before-court", "label": WORDS, "door": {"label": WORDS, "url": "https://courts.example"}}],
        "transfers": [{"code": "competence", "label": WORDS}],
        "clocks": [
            {
                "code": "answer",
                "label": WORDS,
                "starts": "filed",
                "stops": ["answered"],
                "paused_by_requests": True,
                "span": {"n": 20, "unit": "working_days", "calendar": "ma"},
                "holder": "body",
                "when": {"field": "urgent", "operator": "!=", "value": "yes"},
                "extension": {"span": days(15), "reasons": [{"code": "third-party", "label": WORDS}]},
                "alerts": [{"code": "d-5", "before": {"n": 5, "unit": "working_days", "calendar": "ma"}}],
            },
            {"code": "supply", "label": WORDS, "starts": "requested", "stops": ["closed"], "span": days(15), "holder": "citizen"},
        ],
        "outcomes": [{"code": "favourable", "label": WORDS, "counts_as": "answered"}],
        "requests": {"max": 1, "lapse": days(15)},
        "follow_ups": [{"rel": "renews", "procedure": "complaint", "on": ["breached"]}],
        "retention": {"n": 60, "unit": "months"},
    }


def put(data: Any, path: str, value: Any) -> None:
    """Sets the value at a dotted path; a number past the end of a list appends."""
    *above, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    for step in above:
        data = data[step]
    if isinstance(data, list) and last == len(data):
        data.append(value)
    else:
        data[last] = value


CONTRADICTIONS = [
    ("clocks.0.starts", "lodged", "clocks.0.starts", "Input should be 'filed'"),
    ("clocks.0.stops", [], "clocks.0.stops", "can never stop"),
    ("clocks.0.stops", ["filed"], "clocks.0.stops", "none of its stops comes after 'filed'"),
    ("clocks.0.extension.reasons", [], "clocks.0.extension.reasons", "at least one legal reason"),
    ("clocks.0.when.field", "colour", "clocks.0.when.field", "field 'colour' is not in the form"),
    ("clocks.0.when.field", "details", "clocks.0.when.field", "private: no clock can see it"),
    ("clocks.0.when.value", "maybe", "clocks.0.when.value", "'maybe' is no option"),
    ("clocks.0.when.operator", "in", "clocks.0.when.value", "`in` compares with a list"),
    ("clocks.0.span.calendar", None, "clocks.0.span.calendar", "working days need a calendar"),
    ("clocks.0.span", {"n": 5, "unit": "hours", "roll": "next_working_day", "calendar": "ma"}, "clocks.0.span.roll", "hours"),
    ("clocks.0.span.n", 0, "clocks.0.span.n", "greater than or equal to 1"),
    ("clocks.0.span.n", 2_000_000, "clocks.0.span.n", "no span of the law is longer"),
    ("clocks.0.alerts.0.before.n", 20, "clocks.0.alerts.0.before", "before the clock starts"),
    ("clocks.0.alerts.0.after", days(15), "clocks.0.alerts.0", "exactly one of them"),
    ("clocks.0.on_breach", "deemed_accepted", "clocks.0.on_breach", "no outcome 'deemed_accepted'"),
    ("clocks.0.code", "supply", "clocks.1.code", "used twice in clocks"),
    ("clocks.1.paused_by_requests", True, "clocks.1.paused_by_requests", "cannot be paused by requests"),
    ("clocks.1.span.n", 10, "clocks.1.span", "differs from requests.lapse"),
    ("clocks.1.holder", "body", "requests", "could never lapse"),
    ("requests", {"max": 1}, "requests.lapse", "a request needs a lapse"),
    ("requests", {"max": 0}, "clocks.1.starts", "requests.max allows none"),
    ("outcomes.0.counts_as", "lapsed", "outcomes.0.counts_as", "Input should be 'answered' or 'refused'"),
    ("outcomes", [], "outcomes", "at least 1 item"),
    ("refusals.0.code", "favourable", "refusals.0.code", "an outcome already"),
    ("refusals.0.door", {"label": WORDS}, "refusals.0.door", "a url or to a body"),
    ("transfers.1", {"code": "competence", "label": WORDS}, "transfers.1.code", "used twice in transfers"),
    ("form.1.code", "urgent", "form.1.code", "used twice in form"),
    ("form.1.private", False, "form.1.private", "never public"),
    ("form.1.options", [{"code": "a", "label": WORDS}], "form.1.options", "only a choice"),
    ("form.1.shown_if", {"field": "colour", "operator": "==", "value": 1}, "form.1.shown_if.field", "not in the form"),
    ("form.1.shown_if", {"field": "details", "operator": "==", "value": 1}, "form.1.shown_if.field", "cannot depend on itself"),
    ("addressee.mode", "fixed", "addressee.body", "names its body"),
    ("follow_ups.0.handled_by", "body", "follow_ups.0.body", "handled by a fixed body"),
    ("follow_ups.0.on", [], "follow_ups.0.on", "on what"),
    ("title", {"ar": " "}, "title", "words are missing"),
    ("code", "Complaint", "code", "match pattern"),
    ("colour", "red", "colour", "Extra inputs are not permitted"),
    ("rating", {"within": days(15), "stars": 5}, "rating.stars", "Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("path", "value", "where", "words"), CONTRADICTIONS)
def test_a_contradiction_is_named_where_it_stands(path: str, value: Any, where: str, words: str) -> None:
    data = law()
    put(data, path, value)
    with pytest.raises(ValidationError) as refused:
        Procedure.model_validate(data, extra="forbid")
    found = {".".join(map(str, error["loc"])): error["msg"] for error in refused.value.errors()}
    assert words in found[where]


def test_every_contradiction_is_named_at_once() -> None:
    data = law()
    for path, value in (("clocks.0.when.field", "colour"), ("clocks.0.on_breach", "deemed_refused"), ("clocks.1.span.n", 9)):
        put(data, path, value)
    with pytest.raises(ValidationError) as refused:
        Procedure.model_validate(data)
    assert len(refused.value.errors()) == 3


def test_breached_follow_up_needs_a_clock_of_the_body() -> None:
    data = law()
    data["clocks"], data["requests"] = [], {"max": 0}
    with pytest.raises(ValidationError, match="nothing can be breached"):
        Procedure.model_validate(data)


def test_more_public_fields_than_a_fact_may_carry() -> None:
    data = law()
    data["form"] += [{"code": f"day-{n}", "type": "date", "private": False, "label": WORDS} for n in range(10)]
    with pytest.raises(ValidationError, match="more than 10 public fields"):
        Procedure.model_validate(data)


def test_the_wire_form_reads_back_as_the_same_law() -> None:
    procedure = Procedure.model_validate(law(), extra="forbid")
    assert Procedure.model_validate_json(procedure.model_dump_json()) == procedure


def test_a_reader_ignores_what_a_later_release_adds() -> None:
    later = law() | {"mediation": {"days": 3}}
    assert Procedure.model_validate(later) == Procedure.model_validate(law())


def test_a_law_cannot_be_changed() -> None:
    procedure = Procedure.model_validate(law())
    with pytest.raises(ValidationError, match="frozen"):
        procedure.version = 4  # type: ignore[misc]


def test_lookups() -> None:
    procedure = Procedure.model_validate(law())
    assert procedure.ref == "complaint@3"
    assert procedure.public_fields == {"urgent"}
    assert procedure.clock("supply") == procedure.clocks[1]
    assert procedure.clock("qualify") is None
    assert procedure.outcome("favourable") == procedure.outcomes[0]
    assert procedure.outcome("absent") is None


def test_a_refusal_ends_a_case_with_reasons_and_its_door() -> None:
    refusal = Procedure.model_validate(law()).outcome("before-court")
    assert refusal is not None
    assert (refusal.counts_as, refusal.needs_reasons) == ("refused", True)
    assert refusal.door is not None
    assert refusal.door.url == "https://courts.example"


@pytest.mark.parametrize(
    ("operator", "value", "coded", "holds"),
    [
        ("==", "yes", {"urgent": "yes"}, True),
        ("==", "yes", {"urgent": "no"}, False),
        ("==", "yes", {}, False),
        ("!=", "yes", {"urgent": "no"}, True),
        ("!=", "yes", {"urgent": "yes"}, False),
        ("!=", "yes", {}, True),
        ("in", ("a", "b"), {"urgent": "b"}, True),
        ("in", ("a", "b"), {"urgent": "c"}, False),
    ],
)
def test_condition(operator: Any, value: Any, coded: dict[str, Any], holds: bool) -> None:
    assert Condition(field="urgent", operator=operator, value=value).holds(coded) is holds


def calendar(**changes: Any) -> Calendar:
    data: dict[str, Any] = {
        "code": "ma",
        "version": 1,
        "weekly_off": ["saturday", "sunday"],
        "time_zone": "Africa/Casablanca",
        "days_off": [{"date": "2026-11-18", "kind": "civil", "label": WORDS}],
    }
    return Calendar.model_validate(deepcopy(data) | changes, extra="forbid")


@pytest.mark.parametrize(
    ("day", "off"),
    [
        (date(2026, 11, 18), True),  # a Wednesday, listed
        (date(2026, 11, 19), False),  # a Thursday
        (date(2026, 11, 21), True),  # a Saturday
        (date(2026, 11, 22), True),  # a Sunday
        (date(2026, 11, 23), False),  # a Monday
    ],
)
def test_days_off(day: date, off: bool) -> None:
    assert calendar().is_day_off(day) is off


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_zone": "Africa/Fez"}, "no time zone"),
        ({"weekly_off": ["caturday"]}, "Input should be 'monday'"),
        ({"weekly_off": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}, "never end"),
        ({"days_off": [{"date": "2026-01-01", "kind": "civil", "label": WORDS}] * 2}, "listed twice"),
        ({"days_off": [{"date": "2026-01-01", "kind": "lunar", "label": WORDS}]}, "Input should be 'civil'"),
    ],
)
def test_a_calendar_that_cannot_be_right_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        calendar(**changes)


def test_a_local_day_is_not_always_24_hours() -> None:
    """Africa/Casablanca leaves +01 for +00 on 15 February 2026 at 03:00 and returns on 22 March (tzdata 2025b)."""
    ma = calendar()
    assert ma.day_starts_at(date(2026, 2, 15)) == datetime(2026, 2, 14, 23, tzinfo=UTC)
    assert ma.day_ends_at(date(2026, 2, 15)) == datetime(2026, 2, 16, 0, tzinfo=UTC)
    assert ma.day_ends_at(date(2026, 3, 22)) == datetime(2026, 3, 22, 23, tzinfo=UTC)
    assert ma.local_date(datetime(2026, 2, 14, 23, tzinfo=UTC)) == date(2026, 2, 15)
    assert ma.local_date(datetime(2026, 2, 16, 23, 59, tzinfo=UTC)) == date(2026, 2, 16)
