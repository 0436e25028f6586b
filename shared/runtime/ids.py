"""Identifiers: UUIDv7, the complaint's reference, and the secret that opens its page."""

import base64
import hmac
import os
import secrets
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32; check values 32 to 36 would be written *~$=U and are never drawn."""
_VALUE = {char: value for value, char in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SHIFTS = range(35, -5, -5)


def uuid7(at: datetime) -> UUID:
    """A version 7 UUID (RFC 9562, 5.7): `at` in Unix milliseconds, then 74 random bits. ValueError before 1970."""
    milliseconds = (at - _EPOCH) // _MILLISECOND
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError("a version 7 UUID holds 1970 to 10889")
    random = int.from_bytes(os.urandom(10))
    bits = milliseconds << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=bits)


def new_reference() -> str:
    """A random reference such as 7KQ4-XM2N-3: 40 random bits and their check; nothing can be learned from it."""
    while True:
        value = secrets.randbits(40)
        if value % 37 < 32:
            return _written(value)


def parse_reference(text: str) -> str:
    """The reference in its one written form, whatever its case, dashes, spaces, direction marks, O, I, L or digits' script.

    ValueError when it cannot be a reference or its check character does not fit (one wrong or two swapped characters).
    """
    chars = [_plain(char) for char in text if not _ignored(char)]
    if len(chars) != 9 or not all(char in _VALUE for char in chars):
        raise ValueError("a reference has nine letters and digits, such as 7KQ4-XM2N-3")
    value = 0
    for char in chars[:8]:
        value = value * 32 + _VALUE[char]
    if value % 37 != _VALUE[chars[8]]:
        raise ValueError("the reference's check character does not fit: a character is wrong")
    return _written(value)


def secret_for(key: bytes, complaint_id: UUID, version: int) -> str:
    """The bearer secret of a complaint: "s1." and 27 base64url characters (162 bits) of HMAC-SHA256(key, id ‖ version)."""
    digest = keyed(key, complaint_id.bytes + version.to_bytes(4))
    return "s1." + base64.urlsafe_b64encode(digest)[:27].decode()


def secret_fits(key: bytes, complaint_id: UUID, version: int, given: str) -> bool:
    """Compares in constant time, any text given."""
    expected = secret_for(key, complaint_id, version)
    return hmac.compare_digest(expected.encode(), given.encode(errors="surrogatepass"))


def keyed(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256."""
    mac = _mac(key).copy()
    mac.update(message)
    return mac.digest()


@lru_cache(maxsize=8)  # a process has few keys, and to set one up costs half of the whole
def _mac(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def _written(value: int) -> str:
    chars = "".join([ALPHABET[value >> shift & 31] for shift in _SHIFTS])
    return f"{chars[:4]}-{chars[4:]}-{ALPHABET[value % 37]}"


def _ignored(char: str) -> bool:
    # Cf holds the direction marks that come along when a reference is copied out of Arabic text.
    return char.isspace() or unicodedata.category(char) in ("Pd", "Cf")


def _plain(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    return char.upper() if digit is None else str(digit)
