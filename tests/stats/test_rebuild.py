"""What a rebuild may leave unread in a batch, and what it makes of the rest."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stats.batches import PART, newest, parts
from services.stats.derive import derive, written
from services.stats.domain import fact_row
from shared.contracts.events import Fact
from shared.contracts.registry import DIRECTORY, WRITERS
from shared.messaging.codec import Undecodable
from shared.messaging.records import RawRecord
from shared.messaging.registers import as_row, writer_of
from tests.messaging.histories import ACTS, history
from tests.support.lives import noria
from tests.support.log import folded


def raw(fact: Fact, offset: int) -> RawRecord:
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


def bare(record: RawRecord) -> tuple[str, int, int, bytes | None, bytes | None]:
    return record.topic, record.partition, record.offset, record.key, record.value


def test_rows_are_those_of_the_facts_folded_one_by_one() -> None:
    ended = ["move to water-office", "answer", "erase"]
    told = [fact for n in range(20) for fact in history(n, Random(n).choices(list(ACTS), k=8) + ended * (n % 2))]
    Random(0).shuffle(told)
    records = [raw(fact, offset) for offset, fact in enumerate(told)]
    known = [one for _, one in sorted(folded(records).items())]
    rows = derive(list(map(bare, records)), written(noria()))
    assert rows.registers == [as_row(one) for one in known]
    assert rows.facts == [tuple(vars(fact_row(one, noria())).values()) for one in known]
    assert rows.erased == [one.complaint_id for one in known if one.intake and one.intake.erased_at]
    assert 0 < len(rows.erased) < len(known)


def test_no_rows_are_made_where_one_fact_cannot_be_read() -> None:
    fact = raw(history(1, [])[0], 0)
    with pytest.raises(Undecodable):
        derive([bare(fact), (*bare(fact)[:4], b"{}")], written(noria()))


def test_what_is_derived_apart_shares_no_complaint() -> None:
    keys = [b"%036d" % (n // 3) for n in range(3 * PART)]
    records = [RawRecord("complaints-intake", 0, n, key, b"") for n, key in enumerate(keys)]
    Random(0).shuffle(records)
    made = list(parts(records))
    assert sorted(record.offset for part in made for record in part) == list(range(3 * PART))
    assert len(made) == 3
    assert all(str(one[-1].key) < str(other[0].key) for one, other in pairwise(made))
