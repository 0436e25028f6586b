"""What a rebuild may leave unread in a batch."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.stats.rebuild import newest
from shared.contracts.registry import DIRECTORY, WRITERS
from shared.messaging.records import RawRecord
from shared.messaging.registers import writer_of
from tests.messaging.histories import ACTS, history
from tests.support.log import folded


def raw(fact, offset: int) -> RawRecord:
    value = fact.model_dump_json(by_alias=True).encode()
    return RawRecord(WRITERS[writer_of(fact)], 0, offset, str(fact.complaint.id).encode(), value)


@given(st.lists(st.lists(st.sampled_from(list(ACTS)), max_size=10), min_size=1, max_size=3), st.integers(), st.data())
def test_what_is_left_says_the_same_as_all(lives: list[list[str]], seed: int, data: st.DataObject) -> None:
    told = [fact for number, acts in enumerate(lives) for fact in history(number, acts)]
    told += data.draw(st.lists(st.sampled_from(told), max_size=4))
    Random(seed).shuffle(told)
    records = [raw(fact, offset) for offset, fact in enumerate(told)]
    kept = newest(records)
    assert folded(kept) == folded(records)
    assert [r.offset for r in kept] == sorted(r.offset for r in kept)
    assert len({(r.topic, r.key) for r in kept}) == len({(r.topic, r.value) for r in kept})


def test_what_cannot_be_read_is_left_to_the_engine_and_so_is_the_directory() -> None:
    odd = [b"", b"\xff", b"[]", b"{}", b'{"version": "2"}', b'{"version": true}', b'{"version": null}', None]
    records = [RawRecord("complaints-intake", 0, n, b"same", value) for n, value in enumerate(odd)]
    records += [RawRecord(DIRECTORY, 0, n, b"body/x", b'{"version": %d}' % n) for n in range(3)]
    assert newest(records) == records
