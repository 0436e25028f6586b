"""Who may see and do what at the desk: roles, and the body that a case is with now."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends

from shared.runtime.auth import Principal, staff

COLLEAGUES = frozenset({"body-agent", "approver", "body-admin", "national-desk"})
"""People at a desk; a case is given to one of them."""
ADMINS = frozenset({"body-admin", "national-desk"})
_WORK = ("body-agent", "approver", "body-admin", "machine", "national-desk")

worker = staff(*_WORK)
Worker = Annotated[Principal, Depends(worker)]
"""May decide about the cases in its scope, and read their papers."""
Reader = Annotated[Principal, Depends(staff(*_WORK, "auditor"))]
"""May read the cases in its scope; an auditor all of them, but no papers."""
Approver = Annotated[Principal, Depends(staff("approver", "body-admin", "national-desk"))]
"""May approve what another has drafted; the national desk where no body has the case."""
Admin = Annotated[Principal, Depends(staff(*sorted(ADMINS)))]
"""Says who of the body, or of the national desk, works on what."""
National = Annotated[Principal, Depends(staff("national-desk"))]
"""Keeps the directory and its rules, and decides what no body may."""
AuditReader = Annotated[Principal, Depends(staff("auditor", "national-desk"))]
"""May read who saw and did what: whoever sees every case. An operator sees none, so not even that there is one."""


def colleagues(who: Principal) -> str:
    """The body whose staff this person is one of; empty: the national desk."""
    return who.body or ""


def within(bodies: Iterable[str] | None, asked: str | None) -> Iterable[str] | None:
    """The bodies to list: the one asked for if it is in scope, else none; without a question all in scope."""
    if asked is None:
        return bodies
    return [asked] if bodies is None or asked in bodies else []


def reads_papers(who: Principal) -> bool:
    return who.role in _WORK
