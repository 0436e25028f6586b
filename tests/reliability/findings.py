"""What a checker has to say: nothing, or what is wrong, with the complaint that it is wrong of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Kind = Literal["lost", "doubled", "wrong"]


@dataclass(frozen=True)
class Finding:
    """lost: an accepted act of which an effect is missing. doubled: an effect that came more than once, or came of nothing."""

    what: str
    complaint: UUID | None = None
    kind: Kind = "wrong"

    def __str__(self) -> str:
        return f"{self.what} ({self.complaint})" if self.complaint else self.what


def lost(what: str, complaint: UUID | None = None) -> Finding:
    return Finding(what, complaint, "lost")


def doubled(what: str, complaint: UUID | None = None) -> Finding:
    return Finding(what, complaint, "doubled")


def count(findings: Iterable[Finding], kind: Kind) -> int:
    return sum(finding.kind == kind for finding in findings)


def of_number(what: str, found: int, wanted: int, complaint: UUID | None = None) -> list[Finding]:
    """None where the two are equal."""
    kind: Kind = "lost" if found < wanted else "doubled"
    return [] if found == wanted else [Finding(f"{what} {found}, not {wanted}", complaint, kind)]
