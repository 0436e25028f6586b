"""Intake's own tables, beside the engine's. Migration 0002 executes CREATE as it stands; a later change is a new migration."""

CREATE = """
create table idempotency (
    key uuid primary key,
    digest bytea not null,
    complaint_id uuid not null,
    at timestamptz not null,
    note text,
    expires_at timestamptz not null
);
create index idempotency_complaint on idempotency (complaint_id);
create index idempotency_expires on idempotency (expires_at);

create table secret_version (complaint_id uuid primary key, version int not null check (version > 1));
"""
