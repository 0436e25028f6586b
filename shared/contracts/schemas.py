"""The frozen JSON Schemas: one file for each event type, written by `python -m shared.contracts.schemas`.

They are what other agencies rely on. A change is additive and each added field has a default; anything else is a new
type beside the old one. The tests compare these files with the models and with every released version of themselves.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.contracts.registry import TOPICS, Topic, ce_type

FOLDER = Path(__file__).with_name("schemas")
GOLDEN = Path(__file__).with_name("golden")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def file_name(type: str) -> str:
    """complaint-filed → complaint-filed.v1.json."""
    return f"{ce_type(type).removeprefix('wasl.')}.json"


def generated() -> Iterator[tuple[str, str]]:
    """Each schema's file name and text, as the models have it now."""
    for topic in TOPICS.values():
        for type in topic.types:
            yield file_name(type), json.dumps(_schema(topic, type), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Writes them all, and takes away those that no type has."""
    folder.mkdir(exist_ok=True)
    schemas = dict(generated())
    for name, text in schemas.items():
        (folder / name).write_text(text, encoding="utf-8")
    for path in folder.glob("*.json"):
        if path.name not in schemas:
            path.unlink()


def _schema(topic: Topic, type: str) -> dict[str, Any]:
    # What a reader accepts: a field with a default may be missing, one that is not known is passed over.
    body = topic.model.model_json_schema(mode="validation")
    return {"$schema": DIALECT, "$id": f"urn:wasl:schema:{ce_type(type)}", "description": f"Data of {ce_type(type)} on {topic.name}"} | {
        key: value for key, value in body.items() if key != "title"
    }


if __name__ == "__main__":
    write()
