"""The tables that every service's store has for the engine. Migration 0001 of each service executes CREATE as it stands;
a later change is a new constant and a new migration, never an edit here."""

CREATE = """
create table register (
    complaint_id uuid primary key,
    partition int not null,
    reference text not null,
    header jsonb not null,
    intake jsonb, intake_version int not null default 0,
    routing jsonb, routing_version int not null default 0,
    deadlines jsonb, deadlines_version int not null default 0
);
create unique index register_reference on register (reference);

create table consumer_position (
    consumer text not null, topic text not null, partition int not null,
    topic_id text not null, next_offset bigint not null,
    bad_in_row int not null default 0,
    primary key (consumer, topic, partition)
);
create table own_position (
    topic text not null, partition int not null, topic_id text not null, next_offset bigint not null,
    primary key (topic, partition)
);

create table outbox (
    id bigint generated always as identity primary key,
    topic text not null, key text not null, complaint_id uuid, version int not null, private boolean not null default false,
    headers jsonb not null, value bytea, created_at timestamptz not null default clock_timestamp()
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
create index outbox_complaint on outbox (complaint_id);
create table lease (name text primary key, holder text not null, until timestamptz not null);

create table published (
    complaint_id uuid primary key, topic text not null, version int not null, headers jsonb not null, value bytea not null
);
create table private_document (
    topic text not null, complaint_id uuid not null, version int not null, doc jsonb not null,
    primary key (complaint_id, topic)
);
create table erased (complaint_id uuid primary key, at timestamptz not null, resent_at timestamptz);

create sequence directory_stamp;
create table directory_record (
    key text primary key, version int not null, value jsonb not null, stamp bigint not null default nextval('directory_stamp')
);
create index directory_record_stamp on directory_record (stamp);

create table dead_letters (
    id bigint generated always as identity primary key,
    consumer text not null, topic text not null, partition int not null, "offset" bigint not null,
    key bytea, headers jsonb not null, value bytea, reason text not null,
    at timestamptz not null default clock_timestamp(), replayed_at timestamptz,
    unique (consumer, topic, partition, "offset")
);
create table store_stamp (key text primary key, value text not null);
"""
