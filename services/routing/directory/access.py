"""Who changes the directory, and how a request about it is taken: its role, the version that was read."""

from typing import Annotated

from fastapi import Depends

from services.routing.directory.store import Author
from shared.contracts.directory import BodyRecord, Directory
from shared.runtime.auth import Principal, staff
from shared.runtime.errors import Problem
from shared.runtime.preconditions import demand_version

NATIONAL = "national-desk"

Keeper = Annotated[Principal, Depends(staff("body-admin", NATIONAL))]
"""May change how a body of theirs is reached."""
Looker = Annotated[Principal, Depends(staff())]
"""The directory holds no complaint and no person: any member of staff may read it."""
Overseer = Annotated[Principal, Depends(staff(NATIONAL, "auditor"))]


def author(who: Principal) -> Author:
    return Author(who.role, who.body, who.sub)


def find_body(directory: Directory, id: str, version: int | None = None) -> BodyRecord:
    """Problems: 404 body-unknown; 412 version-stale where it has moved on since that version was read."""
    body = directory.bodies.get(id)
    if body is None:
        raise Problem(404, "body-unknown", "No body has this id: take one from the directory.")
    if version is not None:
        demand_version(version, body.version, "The body has changed since you read it: read it again, then decide.")
    return body


def demand_theirs(who: Principal, body: BodyRecord, directory: Directory) -> None:
    """Problem 403 not-your-body: a body admin changes their own body and those below it."""
    if who.body is not None and body.id not in directory.body_scope(who.body):
        raise Problem(403, "not-your-body", "You may change your own body and those below it.")
