"""What a body's admin proposes about their body, and which change came of it; the queue narrowed to a public service or a place."""

from alembic import op

revision = "0006"
down_revision = "0005"

# A body's cases are of few public services, which the planner does not see from each column alone.
_TABLES = """
    create index desk_case_public_service
      on desk_case (public_service, body, (coalesce(due_at, 'infinity'::timestamptz)), complaint_id);
    create index desk_case_territory on desk_case (territory text_pattern_ops);
    create statistics desk_case_offered (mcv, dependencies) on body, public_service from desk_case;

    create table directory_proposal (
        id bigint generated always as identity primary key,
        at timestamptz not null, key text not null, version int not null, valid_from date, fields jsonb not null, reason text,
        role text not null, body text, sub text not null,
        state text not null, decided_at timestamptz, decided_role text, decided_sub text, comment text,
        check (state in ('open', 'accepted', 'declined')), check ((state = 'open') = (decided_at is null))
    );
    create index directory_proposal_key on directory_proposal (key, id);
    create index directory_proposal_state on directory_proposal (state, id);

    alter table directory_change add column proposal bigint;
"""


def upgrade() -> None:
    for statement in filter(str.strip, _TABLES.split(";")):
        op.execute(statement)
