"""How long it takes to decide where a filing goes, as the pure function that it is: Morocco's rules, over a directory of its size."""

import statistics
import time
from datetime import UTC, datetime
from uuid import UUID

from services.routing.directory.domain import decide
from shared.contracts.complaint import Header
from shared.contracts.wording import tokens
from tests.support import generated

ROUNDS, EACH = 20, 50
COMMUNE = "061410100"
FILED = datetime(2026, 3, 2, 10, tzinfo=UTC)
SUBJECT = "Demande de renseignement restée sans réponse depuis le mois de mars"
FILINGS: dict[str, tuple[dict[str, str], str]] = {
    "declared_body": ({"body": "onee"}, SUBJECT),
    "public_service_and_place": ({"public_service": "civil-status"}, SUBJECT),
    "words": ({}, "Les ordures ne sont plus ramassées"),
    "to_triage": ({}, SUBJECT),
}


def rule_us(rounds: int = ROUNDS, each: int = EACH) -> dict[str, float]:
    """Microseconds of processor time for one decision, the words of the subject told apart in it; the median of `rounds` means."""
    directory, rules, found = generated.directory(), generated.morocco().rules, {}
    for name, (asked, subject) in FILINGS.items():
        given = {"id": UUID(int=1), "reference": "7KQ4-XM2N-3", "procedure": "complaint@2", "channel": "web", "territory": COMMUNE, **asked}
        header, means = Header.model_validate({**given, "filed_at": FILED, "recorded_at": FILED}), []
        for _ in range(rounds):
            began = time.thread_time()
            for _ in range(each):
                decision = decide(rules, header, directory, tokens(subject))
            means.append((time.thread_time() - began) / each * 1e6)
        assert (decision.body is None) == (name == "to_triage"), f"{name} went to {decision.body}"
        found[name] = statistics.median(means)
    return found
