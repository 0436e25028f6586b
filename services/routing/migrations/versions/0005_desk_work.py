"""The desk's work: assignees, notes, drafts, colleagues, templates, search, keys of requests. None of it is in a fact or told."""

from alembic import op

revision = "0005"
down_revision = "0004"

# unaccent and pg_trgm come with PostgreSQL, and the owner of a database may create them there.
# In search, words in Latin letters have their accents taken off before they are stemmed as French, the others are stemmed as Arabic.
# A row of a case belongs to the body that it was written at: once the case is elsewhere it counts no more there.
# The national desk, which is no body, is the empty text where a body is part of a key.
_TABLES = """
    create table desk_assignee (
        complaint_id uuid primary key, body text, sub text, unit text, at timestamptz not null,
        check (sub is not null or unit is not null)
    );
    create index desk_assignee_sub on desk_assignee (sub) where sub is not null;
    create index desk_assignee_unit on desk_assignee (unit) where unit is not null;

    create table desk_note (
        id bigint generated always as identity primary key,
        complaint_id uuid not null, body text, at timestamptz not null, sub text not null, role text not null, text text not null
    );
    create index desk_note_complaint on desk_note (complaint_id, id);

    create table desk_draft (
        complaint_id uuid primary key, version int not null, body text, state text not null,
        outcome text not null, reasons text, writers text[] not null, approvers text[] not null, comment text, at timestamptz not null,
        check (state in ('draft', 'submitted', 'approved', 'returned'))
    );

    create table staff (
        body text not null, sub text not null, role text not null, unit text, first_at timestamptz not null, last_at timestamptz not null,
        primary key (body, sub)
    );
    create table staff_absence (
        body text not null, sub text not null, deputy text not null, since timestamptz not null, until timestamptz not null,
        primary key (body, sub)
    );
    create index staff_absence_deputy on staff_absence (body, deputy);

    create table decision_key (
        key uuid primary key, digest bytea not null, complaint_id uuid, answer text, expires_at timestamptz not null
    );
    create index decision_key_complaint on decision_key (complaint_id);
    create index decision_key_expires on decision_key (expires_at);

    create index desk_case_procedure_due on desk_case (procedure, (coalesce(due_at, 'infinity'::timestamptz)), complaint_id);

    create table reply_template (
        body text not null, code text not null, language text not null, title text not null, text text not null, outcome text,
        at timestamptz not null, primary key (body, code, language)
    );

    create extension if not exists unaccent;
    create extension if not exists pg_trgm;
    create text search configuration wasl (copy = simple);
    alter text search configuration wasl alter mapping for asciiword, asciihword, hword_asciipart with french_stem;
    alter text search configuration wasl alter mapping for word, hword, hword_part with arabic_stem;

    create table desk_search (
        complaint_id uuid primary key, name_key text not null, phone_tail text, words tsvector not null
    );
    create index desk_search_phone on desk_search (phone_tail) where phone_tail is not null;
    create index desk_search_name on desk_search using gin (name_key gin_trgm_ops) with (gin_pending_list_limit = 256);
    create index desk_search_words on desk_search using gin (words) with (gin_pending_list_limit = 256);

    create index desk_case_open on desk_case (body, status, due_at, complaint_id, restricted)
      where status in ('triage', 'with_body', 'waiting_for_citizen');

    alter table audit alter column reference drop not null;
    alter table audit add column shown text[];
    create index audit_shown on audit using gin (shown) where shown is not null;
"""


def upgrade() -> None:
    for statement in filter(str.strip, _TABLES.split(";")):
        op.execute(statement)
