"""What can be told of a filing's words without keeping them, and how alike two filings are. Pure."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise
from uuid import UUID

from shared.contracts.complaint import Header
from shared.contracts.directory import Directory
from shared.contracts.private import Papers, Person
from shared.contracts.wording import COMMON, content, tokens

BUCKETS = 32
"""How many numbers a fingerprint has; two texts agree in about as many of them as they share of their words."""
BAND = 2
"""So many neighbouring numbers that agree make two texts candidates: of texts half alike, 99 in 100 are found."""
LONGEST = 4_000
"""Characters of a narrative that are looked at."""
_CONTACT_BYTES = 8


@dataclass(frozen=True)
class Print:
    """What is kept of a filing for comparing it. All numbers: of words, of a text's fingerprint, of ways to reach a person."""

    complaint_id: UUID
    filed_at: datetime
    public_service: str | None
    territory: str
    words: tuple[int, ...]
    bands: tuple[int, ...]
    signature: tuple[int, ...]
    contacts: tuple[int, ...]


@dataclass(frozen=True)
class Alike:
    """Why two filings may be one: text from 0 (nothing shared) to 1 (the same words), place same or near, filer the same."""

    text: float
    place: str | None
    filer: bool
    public_service: bool

    @property
    def weight(self) -> float:
        """For the order of candidates alone."""
        return self.text + 0.5 * self.filer + {None: 0.0, "near": 0.1, "same": 0.2}[self.place] + 0.1 * self.public_service


def print_of(header: Header, papers: Papers) -> Print:
    """The same for the same filing, on every machine and in every release."""
    signature = fingerprint(f"{papers.subject}\n{papers.narrative[:LONGEST]}")
    return Print(
        complaint_id=header.id,
        filed_at=header.filed_at,
        public_service=header.public_service,
        territory=header.territory,
        words=numbers(content(papers.subject)),
        bands=bands(signature),
        signature=signature,
        contacts=contacts(papers.person),
    )


def numbers(words: Iterable[str]) -> tuple[int, ...]:
    """A number of 32 bits, with its sign, for each word, in order."""
    return tuple(sorted({_signed(zlib.crc32(word.encode())) for word in words}))


def fingerprint(text: str) -> tuple[int, ...]:
    """One-permutation min-hashing of a text's words and pairs of words; empty for a text without any.

    Each falls into one of the buckets by its own number, the least in a bucket counts, and an empty one takes that of the
    next that is not: so two texts agree in a bucket as often as they share what falls into it (Shrivastava and Li, 2014).
    """
    words = [word for word in tokens(text) if word not in COMMON]
    found: list[int | None] = [None] * BUCKETS
    for shingle in {*words, *(f"{a} {b}" for a, b in pairwise(words))}:
        written = shingle.encode()
        bucket, rest = zlib.crc32(written) % BUCKETS, zlib.crc32(written[::-1]) >> 1
        known = found[bucket]
        found[bucket] = rest if known is None else min(known, rest)
    if not words:
        return ()
    return tuple(next(value for n in range(BUCKETS) if (value := found[(at + n) % BUCKETS]) is not None) for at in range(BUCKETS))


def bands(signature: Sequence[int]) -> tuple[int, ...]:
    """What two fingerprints must have one of in common to be looked at together."""
    starts = range(0, len(signature), BAND)
    return tuple(_signed(zlib.crc32(repr((at, *signature[at : at + BAND])).encode())) for at in starts)


def contacts(person: Person) -> tuple[int, ...]:
    """A number for each way to reach a person; no address can be read from it, but a known one can be tried."""
    ways = [person.email and person.email.casefold(), person.phone and "".join(c for c in person.phone if c.isdigit())[-9:]]
    return tuple(_number(way) for way in ways if way)


def alike(one: Print, other: Print, directory: Directory) -> Alike:
    near = _province(one.territory, directory) == _province(other.territory, directory)
    return Alike(
        text=_share(one.signature, other.signature),
        place="same" if one.territory == other.territory else "near" if near else None,
        filer=not set(one.contacts).isdisjoint(other.contacts),
        public_service=one.public_service is not None and one.public_service == other.public_service,
    )


def neighbourhood(territory: str, directory: Directory) -> list[str]:
    """The territories of one province, or of the region where the filing names no finer place."""
    top = _province(territory, directory)
    return sorted({territory, top, *directory.descendants(top)})


def _province(territory: str, directory: Directory) -> str:
    chain = (territory, *directory.ancestors(territory))
    return next((code for code in chain if (place := directory.territories.get(code)) and place.level == "province"), chain[0])


def _share(one: Sequence[int], other: Sequence[int]) -> float:
    return sum(a == b for a, b in zip(one, other, strict=False)) / BUCKETS if one and other else 0.0


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=_CONTACT_BYTES).digest(), signed=True)
