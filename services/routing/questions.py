"""What a desk may ask of its queue, as parameters of a request."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing import rights
from services.routing.filters import Filter
from services.routing.work import staff_store
from shared.contracts.directory import Directory
from shared.contracts.states import CLOSED, OPEN
from shared.runtime.auth import Principal
from shared.runtime.errors import Problem
from shared.runtime.scope import scope

Word = Annotated[str | None, Query(max_length=64)]
NOBODY = "-"
"""A unit that no case is given to: units are words."""


class Question:
    """Filters of a list; all that are given must hold."""

    def __init__(
        self,
        status: Word = None,
        body: Word = None,
        procedure: Annotated[str | None, Query(max_length=64, description="A code, or code@version.")] = None,
        public_service: Word = None,
        overdue: Annotated[bool, Query(description="Only cases whose answer's due time is over.")] = False,
        due_before: Annotated[AwareDatetime | None, Query(description="Only cases whose answer is due before this instant.")] = None,
        assigned: Annotated[
            Literal["me", "my-unit", "nobody"] | None, Query(description="me: also those of absent colleagues whose deputy you are.")
        ] = None,
        unit: Word = None,
        territory: Annotated[str | None, Query(pattern=r"^[0-9]{2,9}$", description="The first digits of a territory's code.")] = None,
        filed_from: AwareDatetime | None = None,
        filed_before: AwareDatetime | None = None,
        restricted: Annotated[bool, Query(description="The restricted desk's cases, which no other list shows.")] = False,
    ) -> None:
        if status and status not in (*OPEN, *CLOSED):
            raise Problem(422, "unknown-status", f"A status is one of {', '.join((*OPEN, *CLOSED))}.", field="status")
        self.status, self.body, self.procedure, self.public_service = status, body, procedure, public_service
        self.overdue, self.due_before, self.assigned, self.unit = overdue, due_before, assigned, unit
        self.restricted = restricted
        self.territory, self.filed_from, self.filed_before = territory, filed_from, filed_before

    async def narrowed(self, conn: AsyncConnection, who: Principal, directory: Directory, now: datetime) -> Filter:
        """The question as this person may ask it, at this legal time."""
        if self.restricted and not who.restricted:
            raise Problem(403, "role-not-allowed", "Only the restricted desk lists its cases.")
        place, unit = rights.colleagues(who), self.unit
        if self.assigned == "my-unit":
            unit = await staff_store.unit(conn, place, who.sub) or NOBODY
        return Filter(
            bodies=_bodies(scope(who, directory), self.body),
            statuses=(self.status,) if self.status else None,
            procedure=self.procedure,
            public_service=self.public_service,
            due_by=min((at for at in (now if self.overdue else None, self.due_before) if at), default=None),
            assignees=await staff_store.stands_for(conn, place, who.sub, now) if self.assigned == "me" else None,
            unit=unit,
            unassigned=self.assigned == "nobody",
            territory=self.territory,
            filed_from=self.filed_from,
            filed_before=self.filed_before,
            restricted=self.restricted,
        )


def _bodies(allowed: frozenset[str] | None, asked: str | None) -> list[str] | None:
    found = rights.within(allowed, asked)
    return None if found is None else list(found)


Asked = Annotated[Question, Depends()]
