"""One request of a member of staff about one case: who asks, on which version, and under which key it may be sent again."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from services.routing.commands import Desk, at_desk, deciding
from services.routing.rights import Worker
from services.routing.shapes import CaseOut
from services.routing.work import keys
from services.routing.work.keys import Done, Key
from services.routing.work.meeting import met
from shared.messaging.node import Node
from shared.messaging.registers import Registers
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal
from shared.runtime.preconditions import IfMatch, idempotency_key

T = TypeVar("T", bound=BaseModel)


async def the_node(request: Request) -> Node:
    node: Node = request.app.state.node
    return node


TheNode = Annotated[Node, Depends(the_node)]

_KEY = "A UUID that the caller makes for this act: sent again within 72 hours, it gets the first answer and nothing is done twice."
Given = Annotated[str | None, Header(alias="Idempotency-Key", description=_KEY)]


async def the_key(request: Request, who: Worker, given: Given = None) -> Key | None:
    """Of an act that may be sent again: what was asked, by whom, in a form that says nothing to whoever has not the key."""
    if given is None:
        return None
    id = await idempotency_key(given)
    asked = [request.method, request.url.path, who.role, who.body, who.sub, _read(await request.body())]
    return Key(id, hmac.digest(id.bytes, json.dumps(asked, sort_keys=True).encode(), hashlib.sha256))


def _read(raw: bytes) -> object:
    """The same for equal documents however they were written."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.hex()


TheKey = Annotated[Key | None, Depends(the_key)]


@dataclass(frozen=True)
class Call:
    """What every call about one case has. `run` and `decide` answer with the ETag of what they changed."""

    reference: str
    who: Principal
    node: Node
    response: Response
    key: Key | None

    async def run(self, shape: type[T], work: Callable[[Desk], Awaitable[T]]) -> T:
        """Work at the case as it is now, locked, in one transaction; under a key that was used, the answer that was given."""

        async def act(tx: Tx) -> Done[T]:
            desk = await at_desk(tx, self.who, self.reference)
            return Done(await work(desk), desk.registers.complaint_id)

        done = await deciding(self.node, lambda tx: keys.once(tx, self.key, shape, act))
        if (version := getattr(done, "version", None)) is not None:
            self.response.headers["ETag"] = f'"{version}"'
        return done

    async def decide(self, version: int, work: Callable[[Desk], Awaitable[Registers]]) -> CaseOut:
        """A decision on the version of the case that was read."""

        async def decision(desk: Desk) -> CaseOut:
            desk.demand(version)
            return CaseOut.of(await work(desk))

        return await self.run(CaseOut, decision)


async def the_call(reference: str, who: Worker, request: Request, response: Response, given: Given = None) -> Call:
    # Asked for here and not as dependencies of this one, each of which costs the framework as much as a statement.
    node, key = await the_node(request), await the_key(request, who, given)
    await met(node, who)
    return Call(reference, who, node, response, key)


TheCall = Annotated[Call, Depends(the_call)]
Version = IfMatch
"""The version of the case that was read; its ETag."""
