"""What makes five services one product: the same commands, the same start, the same HTTP shell."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from shared.messaging.node import Node
from shared.messaging.spec import Spec
from shared.runtime.app import create_app, stop
from shared.runtime.settings import Settings


@dataclass(frozen=True)
class Command:
    """A command of one service beside the common ones: `run` gets a node that is not started, and the argument ("" where none is taken).

    options: name and help of each --name that it takes; `run` gets them by name, None where one is not given.
    """

    name: str
    help: str
    argument: str | None
    run: Callable[..., Awaitable[int]]
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Service:
    """A service: its name, its settings, what it gives to the engine, and its routes.

    `mount` adds routes to an app whose node is at hand: app.state.node.
    """

    name: str
    settings: type[Settings]
    spec: Callable[[Settings], Spec]
    mount: Callable[[FastAPI, Node], None]
    commands: tuple[Command, ...] = ()

    def node(self, settings: Settings) -> Node:
        return Node(self.spec(settings), settings)

    def app(self, node: Node) -> FastAPI:
        """The HTTP application of a node; the node lives as long as the application."""

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            await node.start()
            yield
            await node.stop()

        app = create_app(f"Wasl {self.name}", node.settings, lifespan=lifespan, checks=node.readiness)
        app.state.node = node
        node.on_failure = lambda failed: stop(app, failed.code, str(failed))
        self.mount(app, node)
        return app
