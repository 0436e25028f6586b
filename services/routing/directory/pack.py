"""A country pack: a folder of YAML files that describes a jurisdiction. Loaded whole or refused whole.

    pack.yaml  territories.yaml  bodies.yaml  public_services.yaml  rules.yaml  procedures/<code>@<version>.yaml  calendars/<code>.yaml
    targets.yaml, where the coverage of bodies has an aim
    alerts.yaml, where there are words for which there is a better door than a complaint

`python -m services.routing.directory.pack <folder>` checks one: exit 0 with a summary, or 1 with each mistake, its file and line.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.routing.directory.documents import Document, Finding, Loc, PackRefused, read
from services.routing.directory.domain import Rule
from services.routing.directory.pack_checks import Draft, Entry, T, check
from shared.contracts.directory import (
    AlertRecord,
    BodyRecord,
    CalendarRecord,
    Directory,
    DirectoryRecord,
    PackRecord,
    ProcedureRecord,
    PublicServiceRecord,
    TerritoryRecord,
)
from shared.contracts.directory_records import Targets
from shared.contracts.procedures import Calendar, Procedure


@dataclass(frozen=True)
class Pack:
    """A good pack: its records in the order to be written (what is referred to first, the pack record last) and its rules."""

    records: tuple[DirectoryRecord, ...]
    rules: tuple[Rule, ...]

    @property
    def record(self) -> PackRecord:
        last = self.records[-1]
        assert isinstance(last, PackRecord)
        return last

    @property
    def directory(self) -> Directory:
        return Directory(self.records)


def load(folder: Path) -> Pack:
    """The pack in a folder. Raises PackRefused with every mistake found; then nothing of it may be used."""
    reader = _Reader(folder)
    draft = reader.draft()
    findings = [*reader.findings, *check(draft)]
    if findings:
        raise PackRefused(findings)
    manifest = draft.pack[0].value
    records = _records(draft, manifest)
    counts = dict(Counter(record.kind for record in records))
    pack = manifest.model_copy(update={"counts": counts, "sha256": digest(folder)})
    return Pack((*records, pack), tuple(entry.value for entry in draft.rules))


def digest(folder: Path) -> str:
    """The sha256 over the names and contents of the pack's files, whatever the order in which a disk lists them."""
    whole = sha256()
    for path in sorted(folder.rglob("*.yaml"), key=lambda path: path.relative_to(folder).as_posix()):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def _records(draft: Draft, manifest: PackRecord) -> list[DirectoryRecord]:
    since = manifest.valid_from
    calendars = [CalendarRecord(version=e.value.version, valid_from=since, calendar=e.value) for e in draft.calendars]
    laws = [ProcedureRecord(version=e.value.version, valid_from=e.value.valid_from, procedure=e.value) for e in draft.procedures]
    lists = (draft.territories, draft.bodies, draft.public_services, draft.alerts)
    return [*(entry.value for entries in lists for entry in entries), *calendars, *laws]


@dataclass
class _Reader:
    """Reads every file of a folder and goes on after a mistake, so that one run names them all."""

    folder: Path
    findings: list[Finding] = field(default_factory=list)
    ids: dict[str, set[str]] = field(default_factory=dict)

    def draft(self) -> Draft:
        targets = self._one("targets.yaml", Targets, {}) if (self.folder / "targets.yaml").exists() else []
        pack = self._one("pack.yaml", PackRecord, {"sha256": "", "counts": {}, "targets": targets[0].value if targets else None})
        dated = {"valid_from": pack[0].value.valid_from if pack else date.min}
        return Draft(
            ids=self.ids,
            pack=pack,
            territories=self._list("territories", "territory", TerritoryRecord, dated),
            bodies=self._list("bodies", "body", BodyRecord, dated),
            public_services=self._list("public_services", "public service", PublicServiceRecord, dated),
            rules=self._rules(),
            alerts=self._list("alerts", "alert", AlertRecord, dated) if (self.folder / "alerts.yaml").exists() else [],
            calendars=self._folder("calendars", "calendar", Calendar),
            procedures=self._folder("procedures", "procedure", Procedure),
        )

    def _rules(self) -> list[Entry[Rule]]:
        found = self._list("rules", "rule", Rule, {})
        if self.ids.get("rule") == set():
            self.findings.append(Finding("rules.yaml", 1, "holds no rule: every filing would wait at the national desk"))
        return found

    def _one(self, file: str, model: type[T], defaults: Mapping[str, Any]) -> list[Entry[T]]:
        document = self._document(file)
        return self._parse(model, document, (), document.data, defaults) if document else []

    def _list(self, name: str, kind: str, model: type[T], defaults: Mapping[str, Any]) -> list[Entry[T]]:
        document = self._document(f"{name}.yaml")
        if document is None:
            return []
        items = self._items(document, name)
        self.ids[kind] = {str(item.get("id") or item.get("code")) for item in items if isinstance(item, dict)}
        return [entry for n, item in enumerate(items) for entry in self._parse(model, document, (name, n), item, defaults)]

    def _folder(self, name: str, kind: str, model: type[T]) -> list[Entry[T]]:
        files = sorted(path.name for path in (self.folder / name).glob("*.yaml"))
        self.ids[kind] = {Path(file).stem.partition("@")[0] for file in files}
        if not files:
            self.findings.append(Finding(name, 1, "the folder is absent or holds no *.yaml"))
        return [entry for file in files for entry in self._one(f"{name}/{file}", model, {})]

    def _document(self, file: str) -> Document | None:
        try:
            document = read(self.folder, file)
        except PackRefused as refused:
            self.findings.extend(refused.findings)
            return None
        self.findings.extend(document.repeated_keys)
        return document

    def _items(self, document: Document, name: str) -> list[Any]:
        items = document.data.get(name) if isinstance(document.data, dict) and list(document.data) == [name] else None
        if isinstance(items, list):
            return items
        self.findings.append(Finding(document.file, 1, f"the file holds one list, named {name}"))
        return []

    def _parse(self, model: type[T], document: Document, loc: Loc, data: Any, defaults: Mapping[str, Any]) -> list[Entry[T]]:
        if not isinstance(data, dict):
            self.findings.append(document.finding(loc, "should be a mapping of names to values"))
            return []
        try:
            return [Entry(model.model_validate({**defaults, **data}, extra="forbid"), document, loc)]
        except ValidationError as error:
            self.findings.extend(document.finding((*loc, *one["loc"]), one["msg"]) for one in error.errors())
            return []


def main(arguments: list[str]) -> int:
    """The command: 0 good, 1 broken, 2 wrongly called."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m services.routing.directory.pack <folder>\n")
        return 2
    try:
        pack = load(Path(arguments[0]))
    except PackRefused as refused:
        sys.stderr.write(f"{refused}\nrefused: {len(refused.findings)} mistakes\n")
        return 1
    counts = ", ".join(f"{n} {kind}" for kind, n in sorted(pack.record.counts.items()))
    record = pack.record
    sys.stdout.write(f"{record.key} version {record.version}: {counts}; {len(pack.rules)} rules; sha256 {record.sha256}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
