"""Settings of a service, from `WASL_…` variables. A service subclasses `Settings` in services/<name>/settings.py.

Where WASL_SECRETS names a folder, a file there named like a variable in small letters (wasl_kafka_password) gives what no variable does,
so that secrets stay out of a process's environment.
"""

import os
import sys
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Frozen; secrets are kept out of repr and of errors."""

    model_config = SettingsConfigDict(env_prefix="WASL_", frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: str = Field(repr=False)
    """The store, as the app's role (no DDL): postgresql://user:password@host:port/name."""
    owner_database_url: str | None = Field(default=None, repr=False)
    """The store, as its owner; read by migrations only."""
    pool_size: int = Field(default=10, ge=1)

    kafka: str = "127.0.0.1:9092"
    kafka_user: str | None = None
    kafka_password: str | None = Field(default=None, repr=False)
    kafka_session_timeout_ms: int = Field(default=15_000, ge=1_000)
    replica: str | None = None
    """Name of this process among the service's replicas; makes Kafka membership static. None: dynamic."""

    state_dir: Path | None = None
    """A folder, shared by all replicas of the service and no part of its backups: with it a named replica whose store is no restored one
    takes commands before the log is reached. None: every start waits for the log."""

    tick_seconds: float = Field(default=6 * 3600, gt=0)
    """How often an empty record is appended to quiet restricted topics, so that they are compacted; machine time."""
    erasure_resend_seconds: float = Field(default=24 * 3600, gt=0)
    """After how long an erasure's tombstones are sent once more; legal time."""

    clock: str = "real"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    requests_at_once: int = Field(default=1_000, ge=1)
    """How many requests may be in hand; who comes beside them is told at once when to come again."""
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    oidc_jwks: str | None = None
    """The issuer's JWKS: a path or an https address."""
    oidc_issuer: str = "wasl-local"
    oidc_audience: str = "wasl"


S = TypeVar("S", bound=Settings)


def load(kind: type[S]) -> S:
    """The settings of this process; ends it with status 2 and the names of the variables that are wrong or missing."""
    try:
        return kind(_secrets_dir=os.environ.get("WASL_SECRETS"))
    except ValidationError as error:
        wrong = [f"WASL_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False)]
        print("\n".join(["settings:", *wrong]), file=sys.stderr)
        raise SystemExit(2) from None
