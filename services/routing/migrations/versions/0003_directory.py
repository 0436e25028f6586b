"""The directory's editing: imports that wait to be applied, every change with who made it, and which bodies are on line."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
        create table directory_import (
            id bigint generated always as identity primary key,
            at timestamptz not null,
            role text not null,
            sub text not null,
            stamp bigint not null,
            rows jsonb not null,
            records jsonb not null,
            applied_at timestamptz
        )""")
    op.execute("""
        create table directory_change (
            id bigint generated always as identity primary key,
            at timestamptz not null,
            key text not null,
            version int not null,
            act text not null,
            role text not null,
            body text,
            sub text not null,
            valid_from date not null,
            fields jsonb not null
        )""")
    op.execute("create index directory_change_key on directory_change (key, id)")
    op.execute("create table body_login (body text primary key, first_on date not null, last_on date not null)")
