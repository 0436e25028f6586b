"""The clocks on which time may still act."""

from alembic import op

from services.deadlines.models import CREATE

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for statement in filter(str.strip, CREATE.split(";")):
        op.execute(statement)
