"""The weeks whose lists have been decided: the row and the notices are of one transaction."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("create table weekly_list (week text primary key, decided_at timestamptz not null default clock_timestamp())")
