"""Deadlines decides only what time does: due dates, warnings, breaches."""

from services.deadlines import api, handlers, loop
from services.deadlines.settings import DeadlinesSettings
from shared.contracts.registry import DIRECTORY, INTAKE, ROUTING
from shared.messaging.service import Command, Service
from shared.messaging.spec import Spec
from shared.runtime.settings import Settings


def build_spec(settings: Settings) -> Spec:
    return Spec(
        name="deadlines",
        topics=(INTAKE, ROUTING, DIRECTORY),
        handle=handlers.handle,
        project=handlers.recovered,
        tasks=(loop.watch_clocks, loop.count_when_caught_up, loop.measure_clocks),
        durable=True,
    )


CONFIRM = Command("confirm-clock", "vouch for the time after a jump of the clock: what is due is fired again", None, loop.confirm_clock)
SERVICE = Service("deadlines", settings=DeadlinesSettings, spec=build_spec, mount=api.mount, commands=(CONFIRM,))
