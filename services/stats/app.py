"""Stats decides nothing: it keeps one row per complaint and counts."""

from fastapi import FastAPI

from services.stats import api, handlers
from services.stats.publication import api as publication
from services.stats.rebuild import rebuild
from services.stats.settings import StatsSettings
from shared.contracts.registry import DEADLINES, DIRECTORY, INTAKE, ROUTING
from shared.messaging import slots
from shared.messaging.node import Node
from shared.messaging.service import Command, Service
from shared.messaging.spec import Spec
from shared.runtime.settings import Settings


def build_spec(settings: Settings) -> Spec:
    return Spec(
        name="stats",
        topics=(INTAKE, ROUTING, DEADLINES, DIRECTORY),
        handle=handlers.handle,
        on_directory=handlers.on_directory,
        tasks=(handlers.keep_renewing,),
        opening=slots.OPENING,
        batch_opening=slots.BATCH_OPENING,
        gather_seconds=0.012,
    )


def mount(app: FastAPI, node: Node) -> None:
    api.mount(app, node)
    app.include_router(publication.router)


REBUILD = Command(
    "rebuild", "derive the figures anew from the whole log and put them in the place of the live ones; runs beside serve", None, rebuild
)
SERVICE = Service("stats", settings=StatsSettings, spec=build_spec, mount=mount, commands=(REBUILD,))
