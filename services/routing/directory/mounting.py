"""The directory's part of routing's HTTP interface."""

from fastapi import FastAPI

from services.routing.directory import bodies_api, calendars_api, import_api, onboarding_api, proposals_api, records_api
from services.routing.directory.logins import Logins
from shared.messaging.node import Node


def mount(app: FastAPI, node: Node) -> None:
    for part in (import_api, bodies_api, calendars_api, onboarding_api, proposals_api, records_api):
        app.include_router(part.router)
    app.state.body_limits = {**getattr(app.state, "body_limits", {}), "/v1/directory/imports": import_api.BODY_LIMIT}
    app.add_middleware(Logins, node=node)
