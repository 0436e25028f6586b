"""Codes and words as data files write them."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from shared.contracts.base import Text

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=64)]
"""A stable code: lower-case letters and digits joined by - or _, chosen once."""


def _worded(words: Text) -> Text:
    if not words or not all(text.strip() for text in words.values()):
        raise ValueError("words are missing: at least one language, none empty")
    return words


Label = Annotated[Text, AfterValidator(_worded)]
"""Words that a person reads, in at least one language; a pack demands all of its languages."""
