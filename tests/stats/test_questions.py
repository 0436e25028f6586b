"""What cannot be meant is refused with what can."""

from datetime import date

import pytest

from services.stats.questions import check
from services.stats.shapes import Question
from services.stats.store import Filters
from shared.runtime.errors import Problem
from tests.support.lives import noria

BY = ["body", "public_service", "territory", "month"]


@pytest.mark.parametrize(
    ("question", "field", "allowed"),
    [
        ({}, "by", BY),
        ({"by": "bodies"}, "by", BY),
        ({"by": "territory", "level": "commune"}, "level", ["region", "province"]),
        ({"by": "body", "level": "region"}, "level", ["territory"]),
        ({"by": "body", "from": "2026-01-05"}, "from", None),
        ({"by": "body", "from": "٢٠٢٦-01"}, "from", None),
        ({"by": "body", "to": "0000-01"}, "to", None),
        ({"by": "body", "to": "2026-13"}, "to", None),
        ({"by": "body", "from": "2026-03", "to": "2026-02"}, "to", None),
        ({"by": "body", "body": "nobody"}, "body", None),
        ({"by": "body", "public_service": "none"}, "public_service", None),
        ({"by": "body", "procedure": "complaint@9"}, "procedure", None),
        ({"by": "body", "territory": "0"}, "territory", None),
        ({"by": "body", "territory": "99"}, "territory", None),
        ({"by": "body", "territory": "٠١"}, "territory", None),
    ],
    ids=str,
)
def test_refused(question: dict[str, str], field: str, allowed: list[str] | None) -> None:
    with pytest.raises(Problem) as refused:
        check(Question.model_validate(question), noria())
    problem = refused.value
    assert (problem.status, problem.code, problem.field) == (422, "invalid-field", field)
    assert allowed is None or problem.extra["allowed"] == allowed
    assert all(value in problem.detail for value in allowed or ())


def test_a_short_list_of_allowed_values_is_given_whole() -> None:
    with pytest.raises(Problem) as refused:
        check(Question(by="body", procedure="complaints"), noria())
    assert "complaint@1" in refused.value.extra["allowed"]


def test_accepted() -> None:
    question = Question.model_validate(
        {"by": "territory", "level": "province", "from": "2026-01", "to": "2026-01", "procedure": "complaint@1", "territory": "0100"}
    )
    asked = check(question, noria())
    assert asked.filters == Filters(date(2026, 1, 1), date(2026, 1, 1), "complaint@1", None, None, "0100")
    assert (asked.by, asked.level, asked.rates) == ("territory", "province", False)


def test_territories_are_counted_by_region_if_nothing_else_is_said() -> None:
    assert check(Question(by="territory"), noria()).level == "region"
