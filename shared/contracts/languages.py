"""Which language a caller reads."""

from collections.abc import Sequence

from shared.contracts.base import Text


def reading_order(asked: str | None, accepted: str | None, otherwise: str, offered: Sequence[str]) -> tuple[str, ...]:
    """Languages to look for, best first: ?lang=, Accept-Language (RFC 9110, 12.5.4), the complaint's own, then those offered."""
    wanted = [asked or "", *_accepted(accepted or ""), otherwise]
    known = [lang for lang in (tag.partition("-")[0].strip().lower() for tag in wanted) if lang in offered]
    return tuple(dict.fromkeys([*known, *offered]))


def said(words: Text, order: Sequence[str]) -> str | None:
    """The words in the first language of the order that has them; else in any; None where there are none."""
    return next((words[lang] for lang in order if lang in words), next(iter(words.values()), None))


def _accepted(header: str) -> list[str]:
    """Language tags by descending quality; a tag of quality 0 is not wanted, one that cannot be read is left out."""
    weighed = []
    for part in header.split(",")[:20]:
        tag, _, quality = part.partition(";")
        try:
            weight = float(quality.partition("=")[2] or 1)
        except ValueError:
            continue
        if weight > 0:
            weighed.append((weight, tag))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]
