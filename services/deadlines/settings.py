"""Settings of deadlines: those of every service, and how patient it is before it calls something too late."""

from pydantic import Field

from shared.runtime.settings import Settings


class DeadlinesSettings(Settings):
    port: int = 8003
    grace_seconds: float = Field(default=900, ge=0)
    """Legal seconds after a due time before it is acted on."""
    real_grace_seconds: float = Field(default=2, ge=0)
    """The same in machine time; a fact decided in time may still be on its way for so long."""
    round_seconds: float = Field(default=0.2, gt=0)
    """Between two looks at the log."""
    clock_agreed_seconds: float = Field(default=60, ge=0)
    """After a jump of wall time: how long it must agree with the database's before anything is fired again; machine time."""
