"""What the acts that got a 2xx must have led to, counted by hand in the tables below, never by asking the platform's own code."""

from tests.reliability.life import Life

INTAKE_FACTS = ("file", "information", "rating", "withdrawal", "erasure")
"""Acts that make intake tell one fact each."""
ROUTING_FACTS = ("file", "assignment", "take-up", "information-requests", "information", "response", "withdrawal")
"""Acts upon which routing tells one fact each: it routes what was filed, and takes what was supplied or withdrawn."""

FILER_ONCE = {"file": "receipt", "response": "answered", "withdrawal": "withdrawn"}
"""Acts of which the filer is told exactly once."""
FILER_PASSING = {
    "file": {"routed"},
    "assignment": {"routed", "transferred"},
    "information-requests": {"information-requested", "due-changed"},
}
"""Acts of which the filer is told at most once: a notice that no longer holds when its turn comes is dropped."""

CLOSED = ("answered", "refused", "withdrawn")


def versions(life: Life) -> dict[str, int]:
    """The last version of each writer that tells one fact an act."""
    return {"intake": sum(act in INTAKE_FACTS for act in life.done), "routing": sum(act in ROUTING_FACTS for act in life.done)}


def status(life: Life) -> str:
    if "response" in life.done:
        return "refused" if life.plan == "triaged" else "answered"
    if "withdrawal" in life.done:
        return "withdrawn"
    if "information-requests" in life.done and "information" not in life.done:
        return "waiting_for_citizen"
    return "triage" if life.plan == "triaged" and "assignment" not in life.done else "with_body"


def notices(life: Life) -> tuple[set[str], set[str]]:
    """What its filer must have been told exactly once, and what at most once."""
    once = {notice for act, notice in FILER_ONCE.items() if act in life.done}
    passing = {notice for act, told in FILER_PASSING.items() if act in life.done for notice in told}
    return (once | {"routed"}, passing - {"routed"}) if life.plan == "open" else (once, passing)
