"""The hash by which Kafka's Java clients choose a partition. aiokafka's own reads bytes instead of words and takes four times as long."""

from functools import lru_cache
from struct import iter_unpack

_SEED, _M, _WORD = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """MurmurHash2 of 32 bits, unsigned, as org.apache.kafka.common.utils.Utils.murmur2 computes it."""
    whole = len(key) & ~3
    hash = _SEED ^ len(key)
    for (word,) in iter_unpack("<I", key[:whole]):
        word = word * _M & _WORD
        hash = (hash * _M ^ (word ^ word >> 24) * _M) & _WORD
    if rest := key[whole:]:
        hash = (hash ^ int.from_bytes(rest, "little")) * _M & _WORD
    hash = (hash ^ hash >> 13) * _M & _WORD
    return hash ^ hash >> 15


def partition_of(key: str, partitions: int = 12) -> int:
    """The partition of a complaint id's key: murmur2, as Java's clients and aiokafka choose it."""
    return _positive(key) % partitions


@lru_cache(maxsize=10_000)  # what is filed here is sent from here a moment later: three records of one key
def _positive(key: str) -> int:
    return murmur2(key.encode()) & 0x7FFFFFFF
