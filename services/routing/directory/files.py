"""The operator's commands for tables: preview a file or a folder, then apply what the preview found."""

import sys
from collections import Counter
from pathlib import Path

from services.routing.directory.importing import apply, preview
from services.routing.directory.store import Author, Import
from services.routing.directory.tables import MODELS, TableRefused
from shared.messaging.node import Node
from shared.runtime.errors import Problem

REFUSED = 8
"""Exit code of files, or of an import, that are not taken."""
OPERATOR = Author("operator", None, "command-line")


async def import_directory(node: Node, place: str) -> int:
    """Prints what the files would change, every refused row with its reason, and how to apply it; changes nothing."""
    path = Path(place)
    files = {kind: path / f"{kind}.csv" for kind in MODELS} if path.is_dir() else {path.stem: path}
    found = {kind: file.read_bytes() for kind, file in files.items() if kind in MODELS and file.is_file()}
    if not found:
        return _failed(f"{place} holds none of {', '.join(f'{kind}.csv' for kind in MODELS)}")
    try:
        made = await node.run(lambda tx: preview(tx, OPERATOR, found))
    except TableRefused as refused:
        return _failed(f"{refused.code}: {refused.detail}")
    except Problem as problem:
        return _failed(f"{problem.code}: {problem.detail}")
    return _show(made)


async def apply_import(node: Node, number: str) -> int:
    """Applies a preview, whole or not at all."""
    if not number.isdecimal():
        return _failed("name the import by its number, as import-directory printed it")
    try:
        made = await node.run(lambda tx: apply(tx, OPERATOR, int(number)))
    except Problem as problem:
        return _failed(f"{problem.code}: {problem.detail}")
    sys.stdout.write(f"import {made.id} applied: {len(made.records)} records; a running service tells them\n")
    return 0


def _show(made: Import) -> int:
    for row in made.rows:
        if row.change == "refused":
            sys.stdout.write(f"{row.kind}.csv:{row.line}: refused: {row.column or row.key}: {row.code}: {row.reason}\n")
        elif row.change != "unchanged":
            sys.stdout.write(f"{row.kind}.csv:{row.line}: {row.change}: {row.key} {', '.join(row.fields)}".rstrip() + "\n")
    counts = Counter(row.change for row in made.rows)
    said = ", ".join(f"{counts[change]} {change}" for change in ("created", "changed", "unchanged", "refused"))
    if counts["refused"]:
        sys.stdout.write(f"{said}; nothing can be applied until no row is refused\n")
        return REFUSED
    sys.stdout.write(f"{said}; nothing has changed yet. To apply: python -m services.routing apply-import {made.id}\n")
    return 0


def _failed(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return REFUSED
