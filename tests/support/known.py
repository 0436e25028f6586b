"""What is known of a complaint after one fact more: the slow and plain way, that the folding of whole batches is compared with."""

from shared.contracts.events import Fact
from shared.messaging.registers import Registers, state_of, writer_of


def after(known: Registers, fact: Fact) -> Registers:
    """Unchanged where the fact's version is not higher than its writer's."""
    writer = writer_of(fact)
    return known if fact.version <= known.version(writer) else known.with_state(writer, state_of(fact), fact.version)
