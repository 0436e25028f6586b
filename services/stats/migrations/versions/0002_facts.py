"""One row per complaint. Figures read the table whole, so no index serves them: each would cost every fact."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
        create table complaint_fact (
            complaint_id uuid primary key,
            procedure text not null,
            kind text,
            body text,
            public_service text,
            territory text not null,
            filed_at timestamptz not null,
            filed_on date not null,
            month date not null,
            time_zone text not null,
            status text not null check (status in ('open', 'answered', 'refused', 'withdrawn', 'lapsed')),
            answered_at timestamptz,
            due_at timestamptz,
            days int,
            in_time boolean,
            rated boolean not null,
            satisfied boolean,
            renewal_of text,
            entered_late boolean not null,
            bodies int not null,
            law_known boolean not null
        ) with (fillfactor = 80)""")
    op.execute("create index complaint_fact_without_law on complaint_fact (procedure) where not law_known")
