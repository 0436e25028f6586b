"""From a notice's codes and dates to the words that a person reads, in one language."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, Environment, StrictUndefined

from services.notifications.notice import FILER, body_of
from services.notifications.page import RIGHT_TO_LEFT, page
from shared.contracts.base import Text
from shared.contracts.directory import Directory
from shared.contracts.procedures import Door, Procedure
from shared.contracts.states import ClockState
from shared.contracts.why import LANGUAGES, explain, local_date

FOLDER = Path(__file__).parent / "templates"
_GAP = re.compile(r"\n{3,}")
_PART = "\0"
"""Between a letter's subject, text and footer, which are one template since each has its price. No word from the store holds it."""


@dataclass(frozen=True)
class Subject:
    """What a notice is about, as the templates need it."""

    code: str
    audience: str
    reference: str
    procedure: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Letter:
    """The words of a notice."""

    subject: str
    text: str
    html: str


class Templates:
    """The notices of all languages: templates/<language>.toml has a subject and a text for each code.

    A code of a desk's notice is looked up with "staff-" before it. A template that names something unknown raises when it
    is rendered; a test renders them all.
    """

    def __init__(self) -> None:
        self._languages = {language: _templates(language) for language in LANGUAGES}

    def codes(self, language: str) -> set[str]:
        return {name.partition(":")[0] for name in self._languages[language].list_templates() if name.endswith(":letter")}

    def letter(self, about: Subject, language: str, directory: Directory, *, link: str | None) -> Letter:
        """`language` is one of LANGUAGES. `link`: the page of the complaint for this reader."""
        name = about.code if about.audience == FILER else f"staff-{about.code}"
        words = _words(about, language, directory) | {"link": link}
        heading, *parts = self._languages[language].get_template(f"{name}:letter").render(words).split(_PART)
        subject = " ".join(heading.split())
        text = _GAP.sub("\n\n", "\n\n".join(part.strip() for part in parts)) + "\n"
        return Letter(subject, text, page(subject, text, language))


def reading_language(wanted: str, directory: Directory) -> str:
    """The language asked for, else the first of the jurisdiction's pages that there are templates for."""
    offered = directory.pack.page_languages if directory.pack else ()
    return next(language for language in (wanted.partition("-")[0].lower(), *offered, *LANGUAGES) if language in LANGUAGES)


def _templates(language: str) -> Environment:
    with (FOLDER / f"{language}.toml").open("rb") as file:
        written = tomllib.load(file)
    texts = {code: parts["text"] for code, parts in written.items()}
    letters = {f"{code}:letter": _letter(code, parts["subject"], texts) for code, parts in written.items() if "subject" in parts}
    return Environment(
        loader=DictLoader(texts | letters),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _letter(code: str, subject: str, texts: Mapping[str, str]) -> str:
    footer = "staff-footer" if code.startswith("staff-") else "filer-footer"
    return _PART.join((subject, texts[code], texts[footer]))


def _words(about: Subject, language: str, directory: Directory) -> dict[str, Any]:
    """Everything that a template may name; None for what this notice does not have."""
    params, law = about.params, directory.procedure(about.procedure)
    clock = ClockState.model_validate(params["clock"]) if params.get("clock") else None
    rule = law.clock(clock.code) if law and clock else None
    outcome = law.outcome(params["outcome"]) if law and params.get("outcome") else None
    body = directory.bodies.get(params.get("body") or body_of(about.audience) or (clock and clock.body) or "")
    reasons = [*_reasons(law), *(rule.extension.reasons if rule and rule.extension else ())]
    return {
        "reference": about.reference,
        "procedure": _said(law.title, language) if law else None,
        "body": _said(body.name, language) if body else None,
        "clock": _said(rule.label, language) if rule else None,
        "due": _due(clock, language, directory) if clock else None,
        "why": explain(clock, language) if clock else [],
        "until": _last_day(params["lapses_at"], language, directory) if params.get("lapses_at") else None,
        "reason": next((_said(reason.label, language) for reason in reasons if reason.code == params.get("reason")), None),
        "outcome": _said(outcome.label, language) if outcome else None,
        "door": _door(outcome.door, language) if outcome and outcome.door else None,
        "all": params.get("all"),
        "late": params.get("late"),
        "cases": [_case(case, language, directory) for case in params.get("cases", ())],
        "doors": [_door(door, language) for door in (directory.pack.doors if directory.pack else ())],
    }


def _case(case: Mapping[str, Any], language: str, directory: Directory) -> dict[str, Any]:
    """A line of a body's list."""
    known = directory.public_services.get(case["public_service"] or "")
    last_day, due_at = case["last_day"], datetime.fromisoformat(case["due_at"])
    due = local_date(date.fromisoformat(last_day), language) if last_day else _instant(due_at, language, directory)
    return {**case, "due": due, "public_service": _said(known.title, language) if known else None}


def _reasons(law: Procedure | None) -> Sequence[Any]:
    return law.transfers if law else ()


def _said(words: Text, language: str) -> str:
    """In this language, else in one of the same script, else in any."""
    near = [known for known in words if (known in RIGHT_TO_LEFT) == (language in RIGHT_TO_LEFT)]
    return next((words[known] for known in (language, *near, *words) if known in words), "")


def _door(door: Door, language: str) -> str:
    return f"{_said(door.label, language)}: {door.url}" if door.url else _said(door.label, language)


def _due(clock: ClockState, language: str, directory: Directory) -> str | None:
    """The last day, in words; an instant where the clock counts hours."""
    if clock.last_day:
        return local_date(clock.last_day, language)
    return _instant(clock.due_at, language, directory) if clock.due_at else None


def _instant(at: datetime, language: str, directory: Directory) -> str:
    local = at.astimezone(_zone(directory))
    return f"{local_date(local.date(), language)}, {local:%H:%M}"


def _last_day(lapses_at: str, language: str, directory: Directory) -> str:
    """The local day of the last instant that is in time."""
    last = datetime.fromisoformat(lapses_at) - timedelta(milliseconds=1)
    return local_date(last.astimezone(_zone(directory)).date(), language)


def _zone(directory: Directory) -> ZoneInfo:
    return ZoneInfo(directory.pack.time_zone if directory.pack else "UTC")
