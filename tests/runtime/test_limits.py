"""Token buckets on a clock of the test's own, and whom a request counts for."""

from ipaddress import ip_network

import pytest
from pydantic import ValidationError
from starlette.types import Scope

from services.intake.settings import IntakeSettings
from shared.runtime.errors import Problem
from shared.runtime.limits import Limit, client_address


class Seconds:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(limit: Limit, key: str = "a") -> int | None:
    """The seconds of Retry-After; None where one more is let in."""
    try:
        limit.demand(key)
    except Problem as problem:
        return int(problem.headers["Retry-After"]) if (problem.status, problem.code) == (429, "too-many-requests") else -1
    return None


def test_half_a_minutes_worth_at_once_then_one_at_a_time() -> None:
    clock = Seconds()
    limit = Limit(6, now=clock)  # one each 10 s, 3 at once
    for _ in range(3):
        limit.take("a")
    assert refused(limit) == 10
    clock.now += 9.5
    assert refused(limit) == 1
    clock.now += 0.5
    limit.take("a")
    assert refused(limit) == 10


@pytest.mark.parametrize("per_minute", [1, 7, 30, 120, 999])
def test_whoever_waits_as_long_as_told_is_let_in_and_not_much_earlier(per_minute: int) -> None:
    clock = Seconds()
    limit = Limit(per_minute, now=clock)
    for _ in range(max(1, per_minute // 2)):
        limit.take("a")
    seconds = refused(limit)
    assert seconds is not None
    assert seconds - 1 < 60 / per_minute <= seconds
    clock.now += seconds
    assert refused(limit) is None


def test_an_hour_of_silence_saves_up_no_more_than_one_burst() -> None:
    clock = Seconds()
    limit = Limit(6, now=clock)
    limit.take("a")
    clock.now += 3600
    for _ in range(3):
        limit.take("a")
    assert refused(limit) == 10


def test_keys_do_not_count_for_one_another() -> None:
    limit = Limit(2, now=Seconds())
    limit.take("a")
    assert refused(limit, "a") == 30
    assert refused(limit, "b") is None


def test_a_debt_is_waited_for_and_ends() -> None:
    clock = Seconds()
    limit = Limit(6, now=clock)
    for _ in range(1000):
        limit.charge("a")
    assert refused(limit) == 40  # 3 below nothing, and one more to go on
    clock.now += 40
    assert refused(limit) is None


def test_nothing_a_minute_is_no_limit_and_keeps_nothing() -> None:
    limit = Limit(0)
    for _ in range(1000):
        limit.take("a")
    assert len(limit) == 0


def test_memory_is_bounded_and_the_longest_unseen_is_forgotten() -> None:
    limit = Limit(2, most=3, now=Seconds())
    for key in ("a", "b", "c", "a", "d"):
        limit.charge(key)
    assert len(limit) == 3
    assert [refused(limit, key) is None for key in "abcd"] == [False, True, False, False]


def scope(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"host", b"wasl"), *((b"x-forwarded-for", line.encode("latin-1")) for line in forwarded)]
    return {"type": "http", "client": (peer, 4711) if peer else None, "headers": headers}


PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # no proxy of ours says so
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),  # the first was written by the client
        ("10.0.0.1", ["192.0.2.66, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66", "198.51.100.1,10.0.0.2"], "198.51.100.1"),
        ("fd00::1", ["198.51.100.1:50311"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["[2001:db8:1:2:3::9]:50311"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["é" * 5000], "10.0.0.1"),
        ("2001:db8:1:2:aaaa::1", [], "2001:db8:1:2::/64"),
        (None, ["198.51.100.1"], ""),
    ],
)
def test_whom_a_request_counts_for(peer: str | None, forwarded: list[str], client: str) -> None:
    assert client_address(scope(peer, *forwarded), PROXIES) == client


def test_without_a_trusted_proxy_nobody_is_believed() -> None:
    assert client_address(scope("127.0.0.1", "198.51.100.1")) == "127.0.0.1"


def test_proxies_are_set_as_a_list_of_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DATABASE_URL": "unused", "SECRET_KEY": "k" * 32, "TRUSTED_PROXIES": " 10.0.0.0/8,fd00::/8, "}.items():
        monkeypatch.setenv(f"WASL_{name}", value)
    assert IntakeSettings().trusted_proxies == PROXIES
    monkeypatch.setenv("WASL_TRUSTED_PROXIES", "")
    assert IntakeSettings().trusted_proxies == ()
    monkeypatch.setenv("WASL_TRUSTED_PROXIES", "10.0.0.1/8")
    with pytest.raises(ValidationError, match="host bits set"):
        IntakeSettings()
