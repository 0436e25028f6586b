"""The words for the steps of a due date, in Arabic, French and English: one catalogue for every page and message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from shared.contracts.states import ClockState, WhyStep

ROLLED = "next_working_day"
"""The unit of a days_off step that says how a last day was moved."""

Forms = Mapping[str, str]
"""A phrase for each plural category of a language (CLDR): one, two, few, many, other; other stands for those left out."""


@dataclass(frozen=True)
class Words:
    """One language. {n} is a quantity with its unit, {from}, {until} and {dates} are local dates."""

    months: tuple[str, ...]
    units: Mapping[str, Forms]
    steps: Mapping[str, str]
    plural: Callable[[int], str]
    comma: str = ", "
    first: str = "{n}"
    """How the first of a month is written."""


def _plural_en(n: int) -> str:
    return "one" if n == 1 else "other"


def _plural_fr(n: int) -> str:
    return "one" if n in (0, 1) else "other"


def _plural_ar(n: int) -> str:
    if n in (1, 2):
        return ("one", "two")[n - 1]
    return "few" if 3 <= n % 100 <= 10 else "many" if n % 100 >= 11 else "other"


_EN = Words(
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    units={
        "calendar_days": {"one": "{n} day", "other": "{n} days"},
        "working_days": {"one": "{n} working day", "other": "{n} working days"},
        "months": {"one": "{n} month", "other": "{n} months"},
        "hours": {"one": "{n} hour", "other": "{n} hours"},
    },
    steps={
        "start": "It starts on {from}.",
        "first_day_out": "That day itself, {from}, is not counted.",
        "span": "Time allowed: {n}.",
        "days_off": "Days off from {from} to {until} are not counted: {n}.",
        "days_off_dates": "Days off from {from} to {until} are not counted: {n}, among them {dates}.",
        "rolled": "{from} is a day off: the last day moves to {until}.",
        "pause": "Not counted from {from} to {until}, while information was awaited: {n}.",
        "extension": "Extended by {n}, to {until}.",
        "last_day": "The last day is {until}.",
        "paused": "The date assumes that the information comes as late as it may; it moves forward if it comes sooner.",
        "pending": "The date will be known once the procedure and its calendar have been loaded.",
    },
    plural=_plural_en,
)
_FR = Words(
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    units={
        "calendar_days": {"one": "{n} jour", "other": "{n} jours"},
        "working_days": {"one": "{n} jour ouvrable", "other": "{n} jours ouvrables"},
        "months": {"other": "{n} mois"},
        "hours": {"one": "{n} heure", "other": "{n} heures"},
    },
    steps={
        "start": "Le délai part du {from}.",
        "first_day_out": "Ce jour-là, le {from}, n'est pas compté.",
        "span": "Durée accordée : {n}.",
        "days_off": "Les jours chômés du {from} au {until} ne sont pas comptés : {n}.",
        "days_off_dates": "Les jours chômés du {from} au {until} ne sont pas comptés : {n}, dont le {dates}.",
        "rolled": "Le {from} est chômé : le dernier jour est reporté au {until}.",
        "pause": "Non comptés du {from} au {until}, dans l'attente d'informations : {n}.",
        "extension": "Prolongation : {n}, jusqu'au {until}.",
        "last_day": "Le dernier jour est le {until}.",
        "paused": "La date suppose que les informations arrivent le plus tard possible ; elle avance si elles arrivent avant.",
        "pending": "La date sera connue dès que la procédure et son calendrier auront été chargés.",
    },
    plural=_plural_fr,
    comma=", le ",
    first="{n}er",
)
_AR_UNITS: Mapping[str, Forms] = {
    "calendar_days": {"one": "يوم واحد", "two": "يومان", "few": "{n} أيام", "many": "{n} يوما", "other": "{n} يوم"},
    "working_days": {"one": "يوم عمل واحد", "two": "يوما عمل", "few": "{n} أيام عمل", "other": "{n} يوم عمل"},
    "months": {"one": "شهر واحد", "two": "شهران", "few": "{n} أشهر", "many": "{n} شهرا", "other": "{n} شهر"},
    "hours": {"one": "ساعة واحدة", "two": "ساعتان", "few": "{n} ساعات", "other": "{n} ساعة"},
}
_AR_STEPS = {
    "start": "يبدأ الأجل يوم {from}.",
    "first_day_out": "لا يحتسب هذا اليوم نفسه، {from}.",
    "span": "المدة المقررة: {n}.",
    "days_off": "لا تحتسب أيام العطلة من {from} إلى {until}: {n}.",
    "days_off_dates": "لا تحتسب أيام العطلة من {from} إلى {until}: {n}، منها {dates}.",
    "rolled": "يوم {from} عطلة: ينتقل اليوم الأخير إلى {until}.",
    "pause": "لا يحتسب من {from} إلى {until}، في انتظار معلومات: {n}.",
    "extension": "تمديد الأجل: {n}، إلى غاية {until}.",
    "last_day": "اليوم الأخير هو {until}.",
    "paused": "يفترض هذا التاريخ أن تصل المعلومات في آخر وقت ممكن، ويتقدم إن وصلت قبل ذلك.",
    "pending": "سيعرف التاريخ بعد تحميل المسطرة وتقويمها.",
}
_AR_MONTHS = ("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر")
_AR_MA_MONTHS = ("يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر")

_CATALOGUE: Mapping[str, Words] = {
    "en": _EN,
    "fr": _FR,
    "ar": Words(_AR_MONTHS, _AR_UNITS, _AR_STEPS, _plural_ar, comma=" و"),
    "ar-ma": Words(_AR_MA_MONTHS, _AR_UNITS, _AR_STEPS, _plural_ar, comma=" و"),
}
LANGUAGES = ("ar", "fr", "en")


def explain(clock: ClockState, language: str) -> list[str]:
    """Why a clock is due when it is: one sentence a step, in a language tag such as fr or ar-MA; English for one unknown."""
    words = _words(language)
    sentences = [sentence for step in clock.why if (sentence := render(step, language))]
    return sentences + [words.steps[clock.state] for state in ("paused", "pending") if clock.state == state]


def render(step: WhyStep, language: str) -> str:
    """One step as a sentence; empty for a code that this release does not know."""
    words = _words(language)
    pattern = words.steps.get(_phrase(step), "")
    quantity = _quantity(words, step)
    dates = words.comma.join(local_date(day, language) for day in step.dates)
    ends = {"from": step.from_, "until": step.until}
    return pattern.format(n=quantity, dates=dates, **{name: day and local_date(day, language) for name, day in ends.items()})


def local_date(day: date, language: str) -> str:
    """A date in words, such as 1er mars 2026."""
    words = _words(language)
    number = words.first.format(n=1) if day.day == 1 else str(day.day)
    return f"{number} {words.months[day.month - 1]} {day.year}"


def _words(language: str) -> Words:
    tag = language.lower()
    return _CATALOGUE.get(tag) or _CATALOGUE.get(tag.partition("-")[0]) or _EN


def _phrase(step: WhyStep) -> str:
    if step.code != "days_off":
        return step.code
    if step.unit == ROLLED:
        return "rolled"
    return "days_off_dates" if step.dates else "days_off"


def _quantity(words: Words, step: WhyStep) -> str:
    if step.n is None:
        return ""
    unit = "calendar_days" if step.code in ("days_off", "pause") else step.unit or ""
    forms = words.units.get(unit, {"other": "{n}"})
    return forms.get(words.plural(step.n), forms["other"]).format(n=step.n)
