"""The desk's queue, who has read and done what, and the rules of the pack."""

from alembic import op

revision = "0002"
down_revision = "0001"

# Without a due date a case comes last; a closed one has none, so open cases are found first in the order of due.
_DUE = "coalesce(due_at, 'infinity'::timestamptz), complaint_id"


def upgrade() -> None:
    op.execute("""
        create table desk_case (
            complaint_id uuid primary key,
            reference text not null,
            status text not null,
            body text,
            public_service text,
            territory text not null,
            procedure text not null,
            filed_at timestamptz not null,
            due_at timestamptz,
            taken_up_at timestamptz,
            version int not null
        ) with (fillfactor = 80)""")
    op.execute(f"create index desk_case_due on desk_case ({_DUE})")
    op.execute(f"create index desk_case_status_due on desk_case (status, {_DUE})")
    op.execute(f"create index desk_case_body_due on desk_case (body, {_DUE})")
    op.execute("create index desk_case_filed on desk_case (filed_at, complaint_id)")
    op.execute("create index desk_case_body_filed on desk_case (body, filed_at, complaint_id)")
    op.execute("""
        create table audit (
            id bigint generated always as identity primary key,
            at timestamptz not null,
            sub text not null,
            role text not null,
            body text,
            reference text not null,
            action text not null
        )""")
    op.execute("create index audit_reference on audit (reference, id)")
    op.execute("create table rule_set (country text primary key, version int not null, sha256 text not null, rules jsonb not null)")
    # What came before the pack is looked for at every start.
    op.execute("create index register_undecided on register (complaint_id) where routing_version = 0")
