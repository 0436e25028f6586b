"""The weekly list of a body on the real store: one a body and week, over restarts, kills and restores; nothing where there is nothing."""

import asyncio
import json
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.notifications.handlers import Handlers
from services.notifications.settings import NotificationsSettings
from services.notifications.weekly.domain import CODE
from services.notifications.weekly.loop import decide
from shared.contracts.calendars import WEEKDAYS
from shared.contracts.directory import CalendarRecord
from shared.contracts.directory_records import Inbox, WeeklyList
from shared.messaging.node import Node
from tests.notifications.stories import Story
from tests.support.lives import noria
from tests.support.mail import read, sending, settled, text_of
from tests.support.stores import Bench, Opener
from tests.support.timed import with_days_off

POLICY = {"weekday": "monday", "at": "09:00", "soon": {"n": 7, "unit": "calendar_days"}, "level": 3}
LISTS = "select subject, audience, state, reason from notices where code = 'weekly-list' order by subject"


@pytest.fixture
async def bench(open_store: Opener, tmp_path: Path) -> Bench:
    return await _open(open_store, "2026-03-05T08:00:00Z", tmp_path / "mail")


async def _open(open_store: Opener, clock_at: str, mail_dir: Path) -> Bench:
    opened: Bench = await open_store("notifications", clock_at=clock_at, mail_dir=mail_dir, receipt_wait=0, contact_wait=0)
    await _teach(opened)
    return opened


async def _teach(bench: Bench, **policy: Any) -> None:
    """The jurisdiction has weekly lists; the water office's head has an inbox of their own, and reads French."""
    pack, office = noria().pack, noria().bodies["water-office"]
    assert pack
    head = Inbox(level=3, mailbox="head@noria.example", language="fr")
    await bench.deliver(
        pack.model_copy(update={"version": 2, "weekly_list": WeeklyList.model_validate(POLICY | policy)}),
        office.model_copy(update={"version": 2, "inboxes": (head,)}),
    )
    bench.node.cache.expire()


async def _decide(node: Node) -> None:
    settings = node.settings
    assert isinstance(settings, NotificationsSettings)
    node.cache.expire()
    await node.run(lambda tx: decide(tx, Handlers(settings)))


def _another(bench: Bench) -> Node:
    """The process after a restart, or a replica."""
    settings = bench.node.settings
    assert isinstance(settings, NotificationsSettings)
    return bench.service.node(settings)


async def _cases(bench: Bench) -> None:
    """Two of the office, one of them asking the filer; two of Prima, one of them already late with the office; four that nobody is told of:
    answered, withdrawn, restricted, with no body."""
    office = [Story(1).route("water-office").set_clock(), Story(2).route("water-office").set_clock(breached_at=None).ask()]
    over = [Story(3).route("water-office").set_clock().answer(), Story(4).route("water-office").set_clock().withdraw()]
    hidden = Story(5).route("water-office").set_clock()._routing(restricted=True)
    others = [Story(6, public_service="civil-status").route("commune-prima").set_clock(), Story(7).set_clock()]
    late = Story(8).route("water-office").set_clock().breach().route("commune-prima", "competence")
    await bench.deliver(*(fact for story in (*office, *over, hidden, *others, late) for fact in story.facts))


async def test_each_body_with_cases_has_one_list_a_week(bench: Bench) -> None:
    await _cases(bench)
    calendar = noria().records["calendar/noria"]
    assert isinstance(calendar, CalendarRecord)
    await bench.deliver(with_days_off(calendar, ["2026-03-16"]))
    now, seen = datetime(2026, 3, 5, 8, tzinfo=UTC), Counter[str]()
    while now < datetime(2026, 3, 26, 8, tzinfo=UTC):
        bench.at(now)
        node = _another(bench) if now.hour == 8 else bench.node
        await asyncio.gather(_decide(bench.node), _decide(node))
        if node is not bench.node:
            await node.stop()
        found = Counter({row.subject: 1 for row in await bench.execute(LISTS)})
        for subject in found - seen:
            assert {"2026-W11": "2026-03-09T08", "2026-W12": "2026-03-17T08", "2026-W13": "2026-03-23T08"}[subject[-8:]] in now.isoformat()
        seen, now = found, now + timedelta(hours=12)
    # Nothing was late or soon due in the week before the first; no body without cases, none whose own are answered or hidden.
    assert sorted(seen) == [f"{body}/2026-W{n}" for body in ("commune-prima", "water-office") for n in (11, 12, 13)]
    rows = await bench.execute("select subject, params from notices where code = 'weekly-list'")
    params = {row.subject: json.loads(row.params) for row in rows}
    assert [case["reference"] for case in params["commune-prima/2026-W12"]["cases"]] == ["TEST-0006-0", "TEST-0008-0"]
    assert [case["reference"] for case in params["water-office/2026-W12"]["cases"]] == ["TEST-0001-0", "TEST-0002-0"]
    assert [case["holder"] for case in params["water-office/2026-W12"]["cases"]] == ["body", "citizen"]
    assert [case["days_late"] for case in params["water-office/2026-W12"]["cases"]] == [6, 6]


async def test_the_head_reads_it_in_their_language_and_it_is_told(bench: Bench, tmp_path: Path) -> None:
    await _cases(bench)
    bench.at("2026-03-09T08:00:00Z")
    await _decide(bench.node)
    async with sending(bench):
        await settled(bench)
    told = {n.subject: n for name, n in await bench.outbox() if name == "notice-sent" and n.code == CODE}
    assert sorted(told) == ["commune-prima/2026-W11", "water-office/2026-W11"]
    mails = {str(mail["Message-ID"]): mail for mail in read(tmp_path / "mail")}
    head = mails[f"<{told['water-office/2026-W11'].id}@wasl.example>"]
    assert (head["To"], head["Content-Language"]) == ("head@noria.example", "fr")
    assert "TEST-0001-0, Facture d'eau : échéance le 11 mars 2026" in text_of(head)
    assert "TEST-0005-0" not in text_of(head)
    # Prima has said of no inbox of this level: its mailbox has it, in the country's first language.
    prima = mails[f"<{told['commune-prima/2026-W11'].id}@wasl.example>"]
    assert (prima["To"], prima["Content-Language"]) == ("prima@noria.example", "ar")


async def test_killed_in_the_middle_it_is_decided_once_all_the_same(bench: Bench) -> None:
    await _cases(bench)
    bench.at("2026-03-09T08:00:00Z")
    url = bench.node.settings.database_url.replace("postgresql+asyncpg", "postgresql")
    held = await asyncpg.connect(url)
    try:
        transaction = held.transaction()
        await transaction.start()
        await held.execute("insert into weekly_list (week) values ('2026-W11')")
        with bench.beside("lister_process") as process:
            await _until_it_waits(held)
            process.send_signal(signal.SIGKILL)
        await transaction.rollback()
    finally:
        await held.close()
    assert await bench.execute(LISTS) == []
    with bench.beside("lister_process"):
        await _until_decided(bench)
    before = await bench.execute("select * from notices where code = 'weekly-list'")
    await _decide(bench.node)
    assert await bench.execute("select * from notices where code = 'weekly-list'") == before
    assert [row.subject for row in await bench.execute(LISTS)] == ["commune-prima/2026-W11", "water-office/2026-W11"]


async def test_a_restored_store_sends_no_list_that_was_sent_and_none_that_is_a_day_old(
    open_store: Opener, bench: Bench, tmp_path: Path
) -> None:
    await _cases(bench)
    bench.at("2026-03-09T08:00:00Z")
    await _decide(bench.node)
    async with sending(bench):
        await settled(bench)
    told = [n for name, n in await bench.outbox() if name == "notice-sent" and n.code == CODE]
    restored = await _open(open_store, "2026-03-09T12:00:00Z", tmp_path / "after")
    await _cases(restored)
    await restored.deliver(*told)
    await _decide(restored.node)
    assert {row.state for row in await restored.execute(LISTS)} == {"sent"}


async def test_a_list_is_decided_on_its_day_and_not_days_later(open_store: Opener) -> None:
    yesterday_but_one = WEEKDAYS[(datetime.now(UTC) - timedelta(days=3)).weekday()]
    for weekday, expected in ((yesterday_but_one, []), (WEEKDAYS[datetime.now(UTC).weekday()], ["water-office"])):
        bench = await open_store("notifications", clock="real")
        calendar = noria().records["calendar/noria"]
        assert isinstance(calendar, CalendarRecord)
        worked = calendar.calendar.model_copy(update={"version": 9, "weekly_off": (), "days_off": ()})
        await _teach(bench, weekday=weekday, at="00:00")
        await bench.deliver(calendar.model_copy(update={"version": 9, "calendar": worked}))
        await bench.deliver(*Story(1).route("water-office").set_clock().facts)
        await _decide(bench.node)
        assert [row.subject.partition("/")[0] for row in await bench.execute(LISTS)] == expected
        assert len(await bench.execute("select week from weekly_list")) == 1


async def test_a_warning_is_read_where_its_level_is_read(bench: Bench, tmp_path: Path) -> None:
    two = Inbox(level=2, mailbox="two@noria.example")
    await bench.deliver(noria().bodies["water-office"].model_copy(update={"version": 3, "inboxes": (two,)}))
    bench.node.cache.expire()
    await bench.deliver(*Story(1).route("water-office").set_clock().alert("d-15").alert("d-5").facts)
    async with sending(bench):
        await settled(bench)
    mails = {str(mail["Message-ID"]).strip("<>").partition("@")[0]: mail["To"] for mail in read(tmp_path / "mail")}
    told = {(n.code, n.audience): mails[str(n.id)] for name, n in await bench.outbox() if name == "notice-sent"}
    assert told["approaching", "body:water-office"] == "two@noria.example"
    assert told["new-case", "body:water-office"] == "office@noria.example"


async def _until_it_waits(conn: asyncpg.Connection) -> None:
    waiting = "select exists (select from pg_locks where not granted and transactionid = cast(pg_current_xact_id() as xid))"
    async with asyncio.timeout(60):
        while not await conn.fetchval(waiting):
            await asyncio.sleep(0.05)


async def _until_decided(bench: Bench) -> None:
    async with asyncio.timeout(60):
        while not await bench.execute(LISTS):
            await asyncio.sleep(0.05)
