"""The median that knows about waiting, a second time and by hand's method: exact fractions, one day after the other."""

from collections.abc import Sequence
from fractions import Fraction


def median(answered: Sequence[int], waiting: Sequence[int]) -> int | None:
    """Kaplan and Meier: days until answered; days waited without an answer so far. None where half are not reached."""
    unanswered = Fraction(1)
    for day in sorted(set(answered)):
        at_risk = sum(1 for days in (*answered, *waiting) if days >= day)
        unanswered *= 1 - Fraction(sum(1 for days in answered if days == day), at_risk)
        if unanswered <= Fraction(1, 2):
            return day
    return None
