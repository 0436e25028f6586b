"""Every checker asked: what was found, and how much there was to look at."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.contracts.registry import NOTICES
from tests.reliability import checkers
from tests.reliability.findings import Finding
from tests.reliability.life import Life
from tests.reliability.telling import notices_once
from tests.reliability.topics import Log, read
from tests.reliability.world import TOLD, World


@dataclass(frozen=True)
class Result:
    """sent_again: records that a relay sent twice, the same to the byte. copies: of mails, counted as they were taken."""

    findings: list[Finding]
    facts: int
    sent_again: int
    mails: int
    copies: int

    def __str__(self) -> str:
        return (
            f"{self.facts} facts, {self.sent_again} sent again by relays; {self.mails} mails, {self.copies} copies handed over; "
            f"{len(self.findings)} findings"
        )


async def logs_of(world: World) -> dict[str, Log]:
    return dict(zip(TOLD, map(read, await asyncio.gather(*map(world.told, TOLD))), strict=True))


async def check(world: World, lives: Sequence[Life], logs: Mapping[str, Log] | None = None) -> Result:
    """All of it. `logs`: as they are, where they were read already."""
    logs = logs or await logs_of(world)
    findings = [
        *checkers.lives_went_on(lives),
        *await checkers.nothing_lost_in_stores(world, lives),
        *checkers.nothing_lost_in_log(lives, logs),
        *await checkers.versions_never_went_back(world),
        *await notices_once(world, lives, logs[NOTICES]),
        *await checkers.conservation(world, lives),
        *await checkers.nothing_parked(world),
    ]
    mails = world.mails()
    facts = sum(len(log.ids) for topic, log in logs.items() if topic != NOTICES)
    return Result(findings, facts, sum(log.again for log in logs.values()), len(dict(mails)), len(mails))
