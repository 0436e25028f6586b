"""A contract for import-linter: some modules import nothing but what is named, whole packages of the standard library included."""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """source_modules import, directly, no module outside `only`."""

    type_name = "only"

    source_modules = fields.ListField(subfield=fields.ModuleField())
    only = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        allowed = set(self.only)  # type: ignore[call-overload]
        found = [(m.name, i) for m in self.source_modules for i in sorted(graph.find_modules_directly_imported_by(m.name))]  # type: ignore[attr-defined]
        broken = [(module, imported) for module, imported in found if imported.partition(".")[0] not in allowed]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for module, imported in check.metadata["broken"]:
            output.print_error(f"{module} imports {imported}")
