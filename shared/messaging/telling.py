"""What one transaction tells: every fact goes into its writer's register, into what is kept for republish, and into the outbox.

A record's bytes are made once. The store takes the state, the header and the document out of them, so that none of the four
copies can say something else; and each kind is one statement, since a round trip costs more than the rows of a complaint.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.registry import WRITERS
from shared.messaging.outbox import headers_json
from shared.messaging.records import Outgoing
from shared.messaging.registers import FACT_OF


def _facts(writer: str) -> TextClause:
    """Of one complaint, the last fact stays and all go out. Rows that others may have are locked in complaint-id order."""
    return text(f"""
        with told as (
            select u.*, convert_from(u.value, 'UTF8')::jsonb as fact
            from unnest(cast(:id as uuid[]), cast(:partition as int[]), cast(:version as int[]), cast(:last as boolean[]),
                        cast(:headers as text[]), cast(:value as bytea[]))
              with ordinality as u (id, partition, version, last, headers, value, n)
        ), known as (
            insert into register as r (complaint_id, partition, reference, header, {writer}, {writer}_version)
            select id, partition, fact->'complaint'->>'reference', fact->'complaint', fact->'{FACT_OF[writer].state_field}', version
            from told where last order by id
            on conflict (complaint_id) do update set {writer} = excluded.{writer}, {writer}_version = excluded.{writer}_version
            where excluded.{writer}_version > r.{writer}_version
        ), kept as (
            insert into published as p (complaint_id, topic, version, headers, value)
            select id, :topic, version, headers::jsonb, value from told where last order by id
            on conflict (complaint_id) do update set version = excluded.version, headers = excluded.headers, value = excluded.value
            where excluded.version > p.version
        )
        insert into outbox (topic, key, complaint_id, version, headers, value)
        select :topic, id::text, id, version, headers::jsonb, value from told order by n""")  # noqa: S608 -- only names of columns are put in


_FACTS = {writer: _facts(writer) for writer in WRITERS}
_DOCUMENTS = text("""
    with told as (
        select u.*
        from unnest(cast(:topic as text[]), cast(:id as uuid[]), cast(:version as int[]), cast(:last as boolean[]),
                    cast(:headers as text[]), cast(:value as bytea[]))
          with ordinality as u (topic, id, version, last, headers, value, n)
    ), stored as (
        insert into private_document as p (topic, complaint_id, version, doc)
        select topic, id, version, convert_from(value, 'UTF8')::jsonb from told
        where last and not exists (select from erased e where e.complaint_id = told.id)
        order by id, topic
        on conflict (complaint_id, topic) do update set version = excluded.version, doc = excluded.doc
        where excluded.version > p.version
        returning topic, complaint_id
    )
    insert into outbox (topic, key, complaint_id, version, private, headers, value)
    select t.topic, t.id::text, t.id, t.version, true, t.headers::jsonb, t.value
    from told t join stored s on s.topic = t.topic and s.complaint_id = t.id order by t.n""")


@dataclass(frozen=True)
class Told:
    """A fact decided in this transaction: its record, and the partition that its complaint has."""

    partition: int
    record: Outgoing


async def facts(conn: AsyncConnection, writer: str, told: Sequence[Told]) -> None:
    """Writes facts in the order in which they were decided. The rows of complaints that others know must be locked."""
    if told:
        records = [one.record for one in told]
        last = {record.complaint_id: record for record in records}
        columns = {
            "id": [r.complaint_id for r in records],
            "partition": [one.partition for one in told],
            "version": [r.version for r in records],
            "last": [last[r.complaint_id] is r for r in records],
            "headers": [headers_json(r) for r in records],
            "value": [r.value for r in records],
        }
        await conn.execute(_FACTS[writer], {"topic": WRITERS[writer], **columns})


async def documents(conn: AsyncConnection, records: Sequence[Outgoing]) -> None:
    """Stores and tells documents whose version is higher than the stored one and whose person is not erased."""
    if records:
        last = {(r.complaint_id, r.topic): r for r in sorted(records, key=lambda r: r.version)}
        columns = {
            "topic": [r.topic for r in records],
            "id": [r.complaint_id for r in records],
            "version": [r.version for r in records],
            "last": [last[r.complaint_id, r.topic] is r for r in records],
            "headers": [headers_json(r) for r in records],
            "value": [r.value for r in records],
        }
        await conn.execute(_DOCUMENTS, columns)
