"""A message in its bytes (RFC 5322, RFC 2045), all of seven bits: every server on its way can carry it as it stands."""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import formataddr, formatdate
from functools import lru_cache
from itertools import chain, groupby

LINE = 76
"""The most characters of a line that holds encoded words (RFC 2047, section 2)."""
_LONGEST = "Subject: "
_PIECE = 39
"""Bytes of one encoded word: it fits on a line beside a header's name."""
PLAIN_ADDRESS = re.compile(r"[\w+-]+(?:\.[\w+-]+)*@[\w-]{1,63}(?:\.[\w-]{1,63})*", re.ASCII)
"""What nearly every address is. The library reads it as it stands, and takes fifty times as long."""


@dataclass(frozen=True)
class Mail:
    """A message on its way. `id` is its Message-ID without brackets, the same in every copy."""

    id: str
    sender: str
    to: str
    raw: bytes


def message(headers: Mapping[str, str], text: str, html: str, boundary: str) -> bytes:
    """Both alternatives of the same words. Headers must be of seven bits; the boundary's "=_" comes in no encoded part."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    kind = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="=_{boundary}"\r\n\r\n'
    parts = "".join(f"--=_{boundary}\r\n{_part(*part)}\r\n" for part in (("plain", text), ("html", html)))
    return f"{head}{kind}{parts}--=_{boundary}--\r\n".encode("ascii")


def header(value: str) -> str:
    """Words as a header's value, in lines that may be folded: runs of words that are not plain are encoded (RFC 2047)."""
    runs = groupby(value.split(), _plain)
    lines: list[str] = []
    for token in chain.from_iterable(run if plain else _encoded(" ".join(run)) for plain, run in runs):
        if lines and len(lines[-1]) + len(token) < LINE - len(_LONGEST):
            lines[-1] += f" {token}"
        else:
            lines.append(token)
    return "\r\n ".join(lines)


@lru_cache(maxsize=1)
def date(second: int) -> str:
    """An instant in seconds of Unix time as a header's value, by the clock of the place."""
    return formatdate(second, localtime=True)


def mailbox(name: str, address: str) -> str:
    """A named address as a header's value."""
    return formataddr((name, address)) if name.isascii() else f"{header(name)} <{address}>"


def address(text: str) -> str:
    """The address, its domain in ASCII (RFC 5890). Raises ValueError for what cannot be written to."""
    if PLAIN_ADDRESS.fullmatch(text):
        return text
    try:
        local, _, domain = Address(addr_spec=text).addr_spec.rpartition("@")
        return f"{local}@{domain.encode('idna').decode()}"
    except (MessageError, ValueError, IndexError):
        raise ValueError("no address") from None


def _plain(word: str) -> bool:
    return word.isascii() and word.isprintable() and "=?" not in word and len(word) < LINE - len(_LONGEST)


@lru_cache(maxsize=1_000)  # subjects of one kind differ in their references, which are plain
def _encoded(text: str) -> tuple[str, ...]:
    """As encoded words, each of whole characters; what stands between two of them is not read."""
    return tuple(map(_word, _pieces(text)))


def _pieces(text: str) -> Iterator[str]:
    piece = ""
    for letter in text:
        if len(f"{piece}{letter}".encode()) > _PIECE:
            yield piece
            piece = ""
        piece += letter
    yield piece


def _word(piece: str) -> str:
    return f"=?utf-8?b?{b64encode(piece.encode()).decode()}?="


def _part(subtype: str, text: str) -> str:
    """In whichever encoding is shorter: quoted-printable where most is Latin, else base64."""
    raw = text.replace("\n", "\r\n").encode()
    quoted, name = b2a_qp(raw), "quoted-printable"
    if len(quoted) * 3 > len(raw) * 4:
        quoted, name = _base64(raw), "base64"
    return f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {name}\r\n\r\n{quoted.decode("ascii")}'


def _base64(raw: bytes) -> bytes:
    return b"\r\n".join(b64encode(raw[start : start + 57]) for start in range(0, len(raw), 57))
