"""The contract that holds the slow model apart breaks where it should."""

import pytest
from grimp import ImportGraph

from tests.lint.contracts import OnlyContract


@pytest.mark.parametrize(
    ("imported", "kept"),
    [("datetime", True), ("zoneinfo", True), ("shared.contracts.spans", False), ("calendar", False), ("services.deadlines.due", False)],
)
def test_one_import_too_many_breaks_it(imported: str, kept: bool) -> None:
    graph = ImportGraph()
    for module in ("tests.slow", imported):
        graph.add_module(module)
    graph.add_import(importer="tests.slow", imported=imported)
    options = {"name": "slow", "type": "only", "source_modules": ["tests.slow"], "only": ["datetime", "zoneinfo"]}
    contract = OnlyContract("slow", {}, options)
    assert contract.check(graph, verbose=False).kept is kept
