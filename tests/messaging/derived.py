"""What each of the five services derives from a complaint's registers, by its own pure code. A new one is a few lines here."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from services.deadlines.domain import Timed, clocks_of, settled
from services.intake.timeline import timeline
from services.notifications.domain import plan
from services.notifications.notice import Entry, Key
from services.routing.desk.reactions import Routes, react
from services.routing.directory.pack import load
from services.routing.handlers import case_row, known
from services.stats.domain import fact_row
from shared.messaging.registers import Change, Registers
from tests.support.lives import NORIA, noria


class Derived(Protocol):
    """A service's rows. `take` gets what the engine's handler gets; `rows` is what its store would hold."""

    def take(self, change: Change) -> None: ...
    def rows(self) -> dict[UUID, Any]: ...


class PureRows:
    """A service whose rows are one function of the registers."""

    def __init__(self, row: Callable[[Registers], Any]) -> None:
        self._row, self._rows = row, dict[UUID, Any]()

    def take(self, change: Change) -> None:
        self._rows[change.complaint_id] = self._row(change.after)

    def rows(self) -> dict[UUID, Any]:
        return self._rows


class Clocks:
    """deadlines: what it knew of a complaint's clocks goes into what it knows next."""

    def __init__(self, now: datetime) -> None:
        self._now, self._clocks = now, dict[UUID, tuple[Timed, ...]]()

    def take(self, change: Change) -> None:
        after = change.after
        if after.intake:
            timed = clocks_of(after.header, after.intake, after.routing, noria())
            assert timed is not None
            before = tuple(clock.state for clock in self._clocks.get(change.complaint_id, ()))
            self._clocks[change.complaint_id] = settled(before, timed, self._now)

    def rows(self) -> dict[UUID, Any]:
        return self._clocks


class Ledger:
    """notifications, its channels down: nothing leaves, so what waits in the end is what stands to be told."""

    def __init__(self) -> None:
        self._entries: dict[UUID, dict[Key, Entry]] = {}

    def take(self, change: Change) -> None:
        entries = self._entries.setdefault(change.complaint_id, {})
        decided = plan(change.after, list(entries.values()), noria())
        for intent in decided.write:
            state = "held" if intent.held else "pending"
            entries[intent.key] = Entry(intent.code, intent.subject, intent.audience, state, params=intent.params)
        for key in decided.drop:
            entries[key] = replace(entries[key], state="dropped", superseded=True)

    def rows(self) -> dict[UUID, Any]:
        return {id: {key: entry for key, entry in entries.items() if entry.state != "dropped"} for id, entries in self._entries.items()}


def five(now: datetime) -> dict[str, Derived]:
    """Fresh stores of all five at one legal instant."""
    return {
        "intake": PureRows(timeline),
        "routing": PureRows(lambda one: (case_row(one, noria()), react(known(one), {}, noria(), Routes(_rules()), now))),
        "deadlines": Clocks(now),
        "notifications": Ledger(),
        "stats": PureRows(lambda one: fact_row(one, noria())),
    }


@cache
def _rules() -> Any:
    return load(NORIA).rules
