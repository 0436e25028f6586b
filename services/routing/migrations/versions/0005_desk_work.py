"""The desk's work: drafts, notes, assignees, search."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass
