"""What is wrong with a set of rules: unknown codes, rules that nothing ever reaches, words that find nothing. Pure."""

from collections.abc import Callable, Iterator, Sequence

from services.routing.directory.domain import FIXED_ADDRESSEE, FOLLOW_UP, RESTRICTED_DESK, Rule, Target, When, standing
from shared.contracts.directory import Directory
from shared.contracts.wording import phrase_is_empty

Problem = tuple[int, tuple[str | int, ...], str]
"""Which rule (from 0), where in it, and what is wrong."""
Missing = Callable[[str, str | None], str | None]
"""What to say of a reference of a kind that leads nowhere; None where it is absent or good."""
KINDS = {"procedures": "procedure", "public_services": "public service", "territories": "territory", "bodies": "body"}


def check_rules(rules: Sequence[Rule], directory: Directory, missing: Missing) -> Iterator[Problem]:
    """Every mistake in these rules. A set with one of them is refused whole: none is ever left out in silence."""
    for n, rule in enumerate(rules):
        for loc, reason in (*_references(rule, missing), *_words(rule), *_target(rule.to, directory), *_id(rule)):
            yield n, loc, reason
        if (earlier := next((other for other in rules[:n] if _leaves_nothing(other, rule, directory)), None)) is not None:
            yield n, (), f"is never reached: rule {earlier.id!r} before it takes every filing that it could take"
        elif rule.to.kind == "parent" and n == 0:
            yield n, ("to",), "is never reached: no rule before it could find a body that is not on line"
        elif _is_fixed(rule.when, directory):
            yield n, ("when", "procedures"), "is never reached: the law of these procedures fixes the addressee"


def unknown_in(directory: Directory) -> Missing:
    """For rules that are checked against a directory that is loaded."""
    known = {
        "procedure": {code for code, _ in directory.procedures},
        "public service": directory.public_services.keys(),
        "territory": directory.territories.keys(),
        "body": directory.bodies.keys(),
    }
    return lambda kind, ref: None if ref is None or ref in known[kind] else f"unknown {kind} {ref!r}"


def repeated(rules: Sequence[Rule]) -> Iterator[Problem]:
    """Rules whose id an earlier one has; a pack says it with the line."""
    first: dict[str, int] = {}
    for n, rule in enumerate(rules):
        if first.setdefault(rule.id, n) != n:
            yield n, ("id",), f"{rule.id!r} is the id of rule {first[rule.id] + 1} already"


def _references(rule: Rule, missing: Missing) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for name, kind in KINDS.items():
        for index, ref in enumerate(getattr(rule.when, name)):
            if problem := missing(kind, ref):
                yield ("when", name, index), problem
    for name in ("body", "parent"):
        if problem := missing("body", getattr(rule.to, name)):
            yield ("to", name), problem


def _words(rule: Rule) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, phrase in enumerate(rule.when.words):
        if phrase_is_empty(phrase):
            yield ("when", "words", index), f"{phrase!r} is too short to be found in a subject"


def _target(to: Target, directory: Directory) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if to.kind == "body" and to.body in directory.bodies and standing(to.body, directory) is None:
        yield ("to", "body"), f"{to.body!r} was closed and nobody stands in its place"


def _id(rule: Rule) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if rule.id in (FIXED_ADDRESSEE, RESTRICTED_DESK) or rule.id.startswith(FOLLOW_UP):
        yield ("id",), f"{rule.id!r} is kept for what the law decides"


def _leaves_nothing(earlier: Rule, later: Rule, directory: Directory) -> bool:
    """Whether the earlier rule decides wherever the later one applies, or does the same where it does not."""
    body = directory.bodies.get(standing(earlier.to.body, directory) or "")
    always = earlier.to.kind == "triage" or (body is not None and body.online) or earlier.to == later.to
    return always and _covers(earlier.when, later.when, directory)


def _covers(wide: When, narrow: When, directory: Directory) -> bool:
    return (
        _all_in(wide.procedures, narrow.procedures, lambda code, of: code == of)
        and _all_in(wide.bodies, narrow.bodies, lambda body, of: body == of)
        and _all_in(wide.public_services, narrow.public_services, lambda code, of: of in (code, _above(code, directory)))
        and _all_in(wide.territories, narrow.territories, directory.is_within)
        and _all_in(wide.words, narrow.words, lambda phrase, of: phrase == of)
    )


def _above(public_service: str, directory: Directory) -> str | None:
    record = directory.public_services.get(public_service)
    return record.parent if record else None


def _all_in(wide: Sequence[str], narrow: Sequence[str], lies: Callable[[str, str], bool]) -> bool:
    return not wide or (bool(narrow) and all(any(lies(one, of) for of in wide) for one in narrow))


def _is_fixed(when: When, directory: Directory) -> bool:
    laws = [law for (code, _), law in directory.procedures.items() if code in when.procedures]
    return bool(laws) and all(law.addressee.mode == "fixed" for law in laws)
