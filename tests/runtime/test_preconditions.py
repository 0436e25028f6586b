from pydantic import BaseModel

from shared.runtime.preconditions import request_digest


class Filing(BaseModel):
    subject: str
    coded: dict[str, int]


KEY = b"k" * 32
FILING = Filing(subject="شكاية", coded={"a": 1, "b": 2})


def test_a_request_has_one_digest_however_it_was_written() -> None:
    other = Filing.model_validate_json('{"coded":{"b":2,"a":1},"subject":"\\u0634\\u0643\\u0627\\u064a\\u0629"}')
    assert request_digest(KEY, FILING, "body-agent", "commune-1") == request_digest(KEY, other, "body-agent", "commune-1")


def test_another_request_caller_or_key_has_another_digest() -> None:
    same = request_digest(KEY, FILING, "body-agent", "commune-1")
    others = [
        request_digest(KEY, FILING.model_copy(update={"subject": "x"}), "body-agent", "commune-1"),
        request_digest(KEY, FILING, "body-agent", "commune-2"),
        request_digest(KEY, FILING, "body-agent", None),
        request_digest(b"o" * 32, FILING, "body-agent", "commune-1"),
    ]
    assert same not in others
    assert len(set(others)) == 4
