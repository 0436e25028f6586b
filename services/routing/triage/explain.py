"""Why a case went where it went: what was decided then, and every rule looked at once more, in order."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.domain import Look, walk
from services.routing.triage import store
from services.routing.triage.shapes import Explanation, LookOut
from services.routing.triage.store import Decided, RuleSet
from shared.contracts.directory import Directory
from shared.contracts.private import Papers
from shared.contracts.registry import PAPERS
from shared.contracts.wording import tokens
from shared.messaging import private
from shared.messaging.registers import Registers


async def explained(conn: AsyncConnection, known: Registers, directory: Directory, *, words_too: bool = True) -> Explanation:
    """By the set of rules that decided, or by the newest where none has. Without words_too no phrase is told."""
    decided = await store.decisions(conn, known.complaint_id)
    last = decided[-1] if decided else None
    rules = await store.rule_set(conn, last.rule_set_version if last else None)
    papers = (await private.get(conn, known.complaint_id)).get(PAPERS)
    words = tokens(papers.subject) if isinstance(papers, Papers) else None
    by_rules = rules is not None and (last is None or last.rule_set_version is not None)
    looks = list(walk(rules.rules, known.header, directory, words)) if rules and by_rules else []
    return Explanation(
        reference=known.header.reference,
        body=known.routing.body if known.routing else None,
        decisions=Explanation.decisions_of([row if words_too else row._replace(word=None) for row in decided]),
        rule_set_version=rules.version if rules else None,
        rules=[*_seen(looks, words_too=words_too), *_unseen(rules, len(looks))],
        as_decided=last is None or not by_rules or _agrees(looks, last),
    )


def written(told: Explanation) -> str:
    """For a person at a terminal."""
    lines = [f"{told.reference} is with {told.body or 'the national desk'}"]
    for one in told.decisions:
        who = f"rule {one.rule} version {one.rule_version}" if one.rule else "no rule"
        rule_set = f"rules version {one.rule_set_version}" if one.rule_set_version else "the law"
        lines.append(f"{one.at:%Y-%m-%dT%H:%M:%SZ}  {who} of {rule_set}: {one.body or 'triage'}  {_pairs(one.evidence)}".rstrip())
    for look in told.rules:
        why = f" ({', '.join(look.unmet)})" if look.unmet else f" {look.body}" if look.body else ""
        lines.append(f"  {look.rule} version {look.version}: {look.result}{why}")
    if not told.as_decided:
        lines.append("the directory or the papers have changed since: today these rules would decide otherwise")
    return "\n".join(lines) + "\n"


def _pairs(evidence: dict[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in evidence.items())


def _seen(looks: list[Look], *, words_too: bool) -> list[LookOut]:
    return [LookOut.of(look).model_copy(update={} if words_too else {"word": None}) for look in looks]


def _unseen(rules: RuleSet | None, seen: int) -> list[LookOut]:
    return [LookOut(rule=rule.id, version=rule.version, result="not-looked-at") for rule in (rules.rules if rules else ())[seen:]]


def _agrees(looks: list[Look], last: Decided) -> bool:
    end = looks[-1] if looks and looks[-1].result == "decided" else None
    return (end.rule.id if end else None, end.body if end else None) == (last.rule, last.body)
