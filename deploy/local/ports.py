"""Ports on 127.0.0.1."""

import random
import socket

import psutil

from deploy.local.environment import FIRST_PORT, SERVICES
from deploy.local.home import Home, Refusal

INFRASTRUCTURE = ("kafka", "controller", "postgres")

# Below the ranges from which systems draw the ports of outgoing connections, so that none is taken by chance between two starts.
FREE_RANGE = range(20000, 32000)
_chance = random.SystemRandom()
"""Which no test library seeds: two runs beside each other would draw the same ports."""


def choose(home: Home, *, fixed: bool) -> dict[str, int]:
    """A port for each process, chosen once and kept; one that something else took since is drawn anew. `fixed`: services at 8001–8005."""
    names = (*INFRASTRUCTURE, *SERVICES)
    known: dict[str, int] = home.state().get("ports", {})
    chosen = dict(zip(names, draw(len(names)), strict=True))
    chosen |= {name: port for name, port in known.items() if is_free(port)}
    if fixed:
        chosen |= {name: FIRST_PORT + index for index, name in enumerate(SERVICES)}
    home.remember(ports=chosen)
    return chosen


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def draw(count: int) -> list[int]:
    """So many different ports on which nobody listens now."""
    drawn: list[int] = []
    while len(drawn) < count:
        port = _chance.choice(FREE_RANGE)
        if port not in drawn and is_free(port):
            drawn.append(port)
    return drawn


def listening(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def demand(port: int, purpose: str) -> None:
    """Raises Refusal naming who holds the port."""
    if not is_free(port):
        raise Refusal(f"port {port}, for {purpose}, is taken by {_holder(port)}; stop that, or use other ports: wasl up --free-ports")


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:  # other users' connections may be hidden
        pass
    return "another process"
