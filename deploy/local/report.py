"""What a person who started the platform wants to know."""

from shlex import quote

from deploy.local.environment import SERVICES
from deploy.local.platform import Platform

AUDIENCE = {"intake": "citizens", "routing": "public bodies", "stats": "everybody"}


def where_everything_is(platform: Platform) -> str:
    urls = {name: f"{platform.url(name)}  {AUDIENCE.get(name, 'staff')}; /openapi.json says how" for name in platform.services}
    rows = urls | {
        "Kafka": f"{platform.kafka_bootstrap}  SASL; users and passwords in {platform.home / 'secrets'}",
        "PostgreSQL": f"127.0.0.1:{platform.ports['postgres']}  databases {', '.join(f'wasl_{name}' for name in SERVICES)}",
        "clock": platform.clock,
        "logs": str(platform.home / "logs"),
        "tokens": "make -s token role=national-desk",
    }
    return "\n".join(f"  {name:<14}{where}" for name, where in rows.items())


def exports(platform: Platform, service: str) -> str:
    return "\n".join(f"export {name}={quote(value)}" for name, value in platform.env(service).items())
