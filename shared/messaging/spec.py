"""What a service gives to the engine: its name, the topics that it reads, and a function for each kind of thing that arrives."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.contracts.directory import DirectoryRecord
from shared.contracts.notices import NoticeSent
from shared.messaging.records import PrivateChange
from shared.messaging.registers import Change, Registers
from shared.messaging.tx import Tx

if TYPE_CHECKING:
    from shared.messaging.node import Node

Handle = Callable[[Sequence[Change], Tx], Awaitable[None]]


async def nothing(items: Sequence[Any], tx: Tx) -> None:
    """For what a service does not act on."""


@dataclass(frozen=True)
class Spec:
    """A service as the engine sees it. Every function works inside the engine's transaction and must not commit.

    handle: complaints of which a writer's state took a higher version, one Change each; level-triggered.
    on_private, on_directory, on_notices: called after the shared tables are up to date, with what is new.
    project: rebuilds the service's own rows of a complaint from its registers, when a restored store has caught up.
    tasks: loops that run beside the consumer once the node is ready; they end by being cancelled.
    opening, batch_opening: the statement with which each transaction begins, and each batch's; see slots.
    gather_seconds: how long a first record waits for what comes beside it, where what the service derives can wait as long.
    durable: each batch is on the disk once it is committed: for who acts on how far it has come, not only on what it knows.
    """

    name: str
    topics: tuple[str, ...]
    handle: Handle = nothing
    on_private: Callable[[Sequence[PrivateChange], Tx], Awaitable[None]] = nothing
    on_directory: Callable[[Sequence[DirectoryRecord], Tx], Awaitable[None]] = nothing
    on_notices: Callable[[Sequence[NoticeSent], Tx], Awaitable[None]] = nothing
    project: Callable[[Sequence[Registers], Tx], Awaitable[None]] = nothing
    tasks: tuple[Callable[["Node"], Coroutine[Any, Any, None]], ...] = field(default=())
    opening: str | None = None
    batch_opening: str | None = None
    gather_seconds: float = 0.0
    durable: bool = False
