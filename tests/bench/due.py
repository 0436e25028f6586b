"""How long one due date takes, with its reasons, as the pure function that it is."""

import statistics
import time
from datetime import UTC, date, datetime, timedelta

from services.deadlines.domain import clocks_of
from shared.contracts.procedures import ClockRule
from shared.contracts.states import Case
from tests.deadlines import worlds

ROUNDS, EACH = 20, 100
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAYS_OFF = [date(2026, 3, 20), date(2026, 5, 1), date(2026, 6, 17)]


def due_us(rounds: int = ROUNDS, each: int = EACH) -> dict[str, float]:
    """Microseconds of processor time for one clock: 60 calendar days; 20 working days; these paused once and extended once.

    Each is the median of `rounds` means over `each` filings at different times.
    """
    working = {"n": 20, "unit": "working_days", "calendar": "ma"}
    extension = {"span": working, "reasons": [{"code": "any", "label": worlds.WORDS}]}
    asked = worlds.request("a", "2026-03-09T09:00:00Z", "2026-03-24T23:00:00Z", supplied="2026-03-12T09:00:00Z")
    moved = worlds.case(requests=[asked], extensions=[worlds.granted(START + timedelta(days=10))])
    return {
        "calendar_days": _us(worlds.rule(), worlds.case(), rounds, each),
        "working_days": _us(worlds.rule(span=working), worlds.case(), rounds, each),
        "paused_and_extended": _us(worlds.rule(span=working, extension=extension), moved, rounds, each),
    }


def _us(rule: ClockRule, case: Case, rounds: int, each: int) -> float:
    directory = worlds.directory(worlds.law(rule), worlds.calendar(DAYS_OFF))
    headers = [worlds.header((START + timedelta(hours=7 * n)).isoformat()) for n in range(each)]
    filing, means = worlds.filing(), []
    for _ in range(rounds):
        began = time.thread_time()
        for header in headers:
            assert clocks_of(header, filing, case, directory)
        means.append((time.thread_time() - began) / each * 1e6)
    return statistics.median(means)
