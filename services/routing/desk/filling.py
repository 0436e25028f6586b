"""Reply templates: words with places that are filled from the header of a case, never from its papers. Pure."""

from string import Formatter

from services.routing.desk.refusals import Refused
from shared.contracts.complaint import Header
from shared.contracts.directory import Directory
from shared.contracts.words import Label

PLACES = ("reference", "filed_on", "public_service", "body", "territory")


def check(words: str) -> None:
    """422 unknown-place: something in braces that no case can fill."""
    try:
        found = {name for _, name, spec, conversion in Formatter().parse(words) if name is not None and not (spec or conversion)}
        odd = [spec or conversion for _, name, spec, conversion in Formatter().parse(words) if name is not None and (spec or conversion)]
    except ValueError:
        found, odd = {"{"}, []
    if odd or found - set(PLACES):
        places = ", ".join(f"{{{place}}}" for place in PLACES)
        raise Refused("unknown-place", f"A template may hold {places}; a brace itself is written twice.", "text")


def fill(words: str, header: Header, body: str | None, language: str, directory: Directory) -> str:
    """The words for one case; what is not known of it stays empty. Dates are local."""
    service = directory.public_services.get(header.public_service or "")
    place, holder = directory.territories.get(header.territory), directory.bodies.get(body or "")
    calendar = directory.calendar()
    filed_on = calendar.local_date(header.filed_at) if calendar else header.filed_at.date()
    values = {
        "reference": header.reference,
        "filed_on": filed_on.isoformat(),
        "public_service": _name(service.title if service else None, language),
        "body": _name(holder.name if holder else None, language),
        "territory": _name(place.name if place else None, language),
    }
    return Formatter().vformat(words, (), values)


def _name(name: Label | None, language: str) -> str:
    return (name.get(language) or next(iter(name.values()), "")) if name else ""
