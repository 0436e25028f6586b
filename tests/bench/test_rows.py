"""Stored complaints are what the five services would hold: the same in all, and readable by the contracts' classes."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from deploy.local.environment import SERVICES
from shared.contracts.registry import TOPICS
from tests.bench import rebuilding
from tests.bench.rows import COLUMNS, rows
from tests.bench.stored import _copies
from tests.bench.templates import Template, templates
from tests.support.lives import noria

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> list[Template]:
    some = templates(NOW, noria())
    return list(islice(_copies(some), len(some) + 5))


def test_each_has_an_id_and_a_reference_of_its_own(made: list[Template]) -> None:
    assert len({one.registers.complaint_id for one in made}) == len({one.registers.header.reference for one in made}) == len(made)


def test_all_stores_hold_the_same_and_the_writers_facts_say_it(made: list[Template]) -> None:
    for one in made:
        found = rows(one, noria(), NOW)
        assert {service: tables["register"] for service, tables in found.items()} == dict.fromkeys(SERVICES, found["stats"]["register"])
        register = dict(zip(COLUMNS["register"], found["stats"]["register"][0], strict=True))
        for writer in ("intake", "routing", "deadlines"):
            ((id, topic, version, headers, value),) = found[writer]["published"]
            fact: Any = TOPICS[topic].model.model_validate_json(value)
            assert json.loads(headers)["ce_subject"] == register["reference"] == fact.complaint.reference
            assert (id, version) == (register["complaint_id"], register[f"{writer}_version"])
            assert json.loads(register[writer]) == json.loads(value)[fact.state_field]


def test_clocks_go_on_for_the_open_ones_only_and_none_falls_due_while_a_bench_runs(made: list[Template]) -> None:
    statuses: Counter[str] = Counter()
    for one in made:
        case = one.registers.routing
        assert case
        tables = rows(one, noria(), NOW)["deadlines"]
        times = [dict(zip(COLUMNS["clock"], row, strict=True)) for row in tables["clock"]]
        fires = [at for row in times for at in (row["breach_at"], row["alert_at"]) if at]
        assert bool(times) == (case.status == "with_body")
        assert not fires or min(fires) > NOW + timedelta(hours=6)
        statuses[case.status] += 1
    assert statuses["answered"] > 2 * statuses["with_body"] > 20


def test_the_rows_fit_their_tables(made: list[Template]) -> None:
    for one in made:
        for tables in rows(one, noria(), NOW).values():
            for table, given in tables.items():
                assert {len(row) for row in given} <= {len(COLUMNS[table])}


def test_every_fact_is_in_one_chunk_and_no_chunk_writes_a_row_twice(made: list[Template]) -> None:
    records = [_record(one, writer, n) for n, one in enumerate(made * 2) for writer in ("intake", "routing", "deadlines")]
    chunks = list(rebuilding._chunks(records))
    assert sum(len(given) for _, given in chunks) == len(records)
    assert all(len({row[0] for row in given}) == len(given) for _, given in chunks)


def _record(one: Template, writer: str, offset: int) -> Any:
    ((id, topic, _, _, value),) = rows(one, noria(), NOW)[writer]["published"]
    return rebuilding.RawRecord(topic, one.registers.partition, offset, str(id).encode(), value)
