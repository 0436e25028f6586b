"""Settings of intake."""

from pydantic import Field

from shared.runtime.limits import Networks
from shared.runtime.settings import Settings


class IntakeSettings(Settings):
    secret_key: str = Field(min_length=32, repr=False)
    """The key of the citizens' secrets and of the digests of requests. Changing it ends every secret ever given out."""
    idempotency_hours: int = Field(default=72, ge=1)
    """How long a repeated request gets the first one's answer; machine time."""

    filing_per_minute: int = Field(default=120, ge=0)
    """How many requests to file one address may send a minute, half of them at once; staff are not counted. 0: no limit."""
    wrong_secrets_per_minute: int = Field(default=30, ge=0)
    """How many wrong secrets one address may try a minute, half of them at once; three times as many at one reference. 0: no limit."""
    trusted_proxies: Networks = ()
    """Those whose word on where a request came from (X-Forwarded-For) is taken."""

    @property
    def key(self) -> bytes:
        return self.secret_key.encode()
