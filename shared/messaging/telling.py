"""What one transaction tells: every fact goes into its writer's register, into what is kept for republish, and into the outbox.

A record's bytes are made once. The store takes the state, the header and the document out of them, so that none of the four
copies can say something else; and each kind is one statement, since a round trip costs more than the rows of a complaint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.registry import INTAKE, TOPICS, WRITERS
from shared.messaging.outbox import headers_json
from shared.messaging.records import Outgoing
from shared.messaging.registers import FACT_OF
from shared.runtime.db import quick


def _kept(writer: str) -> str:
    """Of one complaint, the last state stays. Only who is told of it first makes its row; all others have locked the one there is."""
    state = f"fact->'{FACT_OF[writer].state_field}'"
    if writer != TOPICS[INTAKE].writer:
        return f"""
            update register r set {writer} = t.{state}, {writer}_version = (t.fact->'version')::int
            from told t where t.last and r.complaint_id = t.id and (t.fact->'version')::int > r.{writer}_version"""  # noqa: S608
    return f"""
            insert into register as r (complaint_id, partition, reference, header, {writer}, {writer}_version)
            select id, partition, fact->'complaint'->>'reference', fact->'complaint', {state}, (fact->'version')::int
            from told where last order by id
            on conflict (complaint_id) do update set {writer} = excluded.{writer}, {writer}_version = excluded.{writer}_version
            where excluded.{writer}_version > r.{writer}_version"""  # noqa: S608


def _facts(writer: str) -> TextClause:
    """All facts go out. Rows that others may have are locked in complaint-id order."""
    return text(f"""
        with told as (
            select u.*, key::uuid as id, headers::jsonb as attributes, convert_from(value, 'UTF8')::jsonb as fact,
                   n <> all(cast(:overtaken as int[])) as last
            from unnest(cast(:key as text[]), cast(:partition as int[]), cast(:headers as text[]), cast(:value as bytea[]))
              with ordinality as u (key, partition, headers, value, n)
        ), known as ({_kept(writer)}
        ), kept as (
            insert into published as p (complaint_id, topic, version, headers, value)
            select id, :topic, (fact->'version')::int, attributes, value from told where last order by id
            on conflict (complaint_id) do update set version = excluded.version, headers = excluded.headers, value = excluded.value
            where excluded.version > p.version
        )
        insert into outbox (topic, key, complaint_id, version, headers, value)
        select :topic, key, id, (fact->'version')::int, attributes, value from told order by n""")  # noqa: S608 -- only names of columns are put in


_FACTS = {writer: _facts(writer) for writer in WRITERS}
_DOCUMENTS = text("""
    with told as (
        select u.*, key::uuid as id, convert_from(value, 'UTF8')::jsonb as doc
        from unnest(cast(:topic as text[]), cast(:key as text[]), cast(:headers as text[]), cast(:value as bytea[]))
          with ordinality as u (topic, key, headers, value, n)
    ), stored as (
        insert into private_document as p (topic, complaint_id, version, doc)
        select topic, id, (doc->'version')::int, doc from told
        where n <> all(cast(:overtaken as int[])) and not exists (select from erased e where e.complaint_id = told.id)
        order by id, topic
        on conflict (complaint_id, topic) do update set version = excluded.version, doc = excluded.doc
        where excluded.version > p.version
        returning topic, complaint_id
    )
    insert into outbox (topic, key, complaint_id, version, private, headers, value)
    select t.topic, t.key, t.id, (t.doc->'version')::int, true, t.headers::jsonb, t.value
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
        last = {record.key: record for record in records}
        overtaken = [n for n, record in enumerate(records, 1) if last[record.key] is not record]
        columns = {"topic": WRITERS[writer], "partition": [one.partition for one in told], "overtaken": overtaken}
        await quick(conn, _FACTS[writer], columns | _columns(records))


async def documents(conn: AsyncConnection, records: Sequence[Outgoing]) -> None:
    """Stores and tells documents whose version is higher than the stored one and whose person is not erased."""
    if records:
        last = {(record.key, record.topic): record for record in sorted(records, key=attrgetter("version"))}
        overtaken = [n for n, record in enumerate(records, 1) if last[record.key, record.topic] is not record]
        columns = {"topic": [record.topic for record in records], "overtaken": overtaken}
        await quick(conn, _DOCUMENTS, columns | _columns(records))


def _columns(records: Sequence[Outgoing]) -> dict[str, list[Any]]:
    """No more than the bytes and where they go: all else stands in them, and each value of an array costs a microsecond."""
    return {
        "key": [record.key for record in records],
        "headers": [headers_json(record) for record in records],
        "value": [record.value for record in records],
    }
