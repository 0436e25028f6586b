"""Rules' refusals and missing preconditions as problems of the HTTP interface."""

from services.intake.refusals import Refused
from shared.contracts.complaint import Header
from shared.contracts.directory import Directory, PackRecord
from shared.messaging.node import Node
from shared.runtime.errors import Problem
from shared.runtime.invalid import field_of


def problem(refused: Refused) -> Problem:
    return Problem(refused.status, refused.code, refused.detail, field=field_of(refused.field) or None)


def raised(found: Header | Problem) -> Header:
    if isinstance(found, Problem):
        raise found
    return found


async def directory_of(node: Node) -> tuple[Directory, PackRecord]:
    """Problem 503 `directory-not-loaded` until a whole pack has been read: before that no form can be checked."""
    directory = await node.directory()
    if not directory.ready or directory.pack is None:
        raise Problem(503, "directory-not-loaded", "The directory is still being read: try again soon.", headers={"Retry-After": "2"})
    return directory, directory.pack


def demand_started(node: Node) -> None:
    """Problem 503 `starting` before the node has recovered: a restored store may still hold people erased since."""
    if not node.recovered:
        raise Problem(503, "starting", "The service is starting: send the same request again.", headers={"Retry-After": "2"})
