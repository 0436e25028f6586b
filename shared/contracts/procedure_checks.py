"""What must agree between the parts of a procedure, so that a mistake in a data file is found before anyone files under it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.contracts.checks import Problem, repeated

if TYPE_CHECKING:
    from shared.contracts.procedures import ClockRule, Condition, Procedure

MAX_PUBLIC_FIELDS = 10
MAX_CLOCKS = 8


def check(procedure: Procedure) -> Iterator[Problem]:
    """Every contradiction in a procedure, with its path."""
    for field in ("form", "refusals", "transfers", "clocks", "outcomes"):
        yield from repeated(field, getattr(procedure, field))
    yield from _check_endings(procedure)
    yield from _check_form(procedure)
    yield from _check_requests(procedure)
    for index, clock in enumerate(procedure.clocks):
        yield from _check_clock(procedure, index, clock)
    yield from _check_follow_ups(procedure)


def _check_endings(procedure: Procedure) -> Iterator[Problem]:
    outcomes = {outcome.code for outcome in procedure.outcomes}
    for index, reason in enumerate(procedure.refusals):
        if reason.code in outcomes:
            yield ("refusals", index, "code"), f"{reason.code!r} is an outcome already: a case could not say which of them ended it"


def _check_form(procedure: Procedure) -> Iterator[Problem]:
    if len(procedure.public_fields) > MAX_PUBLIC_FIELDS:
        yield ("form",), f"more than {MAX_PUBLIC_FIELDS} public fields: facts must stay small"
    for index, field in enumerate(procedure.form):
        if field.shown_if and field.shown_if.field == field.code:
            yield ("form", index, "shown_if", "field"), f"field {field.code!r} cannot depend on itself"
        elif field.shown_if:
            yield from _check_condition(procedure, ("form", index, "shown_if"), field.shown_if)


def _check_condition(procedure: Procedure, at: tuple[str | int, ...], condition: Condition) -> Iterator[Problem]:
    field = next((field for field in procedure.form if field.code == condition.field), None)
    if field is None:
        yield (*at, "field"), f"field {condition.field!r} is not in the form"
        return
    unknown = [value for value in condition.values if value not in {option.code for option in field.options}]
    if field.options and unknown:
        yield (*at, "value"), f"{', '.join(map(repr, unknown))} is no option of field {field.code!r}"


def _check_requests(procedure: Procedure) -> Iterator[Problem]:
    followers = [(index, clock) for index, clock in enumerate(procedure.clocks) if clock.follows_request]
    if procedure.requests.max and not any(clock.holder == "citizen" for _, clock in followers):
        yield ("requests",), "a request could never lapse: no clock held by the citizen starts at 'requested'"
    for index, clock in followers:
        if not procedure.requests.max:
            yield ("clocks", index, "starts"), "the clock starts at a request, but requests.max allows none"
        elif clock.holder == "citizen" and clock.span != procedure.requests.lapse:
            yield ("clocks", index, "span"), "the span of the citizen's clock differs from requests.lapse"


def _check_clock(procedure: Procedure, index: int, clock: ClockRule) -> Iterator[Problem]:
    if index == MAX_CLOCKS:
        yield ("clocks", index), f"more than {MAX_CLOCKS} clocks: facts must stay small"
    if clock.when:
        yield from _check_condition(procedure, ("clocks", index, "when"), clock.when)
        if clock.when.field in {field.code for field in procedure.form} - procedure.public_fields:
            yield ("clocks", index, "when", "field"), f"field {clock.when.field!r} is private: no clock can see it"
    if clock.on_breach.startswith("deemed_") and procedure.outcome(clock.on_breach) is None:
        yield ("clocks", index, "on_breach"), f"there is no outcome {clock.on_breach!r} for the law to post"
    for at, alert in enumerate(clock.alerts):
        if alert.before and alert.before.unit == clock.span.unit and alert.before.n >= clock.span.n:
            yield ("clocks", index, "alerts", at, "before"), "the alert would come before the clock starts"


def _check_follow_ups(procedure: Procedure) -> Iterator[Problem]:
    breachable = any(clock.holder == "body" for clock in procedure.clocks)
    for index, follow_up in enumerate(procedure.follow_ups):
        if "breached" in follow_up.on and not breachable:
            yield ("follow_ups", index, "on"), "nothing can be breached: no clock is held by the body"
