"""Why each case went where, and what triage knows."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pass
