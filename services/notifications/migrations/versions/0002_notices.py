"""The delivery ledger: who is to be told what, and what became of it. It holds no address."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
        create table notices (
            id uuid primary key,
            n bigint generated always as identity,
            complaint_id uuid not null,
            code text not null,
            subject text not null,
            audience text not null,
            state text not null check (state in ('held', 'pending', 'sending', 'sent', 'skipped', 'failed')),
            reason text,
            params jsonb,
            channel text,
            language text,
            attempts int not null default 0,
            created_at timestamptz not null default clock_timestamp(),
            next_at timestamptz not null default clock_timestamp(),
            not_after timestamptz not null,
            until timestamptz,
            sent_at timestamptz,
            unique (complaint_id, code, subject, audience)
        ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)""")
    op.execute("create index notices_due on notices (next_at) where state in ('held', 'pending', 'sending')")
