"""What each process is told: exactly the WASL_ settings of its service."""

from collections.abc import Callable
from pathlib import Path

from deploy.local.home import REPO, Home

SERVICES = ("intake", "routing", "deadlines", "notifications", "stats")
FIRST_PORT = 8001
PACK = REPO / "deploy" / "packs" / "morocco"

NATIONAL_MAILBOX = "national-desk@wasl.example"

PgUrl = Callable[[str, str], str]


def service_environment(
    service: str, home: Home, *, ports: dict[str, int], pg_url: PgUrl, clock: str, jwks: Path, test: bool
) -> dict[str, str]:
    """The settings with which `python -m services.<name> serve` (or recover, republish, dead-letters) runs on this platform."""
    settings = {
        "WASL_DATABASE_URL": pg_url(f"wasl_{service}", f"{service}_app"),
        "WASL_KAFKA": f"127.0.0.1:{ports['kafka']}",
        "WASL_KAFKA_USER": service,
        "WASL_KAFKA_PASSWORD": home.secret(f"kafka-{service}"),
        "WASL_CLOCK": clock,
        "WASL_REPLICA": "0",
        "WASL_PORT": str(ports[service]),
        "WASL_OIDC_JWKS": str(jwks),
        "WASL_LOG_FORMAT": "json",
        "WASL_STATE_DIR": str(home / "state"),
    }
    if test:
        settings["WASL_KAFKA_SESSION_TIMEOUT_MS"] = "6000"
    return settings | _own(service, home, f"http://127.0.0.1:{ports['intake']}", test)


def _own(service: str, home: Home, public_url: str, test: bool) -> dict[str, str]:
    """What only this one needs."""
    if service == "intake":
        # On one machine all callers have one address, so a limit by address would be one for all.
        unlimited = {"WASL_FILING_PER_MINUTE": "0"} | ({"WASL_WRONG_SECRETS_PER_MINUTE": "0"} if test else {})
        return {"WASL_SECRET_KEY": home.secret("secret-key"), **unlimited}
    if service == "routing":
        return {"WASL_PACK": str(PACK)}
    if service == "notifications":
        return {"WASL_MAIL_DIR": str(home / "mail"), "WASL_PUBLIC_URL": public_url, "WASL_NATIONAL_MAILBOX": NATIONAL_MAILBOX}
    return {}
