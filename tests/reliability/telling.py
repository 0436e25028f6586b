"""What filers were told, by the ledger, the log and their own mailboxes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from asyncpg import Record

from tests.reliability import expected
from tests.reliability.findings import Finding, doubled, lost, of_number
from tests.reliability.life import Life
from tests.reliability.topics import Log
from tests.reliability.world import World


async def notices_once(world: World, lives: Sequence[Life], notices: Log) -> list[Finding]:
    """The filer was told exactly once of what stands, at most once of what passes; and mails and facts name the same notices.

    A mail whose answer was lost and that no longer holds at its second turn is not sent again: it was perhaps taken, and is not told.
    """
    mailed = dict(world.mails())
    ledger = await world.ledger()
    perhaps = {id for id, row in ledger.items() if id in mailed and (row["given_up"] or id in world.given_up)} - notices.ids
    told = (ledger.keys() & notices.ids) | perhaps
    found = [Finding(f"notices: {what}", id) for what, id in notices.broken]
    found += [doubled(f"notice {id} was told and is not in the ledger") for id in notices.ids - ledger.keys()]
    found += [lost(f"notice {id} was told and no mail was taken") for id in notices.ids - mailed.keys()]
    found += [doubled(f"mail {id} to {mailed[id]} was taken and never told") for id in mailed.keys() - told]
    codes, unsure = _by_code(ledger[id] for id in told - perhaps), _by_code(ledger[id] for id in perhaps)
    boxes = Counter(mailed.values())
    for life in lives:
        if life.id:
            # What came in the place of a notice that was perhaps taken is told as if that had not been.
            found += _notices_of(life, codes[life.id])
            n = (codes[life.id] + unsure[life.id]).total()
            found += of_number(f"{life.email} got mails for {n} notices:", boxes[life.email], n, life.id)
    return found


def _by_code(rows: Iterable[Record]) -> dict[UUID, Counter[str]]:
    """How often the filer of each complaint was told what."""
    codes: dict[UUID, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row["audience"] == "filer":
            codes[row["complaint_id"]][row["code"]] += 1
    return codes


def _notices_of(life: Life, told: Counter[str]) -> list[Finding]:
    once, passing = expected.notices(life)
    found = [finding for code in once for finding in of_number(f"{code}: notices to the filer", told[code], 1, life.id)]
    found += [doubled(f"the filer was told {told[code]} times: {code}", life.id) for code in passing - once if told[code] > 1]
    return found + [doubled(f"the filer was told what nobody did: {code}", life.id) for code in told.keys() - once - passing]
