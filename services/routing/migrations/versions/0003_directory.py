"""The directory's editing: imports, changes, log-ins."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    pass
