"""Rate limits: token buckets in the process, on machine time, and the address that a request counts for.

Each replica counts for itself. Nothing is stored and nothing is logged: a limit forgets everyone when its process ends.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_settings import NoDecode
from starlette.types import Scope

from shared.runtime.errors import Problem

Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(lambda given: _networks(given))]
"""A setting's type: addresses and networks with commas between them, such as 10.0.0.0/8,::1."""
_IPV6_CUSTOMER = 64
_LONGEST = 64


class Limit:
    """So many tokens a minute for each key, half a minute's worth at once; 0 a minute: no limit.

    Remembers `most` keys; beyond, the one not seen for the longest is forgotten, as if it had never come.
    """

    def __init__(self, per_minute: int, *, most: int = 20_000, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst = per_minute / 60, float(max(1, per_minute // 2))
        self._most, self._now = most, now
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def demand(self, key: str) -> None:
        """Takes nothing. Problem 429 `too-many-requests`, with Retry-After in seconds, while the key has no whole token."""
        missing = 1 - self._level(key) if self._per_second else 0
        if missing > 0:
            seconds = math.ceil(missing / self._per_second)
            detail = f"Too many requests of this kind: try again in {seconds} s, with the same Idempotency-Key if there was one."
            raise Problem(429, "too-many-requests", detail, headers={"Retry-After": str(seconds)})

    def charge(self, key: str) -> None:
        """Takes a token, into debt where there is none: what passed `demand` at one moment in great number is paid for after."""
        if not self._per_second:
            return
        self._levels[key] = (max(self._level(key) - 1, -self._burst), self._now())
        self._levels.move_to_end(key)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)

    def take(self, key: str) -> None:
        """`demand` and `charge` in one."""
        self.demand(key)
        self.charge(key)

    def __len__(self) -> int:
        return len(self._levels)

    def _level(self, key: str) -> float:
        level, at = self._levels.get(key, (self._burst, 0.0))
        # Nothing is added that rounding could turn into less than a whole token after exactly the seconds that were told.
        return min(self._burst, round(level + (self._now() - at) * self._per_second, 6))


def client_address(scope: Scope, trusted: Sequence[IPv4Network | IPv6Network] = ()) -> str:
    """Whom a request counts for: the socket's peer or, behind trusted proxies, the last hop in X-Forwarded-For that is none of them.

    What stands before that hop anybody may have written. An IPv6 address counts as its /64, which is one customer's.
    Empty where the socket has no address.
    """
    peer = scope["client"][0] if scope.get("client") else ""
    client: IPv4Address | IPv6Address | None = None
    for hop in (peer, *reversed(_forwarded(scope))) if trusted else (peer,):
        found = _address(hop.strip()[:_LONGEST])
        if found is None:
            break
        client = found
        if not any(found in network for network in trusted):
            break
    return _customer(client) if client else ""


def _forwarded(scope: Scope) -> list[str]:
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop for line in lines for hop in line.split(",")]


@lru_cache(4096)
def _address(plain: str) -> IPv4Address | IPv6Address | None:
    """Without the port that some proxies write; an IPv4 address in its own form, whatever the socket's."""
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        found = ip_address(plain)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


@lru_cache(4096)
def _customer(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), _IPV6_CUSTOMER), strict=False))


def _networks(given: object) -> object:
    if not isinstance(given, str):
        return given
    return tuple(ip_network(part.strip()) for part in given.split(",") if part.strip())
