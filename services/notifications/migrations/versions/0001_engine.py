"""The engine's tables."""

from alembic import op

from shared.messaging.tables import CREATE

revision = "0001"
down_revision = None


def upgrade() -> None:
    for statement in filter(str.strip, CREATE.split(";")):
        op.execute(statement)
