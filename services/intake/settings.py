"""Settings of intake."""

from pydantic import Field

from shared.runtime.settings import Settings


class IntakeSettings(Settings):
    secret_key: str = Field(min_length=32, repr=False)
    """The key of the citizens' secrets and of the digests of requests. Changing it ends every secret ever given out."""
    idempotency_hours: int = Field(default=72, ge=1)
    """How long a repeated request gets the first one's answer; machine time."""

    @property
    def key(self) -> bytes:
        return self.secret_key.encode()
