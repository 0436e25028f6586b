"""All SQL of triage's tables: decisions of the rules, fingerprints of filings, links between cases."""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.domain import Rule
from services.routing.triage.domain import Print
from shared.contracts.complaint import Header
from shared.contracts.private import Papers
from shared.contracts.registry import PAPERS
from shared.messaging.engine import Stop
from shared.runtime.db import quick, quick_values

_RULES = TypeAdapter(tuple[Rule, ...])
UNREADABLE = 8
"""Exit code of a process that does not know what the stored rules ask for."""


class RuleSet(NamedTuple):
    version: int
    rules: tuple[Rule, ...]


class Decided(NamedTuple):
    """What the rules, or the law in their place (rule_set_version None), said of a case; `version` is that of the fact that told it."""

    complaint_id: UUID
    version: int
    at: datetime
    rule: str | None
    rule_version: int | None
    rule_set_version: int | None
    final: bool
    body: str | None
    evidence: dict[str, Any]
    word: str | None


class Linked(NamedTuple):
    """One tie of a case to another. from_here: this case is the second copy; else the other is."""

    rel: str
    reference: str
    status: str
    body: str | None
    at: datetime
    role: str
    from_here: bool
    restricted: bool


_TYPES = {
    "complaint_id": "uuid",
    "version": "int",
    "at": "timestamptz",
    "rule": "text",
    "rule_version": "int",
    "rule_set_version": "int",
    "final": "boolean",
    "body": "text",
    "evidence": "text",
    "word": "text",
}
_DECIDED = ", ".join(Decided._fields)
_ROWS = f"unnest({', '.join(f'cast(:{name} as {type}[])' for name, type in _TYPES.items())}) as u ({_DECIDED})"
_VALUES = _DECIDED.replace("evidence", "evidence::jsonb")
_PUT_DECISIONS = text(f"insert into routing_decision ({_DECIDED}) select {_VALUES} from {_ROWS} on conflict do nothing")  # noqa: S608
_RESTORE = text(f"""
    insert into routing_decision ({_DECIDED}) select {_VALUES} from {_ROWS}
    where not exists (select from routing_decision d where d.complaint_id = u.complaint_id) on conflict do nothing""")  # noqa: S608
_DECISIONS = text(f"select {_DECIDED} from routing_decision where complaint_id = :id order by version")  # noqa: S608
_RULE_SET = text("""
    select version, rules from rule_set where cast(:version as int) is null or version = :version order by version desc limit 1""")
_WAITING = text("""
    select complaint_id from register where complaint_id = any(cast(:ids as uuid[])) and intake_version > 0
    and (routing_version = 0 or (routing->>'status' = 'triage' and routing->>'rule' is null))""")
_UNPRINTED = text("""
    select r.header, p.doc from register r join private_document p on p.complaint_id = r.complaint_id and p.topic = :papers
    where r.complaint_id = any(cast(:ids as uuid[])) and not exists (select from case_print c where c.complaint_id = r.complaint_id)""")
# Lists go as text: unnest would flatten them.
_PUT_PRINTS = text("""
    insert into case_print (complaint_id, filed_at, public_service, territory, words, bands, signature, contacts)
    select u.id, u.filed_at, u.public_service, u.territory, u.words::int[], u.bands::int[], u.signature::int[], u.contacts::bigint[]
    from unnest(cast(:complaint_id as uuid[]), cast(:filed_at as timestamptz[]), cast(:public_service as text[]),
                cast(:territory as text[]), cast(:words as text[]), cast(:bands as text[]),
                cast(:signature as text[]), cast(:contacts as text[]))
      as u (id, filed_at, public_service, territory, words, bands, signature, contacts)
    order by u.id on conflict do nothing""")
_FORGET = text("""
    with prints as (delete from case_print where complaint_id = any(cast(:ids as uuid[])))
    update routing_decision set word = null where complaint_id = any(cast(:ids as uuid[])) and word is not null""")
_LINK = text("""
    insert into case_link (complaint_id, rel, other, at, role) values (:id, :rel, :other, :at, :role) on conflict do nothing""")
_LINKS = text("""
    select l.rel, c.reference, c.status, c.body, l.at, l.role, l.complaint_id = :id as from_here, c.restricted
    from case_link l join desk_case c on c.complaint_id = case when l.complaint_id = :id then l.other else l.complaint_id end
    where :id in (l.complaint_id, l.other) order by l.at, c.reference""")
_ABOVE = text("""
    with recursive chain (id) as (
        select cast(:id as uuid) union select l.other from case_link l join chain on l.complaint_id = chain.id where l.rel = :rel)
    select id from chain""")

# Planned for the words of this case, and so that of each case like it one row is looked up: beside a million others, never all of them.
_BY_ROW = text("select set_config('random_page_cost', '1.1', true), set_config('plan_cache_mode', 'force_custom_plan', true)")
_SUGGESTED = text("""
    select c.body, like_it.service, like_it.place, like_it.words, count(*) as n
    from (
        select p.complaint_id, coalesce(p.public_service = :public_service, false) as service,
               p.territory = any(cast(:places as text[])) as place, p.words && cast(:words as int[]) as words
        from case_print p
        where p.filed_at >= :since and p.filed_at < :until and p.complaint_id <> :id
          and (p.words && cast(:words as int[]) or p.public_service = :public_service)
    ) like_it join desk_case c on c.complaint_id = like_it.complaint_id
    where c.body is not null and not c.restricted and c.filed_at >= :since and c.filed_at < :until
    group by 1, 2, 3, 4""")
_ALIKE = text("""
    select c.reference, c.status, c.body, p.complaint_id, p.filed_at, p.public_service, p.territory,
           p.words, p.bands, p.signature, p.contacts
    from case_print p join desk_case c on c.complaint_id = p.complaint_id
    where (p.bands && cast(:bands as int[]) or p.contacts && cast(:contacts as bigint[]))
      and p.filed_at between :since and :until and p.complaint_id <> :id and not c.restricted
      and (cast(:bodies as text[]) is null or c.body = any(cast(:bodies as text[])))
    order by p.contacts && cast(:contacts as bigint[]) desc,
      (select count(*) from unnest(p.bands) as band where band = any(cast(:bands as int[]))) desc,
      abs(extract(epoch from p.filed_at - cast(:filed_at as timestamptz))) limit :limit""")
# The last decision of each case that rules took, in the order of time; the period is that of the decisions.
_PERIOD = """
    d.rule_set_version is not null and (cast(:since as timestamptz) is null or d.at >= :since)
    and (cast(:until as timestamptz) is null or d.at < :until)
    and not exists (select from routing_decision l where l.complaint_id = d.complaint_id and l.version > d.version)"""
_PAST = text(f"""
    select d.at, d.complaint_id, r.header, d.body, p.doc->>'subject' as subject
    from routing_decision d join register r on r.complaint_id = d.complaint_id
      left join private_document p on p.complaint_id = d.complaint_id and p.topic = :papers
    where {_PERIOD} and (cast(:after_at as timestamptz) is null
      or (d.at, d.complaint_id) > (cast(:after_at as timestamptz), cast(:after_id as uuid)))
    order by d.at, d.complaint_id limit :limit""")  # noqa: S608
_PAST_COUNT = text(f"select count(*) from (select from routing_decision d where {_PERIOD} limit :limit) as taken")  # noqa: S608


async def rule_set(conn: AsyncConnection, version: int | None = None) -> RuleSet | None:
    """The newest rules, or those of a version; None where there are none. Ends a process that cannot read what they ask for."""
    found = await quick(conn, _RULE_SET, {"version": version})
    try:
        return RuleSet(found[0].version, _parsed(found[0].rules)) if found else None
    except ValidationError as error:
        why = f"the rules of version {found[0].version} ask for what this release does not know: start a newer release"
        raise Stop(UNREADABLE, why) from error


async def put_decisions(conn: AsyncConnection, rows: Sequence[Decided]) -> None:
    if rows:
        await quick(conn, _PUT_DECISIONS, _columns(rows))


async def restore_decisions(conn: AsyncConnection, rows: Sequence[Decided]) -> None:
    """For a store that was restored from an older copy: what the facts still tell of decisions that it has lost."""
    if rows:
        await conn.execute(_RESTORE, _columns(rows))


async def decisions(conn: AsyncConnection, complaint_id: UUID) -> list[Decided]:
    """Oldest first: more than one where the first had to wait for the words of the subject."""
    rows = [Decided(*row) for row in await conn.execute(_DECISIONS, {"id": complaint_id})]
    return [row._replace(evidence=json.loads(row.evidence)) for row in rows]  # type: ignore[arg-type]


async def waiting_for_words(conn: AsyncConnection, ids: Sequence[UUID]) -> list[UUID]:
    """Of these complaints those that no rule has decided yet."""
    return await quick_values(conn, _WAITING, {"ids": list(ids)})


async def unprinted(conn: AsyncConnection, ids: Sequence[UUID]) -> list[tuple[Header, Papers]]:
    """Of these complaints those whose filing and papers are both here, and no print of them yet."""
    rows = await quick(conn, _UNPRINTED, {"ids": list(ids), "papers": PAPERS})
    return [(Header.model_validate_json(header), Papers.model_validate_json(doc)) for header, doc in rows]


async def put_prints(conn: AsyncConnection, prints: Sequence[Print]) -> None:
    if prints:
        await quick(conn, _PUT_PRINTS, {field.name: [_plain(getattr(one, field.name)) for one in prints] for field in fields(Print)})


async def forget(conn: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Of erased filers, what is kept of their words and contacts; safe to repeat."""
    if ids:
        await quick(conn, _FORGET, {"ids": list(ids)})


async def link(conn: AsyncConnection, id: UUID, rel: str, other: UUID, at: datetime, role: str) -> None:
    await conn.execute(_LINK, {"id": id, "rel": rel, "other": other, "at": at, "role": role})


async def links(conn: AsyncConnection, id: UUID) -> list[Linked]:
    """The ties of a case, in both directions, oldest first."""
    return [Linked(*row) for row in await conn.execute(_LINKS, {"id": id})]


async def chain(conn: AsyncConnection, id: UUID, rel: str) -> set[UUID]:
    """A case and all that it leads to by such ties."""
    return set((await conn.execute(_ABOVE, {"id": id, "rel": rel})).scalars())


async def like_it(conn: AsyncConnection, asked: dict[str, Any]) -> list[Any]:
    """(body, whether of the same public service, whether near, whether words are shared, how many) of cases like one; one query."""
    await conn.execute(_BY_ROW)
    return list(await conn.execute(_SUGGESTED, asked))


async def alike(conn: AsyncConnection, asked: dict[str, Any]) -> list[Any]:
    """(reference, status, body, then the print) of cases whose fingerprint or filer may be that of one; by the same filer first,
    then those that share most of it, then the nearest in time."""
    await conn.execute(_BY_ROW)
    return list(await conn.execute(_ALIKE, asked))


async def past(
    conn: AsyncConnection, since: datetime | None, until: datetime | None, after_at: datetime | None, after_id: UUID | None, limit: int
) -> list[Any]:
    """(instant, id, header, body, subject) of filings that rules decided in a period, in order, after the last one that was read."""
    given = {"since": since, "until": until, "after_at": after_at, "after_id": after_id, "limit": limit, "papers": PAPERS}
    return list(await conn.execute(_PAST, given))


async def past_count(conn: AsyncConnection, since: datetime | None, until: datetime | None, limit: int) -> int:
    """How many filings a period has; not beyond `limit`."""
    number: int = (await conn.execute(_PAST_COUNT, {"since": since, "until": until, "limit": limit})).scalar_one()
    return number


def _columns(rows: Sequence[Decided]) -> dict[str, list[Any]]:
    plain = [row._replace(evidence=json.dumps(row.evidence)) for row in rows]  # type: ignore[arg-type]
    return {name: [getattr(row, name) for row in plain] for name in Decided._fields}


def _plain(value: Any) -> Any:
    return f"{{{','.join(map(str, value))}}}" if isinstance(value, tuple) else value


@lru_cache(maxsize=4)
def _parsed(stored: str) -> tuple[Rule, ...]:
    return _RULES.validate_json(stored)
