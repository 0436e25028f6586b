"""What goes to the Médiateur of a late or closed case: the filing, who had it, what was asked and answered, when it was due. Pure."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.contracts.base import Contract, Text, iso
from shared.contracts.complaint import Header
from shared.contracts.directory import Directory
from shared.contracts.elapsed import elapsed
from shared.contracts.private import Answers, Papers
from shared.contracts.procedures import Procedure
from shared.contracts.states import Case, Clocks, ClockState, Filing
from shared.contracts.why import LANGUAGES, explain

DIGESTS = "digests.txt"
DESKS = ("body", "platform")


@dataclass(frozen=True)
class Dossier:
    """One case as it stands at an instant. papers and answers are None where the filer's data has been erased."""

    header: Header
    filing: Filing
    case: Case
    clocks: Clocks
    papers: Papers | None
    answers: Answers | None
    directory: Directory
    now: datetime

    @property
    def due(self) -> bool:
        """Whether there is one to make: the case is closed, or a desk's clock was breached, and the breach stands."""
        return not self.case.open or any(clock.breached_at and clock.holder in DESKS for clock in self.clocks)

    def zipped(self) -> bytes:
        """The same case at the same instant gives the same bytes: files in their order, dated by the instant."""
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in self.files().items():
                file.writestr(zipfile.ZipInfo(name, self._local()), content, zipfile.ZIP_DEFLATED)
        return whole.getvalue()

    def files(self) -> dict[str, bytes]:
        """Each file by its name; the last one holds the sha256 of the others, as `sha256sum -c` reads it."""
        parts: dict[str, Any] = {
            "filing.json": self._filing(),
            "custody.json": self._custody(),
            "requests.json": self._requests(),
            "answers.json": self._answers(),
            "dates.json": [self._clock(clock) for clock in self.clocks],
        }
        found = {name: (json.dumps(part, ensure_ascii=False, indent=2) + "\n").encode() for name, part in parts.items()}
        found |= {f"dates.{language}.txt": "\n".join(self._dates(language)).encode() for language in LANGUAGES}
        return found | {DIGESTS: digests(found).encode()}

    @property
    def _law(self) -> Procedure | None:
        return self.directory.procedure(self.header.procedure)

    def _local(self) -> tuple[int, int, int, int, int, int]:
        zone = self.directory.pack.time_zone if self.directory.pack else "UTC"
        at = self.now.astimezone(ZoneInfo(zone))
        return at.year, at.month, at.day, at.hour, at.minute, at.second

    def _filing(self) -> dict[str, Any]:
        names = ("person", "subject", "narrative", "private", "supplied", "comments", "attachments")
        kept = _json(self.papers, *names) if self.papers else None
        title = self._law.title if self._law else None
        return {"made_at": iso(self.now), "complaint": _json(self.header), "procedure": title, "filing": _json(self.filing), "papers": kept}

    def _custody(self) -> dict[str, Any]:
        calendar = self.directory.calendar()
        found = elapsed(self.header, self.filing, self.case, calendar, self.now) if calendar else None
        turns = [_json(turn) | {"name": _name(turn.body, self.directory)} for turn in found.turns] if found else []
        held = [_json(custody) | {"name": _name(custody.body, self.directory)} for custody in self.case.custody]
        return {"status": self.case.status, "days": found.days if found else None, "turns": turns, "custody": held}

    def _requests(self) -> list[dict[str, Any]]:
        words = {request.id: request.text for request in self.answers.requests} if self.answers else {}
        return [_json(request) | {"text": words.get(request.id)} for request in self.case.requests]

    def _answers(self) -> dict[str, Any]:
        response = self.case.response
        outcome = self._law.outcome(self.case.outcome) if self._law and self.case.outcome else None
        reasons = self.answers.reasons if self.answers and response and self.answers.response_id == response.id else None
        extensions = [_json(extension) for extension in self.case.extensions]
        return {
            "outcome": self.case.outcome,
            "outcome_label": outcome.label if outcome else None,
            "response": _json(response) if response else None,
            "reasons": reasons,
            "extensions": extensions,
        }

    def _clock(self, clock: ClockState) -> dict[str, Any]:
        rule = self._law.clock(clock.code) if self._law else None
        return _json(clock) | {"label": rule.label if rule else None, "why": {each: explain(clock, each) for each in LANGUAGES}}

    def _dates(self, language: str) -> Iterator[str]:
        for clock in self.clocks:
            rule = self._law.clock(clock.code) if self._law else None
            yield f"{rule.label.get(language, clock.code) if rule else clock.code} [{clock.code}]"
            yield from (f"- {sentence}" for sentence in explain(clock, language))
            yield ""


def digests(files: Mapping[str, bytes]) -> str:
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())


def _json(value: Contract, *names: str) -> dict[str, Any]:
    return value.model_dump(mode="json", by_alias=True, include=set(names) or None)


def _name(body: str | None, directory: Directory) -> Text | None:
    record = directory.bodies.get(body or "")
    return record.name if record else None
