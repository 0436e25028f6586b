"""Settings of routing."""

from pathlib import Path

from shared.runtime.settings import Settings


class RoutingSettings(Settings):
    port: int = 8002
    pack: Path | None = None
    """The folder of the country pack to load at start; None: the directory stays as it is stored."""
