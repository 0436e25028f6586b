"""Closing, merging and splitting bodies: the records after it. Their open cases follow by themselves (desk/reactions.py). Pure."""

from collections.abc import Iterable, Sequence
from datetime import date

from services.routing.desk.refusals import Refused, conflict
from services.routing.directory.domain import standing
from services.routing.directory.editing import edited
from shared.contracts.directory import BodyRecord, Directory, PublicServiceRecord
from shared.contracts.directory_records import Editable, Part


def closed(body: BodyRecord, successor: str | None, on: date, directory: Directory, parts: Sequence[Part] = ()) -> list[Editable]:
    """The body closed on its last day, first; the bodies below it below its successor, or below its parent where there is none.

    Its public services that a part takes everywhere are that part's own from now on; the others follow the successor.

    409 body-closed. 422: same-body, unknown-body, closed-body, below-itself, empty-part, unknown-public-service, unknown-territory.
    """
    if body.closed_on:
        raise conflict("body-closed", "This body was closed already.")
    if successor is not None:
        _demand_open(successor, body, directory, "successor")
    for part in parts:
        _check_part(part, body, directory)
    own = edited(body, on, closed_on=on, successor=successor, parts=tuple(parts))
    return [own, *_below(body, successor or body.parent, on, directory), *_services(body, parts, on, directory)]


def heir(body: BodyRecord, public_service: str | None, territory: str, directory: Directory) -> str | None:
    """Who takes a case of a closed body: the first part that it fits, else the successor; None: the national desk."""
    for part in body.parts:
        found = standing(part.body, directory) if _fits(part, public_service, territory, directory) else None
        if found:
            return found
    return standing(body.id, directory)


def _below(body: BodyRecord, heir: str | None, on: date, directory: Directory) -> Iterable[BodyRecord]:
    children = [one for one in directory.bodies.values() if one.parent == body.id]
    if heir in directory.body_scope(body.id) and heir not in {child.id for child in children}:
        raise Refused("below-itself", "The successor lies further below this body: give it another parent first.", "successor")
    return [edited(child, on, parent=body.parent if child.id == heir else heir) for child in children if not child.closed_on]


def _services(body: BodyRecord, parts: Sequence[Part], on: date, directory: Directory) -> Iterable[PublicServiceRecord]:
    taken: dict[str, str] = {}
    for part in parts:
        for code in part.public_services if not part.territories else ():
            taken.setdefault(code, part.body)
    held = ((directory.public_services[code], to) for code, to in taken.items())
    return [edited(record, on, body=to) for record, to in held if record.body == body.id]


def _check_part(part: Part, body: BodyRecord, directory: Directory) -> None:
    _demand_open(part.body, body, directory, "parts")
    if not (part.public_services or part.territories):
        raise Refused("empty-part", "Say which public services or which territories a part takes.", "parts")
    if set(part.public_services) - directory.public_services.keys():
        raise Refused("unknown-public-service", "A public service of the parts is not in the directory.", "parts")
    if set(part.territories) - directory.territories.keys():
        raise Refused("unknown-territory", "A territory of the parts is not in the directory.", "parts")


def _demand_open(id: str, body: BodyRecord, directory: Directory, field: str) -> None:
    if id == body.id:
        raise Refused("same-body", "A body cannot follow itself: name another one.", field)
    if id not in directory.bodies:
        raise Refused("unknown-body", "No body has this id: create it first.", field)
    if directory.bodies[id].closed_on:
        raise Refused("closed-body", "This body was closed: name the one that stands in its place.", field)


def _fits(part: Part, public_service: str | None, territory: str, directory: Directory) -> bool:
    record = directory.public_services.get(public_service or "")
    subjects = {public_service, record.parent if record else None}
    return (not part.public_services or bool(subjects & set(part.public_services))) and (
        not part.territories or any(directory.is_within(territory, place) for place in part.territories)
    )
