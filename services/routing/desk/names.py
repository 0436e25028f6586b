"""Names and numbers as a caller says them, made comparable. Pure.

The key of a name is its consonants in Latin letters, whichever script it was written in: Mohamed Alaoui and محمد العلوي have one key.
"""

import re

from shared.contracts.wording import tokens

_ARABIC = dict(zip("بتثجحخدذرزسشصضطظعغفقكلمنهةاويء", "bttjhkddrzsssdtd*gfkklmnh*****", strict=True))
_LATIN = {"c": "k", "q": "k", "x": "k", "p": "b", "v": "f", **dict.fromkeys("aeiouwy", "*")}
_LETTERS = str.maketrans({letter: "" if sound == "*" else sound for letter, sound in {**_ARABIC, **_LATIN}.items()})
_GROUPS = (("kh", "k"), ("gh", "g"), ("ch", "s"), ("sh", "s"), ("dj", "j"), ("th", "t"), ("dh", "d"), ("ou", "w"))
_ARTICLE = re.compile("^(?:al|el)(?=...)")
_REPEATED = re.compile(r"(.)\1+")

TAIL = 8
"""So many last digits of a number tell people apart, whether it is written with the country's prefix, the trunk's or none."""


def name_key(name: str) -> str:
    """Empty where nothing of it can be compared."""
    return " ".join(filter(None, map(_consonants, tokens(name))))


def phone_tail(number: str) -> str | None:
    """The last digits; None where they are too few to be a number."""
    digits = "".join(filter(str.isdecimal, number))
    return digits[-TAIL:] if len(digits) >= TAIL else None


def is_phone(asked: str) -> bool:
    return phone_tail(asked) is not None and re.fullmatch(r"\+?[\d\s().-]+", asked) is not None


def _consonants(token: str) -> str:
    token = _ARTICLE.sub("", token)
    for written, heard in _GROUPS:
        token = token.replace(written, heard)
    return _REPEATED.sub(r"\1", token.translate(_LETTERS))
