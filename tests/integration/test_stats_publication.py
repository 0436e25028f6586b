"""What the public reads of a procedure that lists its answered cases: codes and months, and nobody."""

import csv
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.contracts.directory import ProcedureRecord
from shared.contracts.procedures import Procedure
from shared.messaging.registers import Registers
from tests.support.lives import at, facts, life, noria
from tests.support.stores import Bench, Opener

OPTIONS = [{"code": code, "label": {"ar": code, "fr": code}} for code in ("reception", "prevention")]
LABEL = {"ar": "موضوع", "fr": "Thème"}


def law(version: int = 1, **given: Any) -> ProcedureRecord:
    """Noria's suggestion under another name, with a public field and a private one."""
    known = noria().procedures["suggestion", 1].model_dump(mode="json")
    fields = [
        {"code": "theme", "type": "choice", "private": False, "label": LABEL, "options": OPTIONS},
        {"code": "effect", "type": "text", "label": LABEL},
    ]
    made = Procedure.model_validate(known | {"code": "proposal", "version": version, "form": fields} | given)
    return ProcedureRecord(version=version, valid_from=made.valid_from, procedure=made)


def proposal(filed: str, answered: str | None = None, **given: Any) -> Registers:
    coded = {"theme": given.pop("theme", "reception"), "effect": "never public"}
    known = life(filed, procedure=given.pop("procedure", "proposal@1"), answered=answered, due="none", **given)
    assert known.intake
    assert known.routing
    outcome = "noted" if known.routing.status == "answered" else known.routing.outcome
    return replace(
        known, intake=known.intake.model_copy(update={"coded": coded}), routing=known.routing.model_copy(update={"outcome": outcome})
    )


@pytest.fixture
async def bench(open_store: Opener) -> Bench:
    opened: Bench = await open_store("stats", clock_at="2026-06-01T10:00:00Z")
    await opened.deliver(law())
    opened.node.cache.expire()
    return opened


async def tell(bench: Bench, *lives: Registers) -> None:
    await bench.deliver(*(fact for known in lives for fact in facts(known)))


async def get(bench: Bench, path: str = "/v1/published", **question: Any) -> httpx.Response:
    async with bench.client() as client:
        return await client.get(path, params={"procedure": "proposal"} | question)


async def test_an_answered_case_is_listed_by_its_codes_and_months(bench: Bench) -> None:
    known = proposal("2026-02-28", "2026-03-31", theme="prevention")
    await tell(bench, known)
    page = (await get(bench)).json()
    assert page["items"] == [
        {
            "procedure": "proposal@1",
            "body": "water-office",
            "public_service": "water-bill",
            "territory": None,
            "coded": {"theme": "prevention"},
            "outcome": "noted",
            "filed": "2026-02",
            "answered": "2026-03",
        }
    ]
    assert page["labels"] == {
        "outcome": {"noted": {"ar": "أخذ علما", "fr": "Pris en note"}},
        "theme": {"reception": {"ar": "reception", "fr": "reception"}, "prevention": {"ar": "prevention", "fr": "prevention"}},
    }
    said = json.dumps(page)
    assert str(known.complaint_id) not in said
    assert known.header.reference not in said
    assert page["as_of"]["offsets"]["complaints-routing"]


async def test_only_what_was_answered_and_stands_is_listed(bench: Bench) -> None:
    erased, taken_back = proposal("2026-02-03", "2026-03-03"), proposal("2026-02-04", "2026-03-04")
    assert erased.intake
    assert taken_back.routing
    await tell(
        bench,
        proposal("2026-02-01"),
        proposal("2026-02-01", closed="2026-03-01", outcome="withdrawn"),
        proposal("2026-02-02", "2026-03-02", outcome="refused"),
        replace(erased, intake=erased.intake.model_copy(update={"erased_at": at("2026-05-01")})),
        replace(taken_back, routing=taken_back.routing.model_copy(update={"withdrawn_after_answer": True})),
        proposal("2026-02-05", "2026-03-05", procedure="complaint@1"),
        proposal("2026-02-06", "2026-03-06"),
    )
    assert len((await get(bench)).json()["items"]) == 1


async def test_a_territory_is_named_where_enough_cases_share_it(bench: Bench) -> None:
    await tell(bench, *(proposal("2026-02-01", "2026-03-01") for _ in range(5)))
    await tell(bench, *(proposal("2026-02-01", "2026-03-01", territory="020010101", body="commune-quarta") for _ in range(4)))
    items = (await get(bench)).json()["items"]
    assert {(item["body"], item["territory"]) for item in items} == {("water-office", "010010101"), ("commune-quarta", None)}


async def test_pages_hold_each_case_once_newest_first(bench: Bench) -> None:
    await tell(bench, *(proposal("2026-01-05", f"2026-0{2 + n % 3}-10", theme="prevention" if n % 2 else "reception") for n in range(23)))
    items, cursor, sizes = [], None, []
    while True:
        page = (await get(bench, limit=5, **({"cursor": cursor} if cursor else {}))).json()
        items += page["items"]
        sizes.append(len(page["items"]))
        cursor = page["next"]
        if cursor is None:
            break
    assert sizes == [5, 5, 5, 5, 3]
    assert [item["answered"] for item in items] == ["2026-04"] * 7 + ["2026-03"] * 8 + ["2026-02"] * 8
    assert items == (await get(bench, limit=200)).json()["items"]


async def test_a_version_that_lists_nothing_lists_nothing(bench: Bench) -> None:
    await bench.deliver(law(2, visibility={"public_list": "never"}))
    bench.node.cache.expire()
    await tell(bench, proposal("2026-02-01", "2026-03-01"), proposal("2026-02-01", "2026-03-01", procedure="proposal@2"))
    assert [item["procedure"] for item in (await get(bench)).json()["items"]] == ["proposal@1"]


async def test_other_procedures_and_broken_cursors_are_refused(bench: Bench) -> None:
    for path in ("/v1/published", "/v1/report"):
        closed = await get(bench, path, procedure="complaint")
        assert (closed.status_code, closed.json()["code"], closed.json()["field"]) == (422, "invalid-field", "procedure")
        assert closed.json()["allowed"] == ["proposal", "suggestion"]
        assert (await get(bench, path, person="amina")).json()["field"] == "person"
    for cursor in ("x", "MjAyNg", "2026-03-01/" + "0" * 64, "é", "4"):
        refused = await get(bench, cursor=cursor)
        assert (refused.status_code, refused.json()["code"]) == (422, "cursor-invalid")
    assert (await get(bench, limit=201)).json()["field"] == "limit"
    assert (await get(bench, "/v1/report", period="day")).json()["field"] == "period"


async def test_before_the_directory_is_read_one_asks_again(open_store: Opener) -> None:
    empty = await open_store("stats")
    await empty.execute("delete from directory_record")
    empty.node.cache.expire()
    assert (await get(empty)).status_code == 503


async def _year(bench: Bench) -> None:
    """20 in the first quarter, 9 in the second; 2 of these are Prima's."""
    first = [proposal(f"2026-0{1 + n % 3}-10", "2026-04-01" if n < 12 else None) for n in range(20)]
    second = [proposal("2026-04-10", "2026-05-01", outcome="refused") for n in range(7)]
    prima = [proposal("2026-05-10", body="commune-prima") for _ in range(2)]
    await tell(bench, *first, *second, *prima, *(life("2026-05-11", body="commune-prima") for _ in range(30)))


async def test_a_report_counts_each_quarter_by_status_outcome_and_body(bench: Bench) -> None:
    await _year(bench)
    made = (await get(bench, "/v1/report")).json()
    second, first = made["periods"]
    assert (first["period"], second["period"]) == ("2026-Q1", "2026-Q2")
    counts = {"n": 20, "open": 8, "answered": 12, "refused": 0, "withdrawn": 0, "lapsed": 0, "outcomes": {"noted": 12}, "hidden": False}
    assert first["counts"] == counts
    assert first["bodies"] == [{"body": "water-office", "counts": counts}]
    assert (second["counts"]["n"], second["counts"]["refused"], second["counts"]["outcomes"]) == (9, 7, {"refused": 7})
    # Prima's 2 would follow from the quarter's 9: the office's 7 goes too.
    hidden = {"n": None, "hidden": True}
    assert second["bodies"] == [{"body": "commune-prima", "counts": hidden}, {"body": "water-office", "counts": hidden}]
    whole = (await get(bench, "/v1/report", period="year")).json()["periods"]
    assert [(one["period"], one["counts"]["n"]) for one in whole] == [("2026", 29)]


async def test_a_report_is_also_a_table(bench: Bench) -> None:
    await _year(bench)
    answer = await get(bench, "/v1/report", format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, *rows = csv.reader(answer.text.splitlines())
    said = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["period"], row["scope"], row["body"], row["n"], row["outcome_noted"], row["hidden"]) for row in said] == [
        ("2026-Q2", "all", "", "9", "0", ""),
        ("2026-Q2", "body", "commune-prima", "", "", "yes"),
        ("2026-Q2", "body", "water-office", "", "", "yes"),
        ("2026-Q1", "all", "", "20", "12", ""),
        ("2026-Q1", "body", "water-office", "20", "12", ""),
    ]
    assert {row["as_of"] for row in said} == {"2026-06-01T10:00:00.000Z"}


async def test_a_small_quarter_is_hidden_whole(bench: Bench) -> None:
    await tell(bench, *(proposal("2026-01-10") for _ in range(3)), *(life("2026-02-11") for _ in range(30)))
    (only,) = (await get(bench, "/v1/report")).json()["periods"]
    assert only == {"period": "2026-Q1", "counts": {"n": None, "hidden": True}, "bodies": []}
