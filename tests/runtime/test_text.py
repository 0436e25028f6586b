from typing import Annotated

import pytest
from pydantic import BaseModel, ValidationError

from shared.runtime.text import Clean, storable


class Letter(BaseModel):
    subject: Annotated[str, Clean(5)]
    note: Annotated[str | None, Clean(5, least=0)] = None


def test_text_is_stripped_and_then_measured() -> None:
    assert Letter(subject="  شكاية \n").subject == "شكاية"
    with pytest.raises(ValidationError, match="at most 5"):
        Letter(subject="123456")
    with pytest.raises(ValidationError, match="at least 1"):
        Letter(subject="   ")


@pytest.mark.parametrize("text", ["a\x00", "\ud800", "a\udfff", "\udc00\ud800"])
def test_what_no_store_can_hold_is_refused_by_name(text: str) -> None:
    assert not storable(text)
    with pytest.raises(ValidationError) as refused:
        Letter(subject=text)
    assert refused.value.errors()[0]["type"] == "invalid_text"


def test_whole_characters_beyond_the_basic_plane_pass() -> None:
    assert Letter(subject="👪👪👪👪👪").subject == "👪👪👪👪👪"


def test_the_schema_tells_the_limits() -> None:
    assert Letter.model_json_schema()["properties"]["subject"] == {"maxLength": 5, "minLength": 1, "title": "Subject", "type": "string"}


def test_from_json_the_same_is_refused_by_name() -> None:
    assert Letter.model_validate_json(b'{"subject": " a\\nb\\n "}').subject == "a\nb"
    for text, kind in (("a\\u0000", "invalid_text"), ("", "string_too_short"), ("123456", "string_too_long")):
        with pytest.raises(ValidationError) as refused:
            Letter.model_validate_json(f'{{"subject": "{text}"}}')
        assert refused.value.errors()[0]["type"] == kind
