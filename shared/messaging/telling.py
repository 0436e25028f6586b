"""What one transaction tells: every fact goes into its writer's register, into what is kept for republish, and into the outbox.

A record's bytes are made once. The store takes the state, the header and the document out of them, so that none of the four
copies can say something else; and all of it is one statement, since a round trip costs more than the rows of a complaint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.registry import INTAKE, TOPICS, WRITERS
from shared.messaging.columns import column, joined
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


def _facts(writer: str) -> str:
    """Rows that others may have are locked in complaint-id order.

    The keys are a query of their own, so that the planner does not see how few they are: it would plan each statement anew for that.
    """
    return f"""told as (
            select key, partition, n, key::uuid as id, headers::jsonb as attributes, value::jsonb as fact,
                   convert_to(value, 'UTF8') as bytes, n <> all(cast(:overtaken as int[])) as last
            from unnest((select {column("key")}), {column("partition", "int")}, {column("headers")}, {column("value")})
              with ordinality as u (key, partition, headers, value, n)
        ), known as ({_kept(writer)}
        ), kept as (
            insert into published as p (complaint_id, topic, version, headers, value)
            select id, :topic, (fact->'version')::int, attributes, bytes from told where last order by id
            on conflict (complaint_id) do update set version = excluded.version, headers = excluded.headers, value = excluded.value
            where excluded.version > p.version
        )"""  # noqa: S608 -- only names of columns are put in


_DOCUMENTS = f"""docs as (
            select u.*, key::uuid as id, value::jsonb as doc
            from unnest({column("doc_topic")}, {column("doc_key")}, {column("doc_headers")}, {column("doc_value")})
              with ordinality as u (topic, key, headers, value, n)
        ), stored as (
            insert into private_document as p (topic, complaint_id, version, doc)
            select topic, id, (doc->'version')::int, doc from docs
            where n <> all(cast(:doc_overtaken as int[])) and not exists (select from erased e where e.complaint_id = docs.id)
            order by id, topic
            on conflict (complaint_id, topic) do update set version = excluded.version, doc = excluded.doc
            where excluded.version > p.version
            returning topic, complaint_id
        )"""  # noqa: S608
_FACTS_OUT = (
    "select cast(:topic as text) as topic, key, id, (fact->'version')::int as version, false as private, attributes, bytes, n from told"
)
_DOCUMENTS_OUT = """
            select d.topic, d.key, d.id, (d.doc->'version')::int as version, true as private, d.headers::jsonb as attributes,
                   convert_to(d.value, 'UTF8') as bytes, d.n
            from docs d join stored s on s.topic = d.topic and s.complaint_id = d.id"""


@cache
def _statement(writer: str, facts: bool, documents: bool) -> TextClause:
    """All facts go out, then the documents that were stored."""
    parts = [*([_facts(writer)] if facts else []), *([_DOCUMENTS] if documents else [])]
    out = [*([_FACTS_OUT] if facts else []), *([_DOCUMENTS_OUT] if documents else [])]
    return text(f"""
        with {", ".join(parts)}
        insert into outbox (topic, key, complaint_id, version, private, headers, value)
        select topic, key, id, version, private, attributes, bytes from ({" union all ".join(out)}) as o order by private, n""")  # noqa: S608


@dataclass(frozen=True)
class Told:
    """A fact decided in this transaction: its record, and the partition that its complaint has."""

    partition: int
    record: Outgoing


async def tell(conn: AsyncConnection, writer: str, told: Sequence[Told], documents: Sequence[Outgoing] = ()) -> None:
    """Writes facts in the order in which they were decided; the rows of complaints that others know must be locked.

    Stores and tells documents whose version is higher than the stored one and whose person is not erased.
    """
    if told or documents:
        given = (_of_facts(writer, told) if told else {}) | (_of_documents(documents) if documents else {})
        await quick(conn, _statement(writer, bool(told), bool(documents)), given)


def _of_facts(writer: str, told: Sequence[Told]) -> dict[str, Any]:
    partitions = joined(str(one.partition) for one in told)
    return {"topic": WRITERS[writer], "partition": partitions, **_columns([one.record for one in told])}


def _of_documents(records: Sequence[Outgoing]) -> dict[str, Any]:
    columns = {"topic": joined(record.topic for record in records), **_columns(records)}
    return {f"doc_{name}": column for name, column in columns.items()}


def _columns(records: Sequence[Outgoing]) -> dict[str, Any]:
    """No more than the bytes, where they go, and the places (from 1) of those that another one here replaces: all else stands in them."""
    last = {(record.key, record.topic): record for record in sorted(records, key=attrgetter("version"))}
    return {
        "overtaken": [n for n, record in enumerate(records, 1) if last[record.key, record.topic] is not record],
        "key": joined(record.key for record in records),
        "headers": joined(map(headers_json, records)),
        "value": joined((record.value or b"").decode() for record in records),
    }
