"""Who must be told what: a pure function of what is known of a complaint and of what was told.

It says what stands to be told, not what happened last. So a doubled, skipped or late fact changes nothing, after an outage
only what still holds is told, and deciding again decides the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.notifications.clocks import alerts, answer_clock, breaches, corrections
from services.notifications.filer import filer
from services.notifications.notice import WAITING, Entry, Intent, Key, Known, Told
from services.notifications.staff import staff
from shared.contracts.directory import Directory


@dataclass(frozen=True)
class Plan:
    """write: new notices, waiting ones with fresher words, dropped ones that hold again. drop: waiting ones that no longer hold."""

    write: tuple[Intent, ...] = ()
    drop: tuple[Key, ...] = ()


def intents(known: Known, told: Told, directory: Directory) -> dict[Key, Intent]:
    """All that stands to be told. Nothing before intake is heard of, and nothing of a person who was erased."""
    if known.intake is None or known.intake.erased_at:
        return {}
    law = directory.procedure(known.header.procedure)
    clock = answer_clock(known, law)
    found = [
        *filer(known, told, law, clock),
        *staff(known, clock),
        *alerts(known, law, directory),
        *breaches(known, law),
        *corrections(known, told),
    ]
    return {intent.key: intent for intent in found}


def plan(known: Known, entries: Sequence[Entry], directory: Directory) -> Plan:
    """How the ledger of a complaint changes, given its entries in the order in which they were decided."""
    wanted = intents(known, Told(entries), directory)
    ledger = {entry.key: entry for entry in entries}
    write = tuple(intent for key, intent in wanted.items() if _to_write(ledger.get(key), intent))
    drop = tuple(entry.key for entry in entries if entry.state in WAITING and entry.key not in wanted)
    return Plan(write, drop)


def _to_write(entry: Entry | None, intent: Intent) -> bool:
    if entry is None or entry.superseded or entry.params is None:
        return True
    return entry.state in WAITING and (entry.params != intent.params or (entry.state == "held" and not intent.held))
