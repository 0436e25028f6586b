"""Idempotency keys, and secrets that were issued again."""

from alembic import op

from services.intake.models import CREATE

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for statement in filter(str.strip, CREATE.split(";")):
        op.execute(statement)
