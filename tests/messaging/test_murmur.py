from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.murmur import murmur2, partition_of


@given(st.binary(max_size=40))
def test_it_is_the_hash_of_kafkas_clients(key: bytes) -> None:
    assert murmur2(key) == reference(key) & 0xFFFFFFFF


def test_a_complaints_partition_is_the_one_that_every_client_chooses() -> None:
    key = "01968d2c-7b3e-7f4a-9c1d-2e5f60718293"
    assert partition_of(key) == (reference(key.encode()) & 0x7FFFFFFF) % 12
    assert len({partition_of(f"{n}", 12) for n in range(200)}) == 12
