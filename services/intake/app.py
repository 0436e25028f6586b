"""Intake as a service: its topics, its routes, its loop."""

from fastapi import FastAPI

from services.intake.api import router
from services.intake.catalogue import Catalogue
from services.intake.handlers import Intake, forget_expired_keys, project
from services.intake.settings import IntakeSettings
from services.intake.shortcut import file_at_once
from shared.contracts.registry import ANSWERS, DEADLINES, DIRECTORY, ROUTING
from shared.messaging.node import Node
from shared.messaging.service import Service
from shared.messaging.spec import Spec
from shared.runtime import direct
from shared.runtime.settings import Settings


def build_spec(settings: Settings) -> Spec:
    """Nothing is derived from what arrives: the page is computed from the registers when it is read."""
    return Spec("intake", (ROUTING, DEADLINES, ANSWERS, DIRECTORY), project=project, tasks=(forget_expired_keys,))


def mount(app: FastAPI, node: Node) -> None:
    assert isinstance(node.settings, IntakeSettings)
    app.state.intake = Intake(node, node.settings)
    app.state.catalogue = Catalogue()
    app.include_router(router)
    direct.add(app, "POST", "/v1/complaints", file_at_once)


SERVICE = Service("intake", IntakeSettings, build_spec, mount)
