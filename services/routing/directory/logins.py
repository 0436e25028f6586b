"""Which bodies are on line: the first and the last day on which somebody came with a good token of theirs."""

from datetime import date
from zoneinfo import ZoneInfo

from starlette.types import ASGIApp, Receive, Scope, Send

from services.routing.directory import store
from shared.messaging.node import Node
from shared.runtime.auth import Principal
from shared.runtime.db import transient


class Logins:
    """Pure ASGI. Notes a body once a day a process, after the answer; a store that is away is asked again by the next request."""

    def __init__(self, app: ASGIApp, node: Node) -> None:
        self._app, self._node = app, node
        self._seen: dict[str, date] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        who = scope.get("state", {}).get("principal")
        if isinstance(who, Principal) and who.body:
            await self._note(who.body)

    async def _note(self, body: str) -> None:
        try:
            directory = await self._node.directory()
            zone = ZoneInfo(directory.pack.time_zone if directory.pack else "UTC")
            day = self._node.clock.now().astimezone(zone).date()
            # A token may name any body; only those of the directory have a row.
            if self._seen.get(body) != day and body in directory.bodies and self._node.recovered:
                await self._node.run(lambda tx: store.logged_in(tx.conn, body, day))
                self._seen[body] = day
        except Exception as error:
            if not transient(error):
                raise
