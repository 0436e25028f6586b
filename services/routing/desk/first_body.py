"""Which body gets a complaint first: the one that the law gives to a follow-up, else the one that a rule finds. Pure."""

from collections.abc import Mapping, Sequence

from services.routing.desk.known import Known
from services.routing.directory.domain import FOLLOW_UP, RESTRICTED_DESK, Decision, Rule, decide, standing
from shared.contracts.directory import Directory
from shared.contracts.procedures import FollowUp
from shared.contracts.states import RuleUsed


def first_body(
    known: Known, linked: Mapping[str, Known], directory: Directory, rules: Sequence[Rule], words: Sequence[str] | None = None
) -> Decision:
    """A follow-up whose earlier complaint is not known here, or never had a body, is routed as any other.

    What is restricted, or follows what is, goes to nobody but the restricted desk. `words`: of the subject, as decide takes them.
    """
    if restricted(known, linked):
        return Decision(None, RuleUsed(id=RESTRICTED_DESK, version=1), by_law=True)
    for link in known.header.links:
        earlier = linked.get(link.reference)
        if earlier and earlier.case and (offered := _offered(link.rel, earlier, known, directory)):
            return _followed(offered, earlier, directory) or decide(rules, known.header, directory, words)
    return decide(rules, known.header, directory, words)


def restricted(known: Known, linked: Mapping[str, Known]) -> bool:
    return (known.filing is not None and known.filing.restricted) or any(
        earlier.case is not None and earlier.case.restricted for earlier in linked.values()
    )


def _offered(rel: str, earlier: Known, known: Known, directory: Directory) -> FollowUp | None:
    """The earlier complaint's own law says who handles what follows it."""
    law = directory.procedure(earlier.header.procedure)
    code = known.header.procedure.partition("@")[0]
    return next((f for f in law.follow_ups if f.rel == rel and f.procedure == code), None) if law else None


def _followed(offered: FollowUp, earlier: Known, directory: Directory) -> Decision | None:
    """Decided by law, so final. A body without a parent has nobody above it but the national desk."""
    body = earlier.case.body if earlier.case else None
    if offered.handled_by != "body" and body is None:
        return None
    target = {"same": body, "body": offered.body, "parent": _parent(body, directory)}[offered.handled_by]
    version = int(earlier.header.procedure.partition("@")[2])
    rule = RuleUsed(id=f"{FOLLOW_UP}{offered.rel}", version=version, final=True)
    return Decision(standing(target, directory), rule, {"earlier": earlier.header.reference}, by_law=True)


def _parent(body: str | None, directory: Directory) -> str | None:
    record = directory.bodies.get(body or "")
    return record.parent if record else None
