"""Settings of stats: those of every service."""

from shared.runtime.settings import Settings


class StatsSettings(Settings):
    port: int = 8005
