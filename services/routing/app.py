"""Routing decides everything about a case, and owns the directory."""

from services.routing import api, handlers
from services.routing.packs import keep_pack
from services.routing.settings import RoutingSettings
from shared.contracts.registry import DEADLINES, INTAKE, PAPERS
from shared.messaging.node import Node
from shared.messaging.service import Service
from shared.messaging.spec import Spec
from shared.runtime.settings import Settings


def build_spec(settings: Settings) -> Spec:
    folder = settings.pack if isinstance(settings, RoutingSettings) else None

    async def pack(node: Node) -> None:
        await keep_pack(node, folder)

    return Spec(name="routing", topics=(INTAKE, DEADLINES, PAPERS), handle=handlers.handle, project=handlers.project, tasks=(pack,))


SERVICE = Service("routing", settings=RoutingSettings, spec=build_spec, mount=api.mount)
