"""Why each case went where, and what triage knows: words and fingerprints of filings, and which case is a second copy of which."""

from alembic import op

revision = "0004"
down_revision = "0003"

# Words and contacts are kept as numbers that nobody reads; they name a person all the same, and go with the person.
_TABLES = """
    create table routing_decision (
        complaint_id uuid not null, version int not null, at timestamptz not null,
        rule text, rule_version int, rule_set_version int, final boolean not null, body text,
        evidence jsonb not null, word text,
        primary key (complaint_id, version)
    );
    create index routing_decision_at on routing_decision (at, complaint_id);

    alter table rule_set drop constraint rule_set_pkey, add primary key (country, version);

    create table case_print (
        complaint_id uuid primary key, filed_at timestamptz not null, public_service text, territory text not null,
        words int[] not null, bands int[] not null, signature int[] not null, contacts bigint[] not null
    );
    create index case_print_words on case_print using gin (words);
    create index case_print_bands on case_print using gin (bands);
    create index case_print_contacts on case_print using gin (contacts);
    create index case_print_public_service on case_print (public_service, filed_at);

    create table case_link (
        complaint_id uuid not null, rel text not null, other uuid not null, at timestamptz not null, role text not null,
        primary key (complaint_id, rel, other)
    );
    create index case_link_other on case_link (other);

    alter table desk_case add column restricted boolean not null default false;
"""


def upgrade() -> None:
    for statement in filter(str.strip, _TABLES.split(";")):
        op.execute(statement)
