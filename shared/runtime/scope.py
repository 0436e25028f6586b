"""Whose cases a member of staff sees, the same at every service: their body's now, an admin's also below it, national roles all."""

from shared.contracts.directory import Directory
from shared.contracts.known import Known, is_restricted
from shared.runtime.auth import Principal


def scope(who: Principal, directory: Directory) -> frozenset[str] | None:
    """The bodies whose cases this person sees; None: all cases, also those with no body."""
    if who.body is None:
        return None
    return directory.body_scope(who.body) if who.role == "body-admin" else frozenset({who.body})


def sees(who: Principal, body: str | None, directory: Directory, *, restricted: bool) -> bool:
    """Whether they see a case that is with this body now. What is restricted only the restricted desk sees."""
    bodies = scope(who, directory)
    return (who.restricted or not restricted) and (bodies is None or body in bodies)


def reaches(who: Principal, known: Known, directory: Directory) -> bool:
    """As sees, of a complaint as far as it is known; one that is not routed yet is with no body."""
    return sees(who, known.routing.body if known.routing else None, directory, restricted=is_restricted(known))
