"""The public directory: what may be named in a filing, as one document with an ETag."""

import hashlib
import json
from typing import Any

from shared.contracts.base import Contract
from shared.contracts.directory import Directory, PackRecord


class Catalogue:
    """Written once for each state of the directory. Equal directories give equal bytes and so an equal tag, on every replica."""

    def __init__(self) -> None:
        self._of: Directory | None = None
        self._body, self._etag = b"", ""

    def document(self, directory: Directory, pack: PackRecord) -> tuple[bytes, str]:
        """The JSON document and its strong ETag, quotes included (RFC 9110, 8.8.3)."""
        if directory is not self._of:
            self._body = json.dumps(_document(directory, pack), ensure_ascii=False, separators=(",", ":")).encode()
            self._etag = f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'
            self._of = directory
        return self._body, self._etag


def _document(directory: Directory, pack: PackRecord) -> dict[str, Any]:
    laws = (directory.procedures[key] for key in sorted(directory.procedures))
    return {
        "country": _dump(pack, {"country", "version", "name", "time_zone", "languages", "page_languages", "national_desk", "doors"}),
        "bodies": _listed(directory.bodies, {"id", "name", "family", "territory", "parent", "closed_on", "successor", "opening_hours"}),
        "public_services": _listed(directory.public_services, {"code", "body", "title", "parent", "territorial", "closed_on"}),
        "territories": _listed(directory.territories, {"code", "level", "division", "parent", "name"}),
        "procedures": [law.model_dump(mode="json", exclude={"templates"}) for law in laws],
    }


def _listed(records: Any, fields: set[str]) -> list[dict[str, Any]]:
    return [_dump(records[code], fields) for code in sorted(records)]


def _dump(record: Contract, fields: set[str]) -> dict[str, Any]:
    return record.model_dump(mode="json", include=fields)
