import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
import structlog
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError

from shared.runtime import logs
from shared.runtime.trace import use_traceparent

PERSON = "fatima@example.ma"


class Person(BaseModel):
    age: int


class Lines(io.StringIO):
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root, hook = logging.getLogger(), sys.excepthook
    before, level = root.handlers[:], root.level
    out = Lines()
    logs.configure("intake", "json", "INFO", out)
    yield out
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], sys.excepthook = before, hook
    root.setLevel(level)
    logging.captureWarnings(False)


def test_one_line_an_event_from_both_libraries_with_trace_and_reference(lines: Lines) -> None:
    with use_traceparent(None) as trace_id:
        logs.bind_reference("7KQ4-XM2N-3")
        structlog.get_logger().info("filed", n=1)
        logging.getLogger("other").warning("said %s", "شكاية")
        structlog.get_logger().debug("not at this level")
    first, second = lines.all()
    assert (first["event"], second["event"], second["logger"]) == ("filed", "said شكاية", "other")
    for line in (first, second):
        assert (line["service"], line["trace_id"], line["reference"]) == ("intake", trace_id, "7KQ4-XM2N-3")
        assert line["timestamp"].endswith("Z")


def test_secrets_are_masked_at_any_depth(lines: Lines) -> None:
    structlog.get_logger().info(
        "x", Authorization="hunter2", headers={"Set-Cookie": "hunter2", "a": {"access_token": "hunter2"}}, kafka_password="hunter2", n=1
    )
    assert "hunter2" not in lines.getvalue()
    assert lines.all()[0]["n"] == 1


def test_exceptions_tell_where_and_what_but_not_the_values(lines: Lines) -> None:
    unique = asyncpg.UniqueViolationError(f"duplicate: Key (email)=({PERSON})")
    for cause in (unique, DBAPIError(f"insert {PERSON}", {"email": PERSON}, unique), _invalid_person()):
        try:
            raise RuntimeError("while filing") from cause
        except RuntimeError:
            structlog.get_logger().exception("failed")
            logging.getLogger("other").exception("failed too")
    told = lines.getvalue()
    assert PERSON not in told
    assert len(lines.all()) == 6
    for line in lines.all():
        assert "RuntimeError: while filing" in line["exception"]
        assert "test_logs.py" in line["exception"]
    assert "SQLSTATE 23505" in lines.all()[0]["exception"]
    assert "age: int_parsing" in lines.all()[4]["exception"]


def test_an_exception_group_tells_each_of_its_members() -> None:
    told = logs.describe_exception(ExceptionGroup("two", [ValueError("first"), KeyError("second")]))
    assert "ValueError: first" in told
    assert "KeyError: 'second'" in told


def test_aiokafka_says_a_thing_once_a_second_and_how_often_it_would_have(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("shared.runtime.logs.time.monotonic", lambda: now)
    kafka = logging.getLogger("aiokafka.conn")
    for n in range(50):
        kafka.warning("no connection to %s", n)
        kafka.warning("another thing")
    logging.getLogger("aiokafkaless").info("untouched")
    now = 101.5
    kafka.warning("no connection to %s", 50)
    assert [line["event"] for line in lines.all()] == [
        "no connection to 0",
        "another thing",
        "untouched",
        "no connection to 50 [49 more like this were left out]",
    ]


def test_a_console_gets_plain_words(capsys: pytest.CaptureFixture[str], lines: Lines) -> None:
    out = io.StringIO()
    logs.configure("intake", "console", "INFO", out)
    try:
        raise ValueError("why")
    except ValueError:
        structlog.get_logger().exception("failed", secret="hunter2")
    assert "ValueError: why" in out.getvalue()
    assert "hunter2" not in out.getvalue()


def _invalid_person() -> ValueError:
    try:
        Person.model_validate({"age": PERSON})
    except ValueError as error:
        return error
    raise AssertionError
