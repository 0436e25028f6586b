"""SQL of the search: one row a complaint, made from its papers and gone with them. It holds keys of words, no text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.desk.names import name_key, phone_tail
from services.routing.filters import Filter
from services.routing.models import CaseRow
from services.routing.store import FOR_ITSELF, OF_CASES, QUEUE, WORKING
from shared.contracts.private import Papers
from shared.contracts.registry import PAPERS
from shared.contracts.wording import sound, tokens
from shared.runtime.db import quick

MOST_WORDS = 8
"""Of a question; what follows narrows nothing more."""
ALIKE = 0.6
"""The least likeness of two names (trigrams of their keys) at which one is shown for the other."""

_PUT = text("""
    insert into desk_search as s (complaint_id, name_key, phone_tail, words)
    select u.id, u.name_key, u.phone_tail,
      setweight(to_tsvector('wasl', unaccent(u.name)), 'A') || to_tsvector('wasl', unaccent(u.words)) || to_tsvector('simple', u.sounds)
    from unnest(cast(:id as uuid[]), cast(:name_key as text[]), cast(:phone_tail as text[]), cast(:name as text[]),
                cast(:words as text[]), cast(:sounds as text[])) as u (id, name_key, phone_tail, name, words, sounds)
    where not exists (select from erased e where e.complaint_id = u.id)
    order by u.id
    on conflict (complaint_id) do update set name_key = excluded.name_key, phone_tail = excluded.phone_tail, words = excluded.words""")
_DROP = text("delete from desk_search where complaint_id = any(cast(:ids as uuid[]))")
_NEXT_PAPERS = text("""
    select complaint_id from private_document where topic = :papers and complaint_id > :after order by complaint_id limit :window""")
# Locked: newer papers, or their end, wait until these have their row, and then change it.
_UNINDEXED = text("""
    select p.doc from private_document p
    where p.topic = :papers and p.complaint_id = any(cast(:ids as uuid[]))
      and not exists (select from desk_search s where s.complaint_id = p.complaint_id)
    order by p.complaint_id limit :limit for share of p""")
_ALIKE = text("select set_config('pg_trgm.similarity_threshold', :least, true)")
_SEARCHED = f"desk_search s join desk_case c on c.complaint_id = s.complaint_id {WORKING}"
_NEWEST = "c.filed_at desc, c.complaint_id desc"


class Found(NamedTuple):
    """match: by what a case was found."""

    case: CaseRow
    match: str


async def index(conn: AsyncConnection, papers: Sequence[Papers]) -> None:
    """Writes the rows of these papers, one statement for all; never for a person who was erased."""
    if papers:
        rows = [_row(one) for one in papers]
        await quick(conn, _PUT, {name: [row[name] for row in rows] for name in rows[0]})


async def unindexed(conn: AsyncConnection, after: UUID, window: int, limit: int) -> tuple[UUID | None, list[Papers]]:
    """Of the next so many papers in id order those that have no row, and how far that is; None: there are no papers after it.

    Nobody changes them before this transaction ends.
    """
    ids = list((await conn.execute(_NEXT_PAPERS, {"papers": PAPERS, "after": after, "window": window})).scalars())
    found = await conn.execute(_UNINDEXED, {"papers": PAPERS, "ids": ids, "limit": limit})
    papers = [Papers.model_validate_json(doc) for doc in found.scalars()]
    reached = papers[-1].complaint_id if len(papers) == limit else ids[-1] if ids else None
    return reached, papers


async def drop(conn: AsyncConnection, ids: Sequence[UUID]) -> None:
    if ids:
        await quick(conn, _DROP, {"ids": list(ids)})


async def by_reference(conn: AsyncConnection, reference: str, wanted: Filter) -> list[Found]:
    """Also of a complaint whose papers are gone, or have not come yet."""
    condition = "c.complaint_id = (select complaint_id from register where reference = :reference)"
    return await _found(conn, _Look("reference", condition, {"reference": reference}, QUEUE), wanted, 1)


async def by_phone(conn: AsyncConnection, tail: str, wanted: Filter, limit: int) -> list[Found]:
    return await _found(conn, _Look("phone", "s.phone_tail = :tail", {"tail": tail}), wanted, limit)


async def by_words(conn: AsyncConnection, asked: str, wanted: Filter, limit: int) -> list[Found]:
    """Cases in which all the words stand, in the filer's name or in what they wrote, in any of their forms; the newest first."""
    words = tokens(asked)[:MOST_WORDS]
    if not words:
        return []
    each = " && ".join(f"(plainto_tsquery('wasl', unaccent(:w{n})) || plainto_tsquery('simple', :s{n}))" for n in range(len(words)))
    given: dict[str, object] = {f"w{n}": word for n, word in enumerate(words)}
    given |= {f"s{n}": _heard(word) for n, word in enumerate(words)}
    return await _found(conn, _Look("words", f"s.words @@ ({each})", given), wanted, limit)


async def by_like_names(conn: AsyncConnection, asked: str, wanted: Filter, limit: int) -> list[Found]:
    """Filers whose names sound like it, in either script; the likest first."""
    key = name_key(asked)
    if not key:
        return []
    await conn.execute(_ALIKE, {"least": str(ALIKE)})
    look = _Look("like-name", "s.name_key % :key", {"key": key}, order=f"similarity(s.name_key, :key) desc, {_NEWEST}")
    return await _found(conn, look, wanted, limit)


@dataclass(frozen=True)
class _Look:
    match: str
    condition: str
    given: dict[str, object]
    source: str = _SEARCHED
    order: str = _NEWEST


async def _found(conn: AsyncConnection, look: _Look, wanted: Filter, limit: int) -> list[Found]:
    where, more = wanted.where()
    await conn.execute(FOR_ITSELF)
    query = f"select {OF_CASES} from {look.source} where {look.condition} and {where} order by {look.order} limit :limit"  # noqa: S608
    rows = (await conn.execute(text(query), look.given | more | {"limit": limit})).all()
    return [Found(CaseRow(*row), look.match) for row in rows]


def _row(papers: Papers) -> dict[str, object]:
    person = papers.person
    supplied = (one.text for one in papers.supplied)
    words = tokens("\n".join((papers.subject, papers.narrative, *papers.private.values(), *supplied)))
    name = tokens(person.name or "")
    return {
        "id": papers.complaint_id,
        "name_key": name_key(person.name or ""),
        "phone_tail": phone_tail(person.phone or ""),
        "name": " ".join(name),
        "words": " ".join(words),
        "sounds": " ".join(filter(None, map(_heard, (*name, *words)))),
    }


def _heard(token: str) -> str:
    """Marked, so that no word is taken for a sound."""
    heard = sound(token)
    return f"0{heard.lower()}" if heard else ""
