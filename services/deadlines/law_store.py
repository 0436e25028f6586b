"""SQL over the clocks that a change of the law's data concerns."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_COUNTED_ON = text("""
    select distinct complaint_id from clock where calendar = :code and (cast(:after as uuid) is null or complaint_id > :after)
    order by complaint_id limit :most""")


async def counted_on(conn: AsyncConnection, code: str, after: UUID | None, most: int) -> list[UUID]:
    """Complaints with a clock that is counted on this calendar and may still move, in id order after `after`."""
    return list((await conn.execute(_COUNTED_ON, {"code": code, "after": after, "most": most})).scalars())
