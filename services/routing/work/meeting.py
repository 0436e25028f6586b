"""Who works at which desk is not declared: whoever has used it is known there."""

import time
from weakref import WeakKeyDictionary

from services.routing import rights
from services.routing.work import staff_store
from shared.messaging.node import Node
from shared.runtime.auth import Principal

MET_SECONDS = 3600
_MET: WeakKeyDictionary[Node, dict[tuple[str, str], float]] = WeakKeyDictionary()


async def met(node: Node, who: Principal) -> None:
    """Notes that this person works here, at most once an hour; a machine is no colleague."""
    if who.role not in rights.COLLEAGUES or not node.recovered:
        return
    met_before, key = _MET.setdefault(node, {}), (rights.colleagues(who), who.sub)
    if time.monotonic() - met_before.get(key, -MET_SECONDS) >= MET_SECONDS:
        await node.run(lambda tx: staff_store.meet(tx.conn, *key, who.role, tx.now))
        met_before[key] = time.monotonic()
