"""The words of a due date."""

from datetime import date

import pytest

from services.deadlines.domain import clocks_of
from shared.contracts.states import ClockState, WhyStep
from shared.contracts.why import LANGUAGES, explain, local_date, render
from tests.deadlines import worlds
from tests.deadlines.worlds import at, case, granted, request, rule

CODES = ("start", "first_day_out", "span", "days_off", "pause", "extension", "last_day")


def state() -> ClockState:
    """20 working days and 20 more, one day of Ramadan's end off, a weekend in a pause, Saturday moved."""
    span = {"n": 20, "unit": "working_days", "calendar": "ma"}
    extension = {
        "span": {"n": 1, "unit": "calendar_days", "calendar": "ma", "roll": "next_working_day"},
        "reasons": [{"code": "any", "label": worlds.WORDS}],
    }
    asked = request("a", "2026-06-11T09:00:00Z", "2026-06-26T23:00:00Z", supplied="2026-06-15T09:00:00Z")
    history = case(requests=[asked], extensions=[granted(at("2026-06-20T10:00:00Z"))])
    calendar = worlds.calendar([date(2026, 6, 17), date(2026, 7, 3)])
    directory = worlds.directory(worlds.law(rule(span=span, extension=extension)), calendar)
    (clock,) = clocks_of(worlds.header("2026-06-01T10:00:00Z"), worlds.filing(), history, directory) or ()
    return clock.state


def test_in_english() -> None:
    """2-5, 8-11, 16, 18, 19, 22-26, 29, 30 June, 1, 2 July; one day more is Friday 3, off; Monday 6."""
    assert explain(state(), "en") == [
        "It starts on 1 June 2026.",
        "That day itself, 1 June 2026, is not counted.",
        "Time allowed: 20 working days.",
        "Days off from 2 June 2026 to 2 July 2026 are not counted: 7 days, among them 17 June 2026.",
        "Extended by 1 day, to 3 July 2026.",
        "3 July 2026 is a day off: the last day moves to 6 July 2026.",
        "Not counted from 12 June 2026 to 15 June 2026, while information was awaited: 4 days.",
        "The last day is 6 July 2026.",
    ]


def test_in_french() -> None:
    assert explain(state(), "fr") == [
        "Le délai part du 1er juin 2026.",
        "Ce jour-là, le 1er juin 2026, n'est pas compté.",
        "Durée accordée : 20 jours ouvrables.",
        "Les jours chômés du 2 juin 2026 au 2 juillet 2026 ne sont pas comptés : 7 jours, dont le 17 juin 2026.",
        "Prolongation : 1 jour, jusqu'au 3 juillet 2026.",
        "Le 3 juillet 2026 est chômé : le dernier jour est reporté au 6 juillet 2026.",
        "Non comptés du 12 juin 2026 au 15 juin 2026, dans l'attente d'informations : 4 jours.",
        "Le dernier jour est le 6 juillet 2026.",
    ]


def test_in_arabic() -> None:
    assert explain(state(), "ar") == [
        "يبدأ الأجل يوم 1 يونيو 2026.",
        "لا يحتسب هذا اليوم نفسه، 1 يونيو 2026.",
        "المدة المقررة: 20 يوم عمل.",
        "لا تحتسب أيام العطلة من 2 يونيو 2026 إلى 2 يوليو 2026: 7 أيام، منها 17 يونيو 2026.",
        "تمديد الأجل: يوم واحد، إلى غاية 3 يوليو 2026.",
        "يوم 3 يوليو 2026 عطلة: ينتقل اليوم الأخير إلى 6 يوليو 2026.",
        "لا يحتسب من 12 يونيو 2026 إلى 15 يونيو 2026، في انتظار معلومات: 4 أيام.",
        "اليوم الأخير هو 6 يوليو 2026.",
    ]


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (1, "يوم واحد"),
        (2, "يومان"),
        (3, "3 أيام"),
        (10, "10 أيام"),
        (11, "11 يوما"),
        (60, "60 يوما"),
        (100, "100 يوم"),
        (102, "102 يوم"),
        (103, "103 أيام"),
        (111, "111 يوما"),
    ],
)
def test_arabic_counts_in_six_ways(n: int, words: str) -> None:
    assert render(WhyStep(code="span", n=n, unit="calendar_days"), "ar") == f"المدة المقررة: {words}."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_words_in_every_language(language: str) -> None:
    day = date(2026, 3, 1)
    for code in CODES:
        step = WhyStep(code=code, from_=day, until=day, n=1, unit="hours", dates=(day,))
        assert local_date(day, language) in render(step, language) or code == "span"
    assert (
        len({render(WhyStep(code="span", n=5, unit=unit), language) for unit in ("calendar_days", "working_days", "months", "hours")}) == 4
    )


def test_a_step_of_a_later_release_is_left_out_and_an_unknown_language_is_english() -> None:
    assert render(WhyStep(code="moon"), "fr") == ""
    assert render(WhyStep(code="last_day", until=date(2026, 3, 14)), "tlh") == "The last day is 14 March 2026."


def test_months_have_their_moroccan_names_where_asked_for() -> None:
    assert (local_date(date(2026, 8, 14), "ar"), local_date(date(2026, 8, 14), "ar-MA")) == ("14 أغسطس 2026", "14 غشت 2026")


def test_what_is_assumed_and_what_is_missing_is_said() -> None:
    assert explain(ClockState(code="answer", holder="body", state="paused"), "en")[-1].startswith("The date assumes")
    assert explain(ClockState(code="answer", holder="body", state="pending"), "fr")[-1].startswith("La date sera connue")
