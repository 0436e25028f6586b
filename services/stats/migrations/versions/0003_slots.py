"""A second slot, so that the figures can be derived anew beside those that are read."""

from alembic import op

from shared.messaging import slots

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for statement in slots.create(["complaint_fact"]):
        op.execute(statement)
