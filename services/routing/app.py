"""Routing decides everything about a case, and owns the directory."""

from fastapi import FastAPI

from services.routing import api, handlers
from services.routing.directory import mounting
from services.routing.directory.calendars import edit_calendar
from services.routing.directory.files import apply_import, import_directory
from services.routing.packs import keep_pack, load_pack
from services.routing.settings import RoutingSettings
from services.routing.triage.terminal import explain, what_if
from services.routing.work.backfill import fill_search
from services.routing.work.keys import forget_expired_keys
from shared.contracts.registry import DEADLINES, INTAKE, PAPERS
from shared.messaging.node import Node
from shared.messaging.service import Command, Service
from shared.messaging.spec import Spec
from shared.runtime.settings import Settings


def build_spec(settings: Settings) -> Spec:
    folder = settings.pack if isinstance(settings, RoutingSettings) else None

    async def pack(node: Node) -> None:
        await keep_pack(node, folder)

    return Spec(
        name="routing",
        topics=(INTAKE, DEADLINES, PAPERS),
        handle=handlers.handle,
        on_private=handlers.papers,
        project=handlers.recovered,
        tasks=(pack, forget_expired_keys, fill_search),
        gather_seconds=0.02,
    )


def mount(app: FastAPI, node: Node) -> None:
    api.mount(app, node)
    mounting.mount(app, node)


CALENDAR = Command("edit-calendar", "take a calendar's next version; every open date is counted again", "FILE", edit_calendar)
LOAD_PACK = Command("load-pack", "take a country pack whose version is newer, while the service runs or is stopped", "FOLDER", load_pack)
IMPORT = Command(
    "import-directory",
    "say what territories.csv, bodies.csv, public-services.csv would change; nothing is",
    "FOLDER-OR-FILE",
    import_directory,
)
APPLY = Command("apply-import", "write what import-directory found, whole or not at all", "NUMBER", apply_import)
WHAT_IF = Command(
    "what-if",
    "say what past filings would go elsewhere under the rules of a pack; nothing is changed",
    "FOLDER",
    what_if,
    options=(("from", "only those decided at this instant or later"), ("until", "only those decided before this instant")),
)
EXPLAIN = Command("explain", "say which rule sent a case where, and why no other did", "REFERENCE", explain)
SERVICE = Service(
    "routing", settings=RoutingSettings, spec=build_spec, mount=mount, commands=(LOAD_PACK, WHAT_IF, EXPLAIN, IMPORT, APPLY, CALENDAR)
)
