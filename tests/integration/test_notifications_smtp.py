"""Mail over SMTP to a real server process that answers 451, drops connections after DATA, refuses, is slow, or is away."""

import asyncio
import signal
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import text

from shared.contracts.private import Contacts
from tests.notifications.stories import Story
from tests.support.mail import MailServer, mail_server, sending, settled
from tests.support.stores import Bench, Opener

OPEN_TRANSACTIONS = """
    select state from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null"""
FAST = {"retry_first": 0.1, "retry_most": 0.5}


def story_with_address(number: int, email: str | None = None) -> tuple[Story, Contacts]:
    """Two notices: a receipt to the filer, and a new case to the water office."""
    story = Story(number).set_clock().route("water-office")
    given = {"complaint_id": story.id, "reference": story.header.reference, "version": 1, "language": "ar"}
    return story, Contacts.model_validate(given | {"email": email or f"filer{number}@mail.example"})


async def deliver(bench: Bench, *stories: tuple[Story, Contacts]) -> None:
    await bench.deliver(*(body for story, contacts in stories for body in (*story.facts, contacts)))


async def message_ids(bench: Bench, state: str = "sent") -> set[str]:
    rows = await bench.execute("select id from notices where state = :state", state=state)
    return {f"<{row.id}@wasl.example>" for row in rows}


async def told(bench: Bench) -> list[str]:
    return [f"<{notice.id}@wasl.example>" for name, notice in await bench.outbox() if name == "notice-sent"]


async def taken(server: MailServer, at_least: int, seconds: float = 80) -> None:
    until = time.monotonic() + seconds
    while len(server.mails()) < at_least:
        assert time.monotonic() < until, server.copies()
        await asyncio.sleep(0.02)


async def waits_for_a_lock(bench: Bench, seconds: float = 80) -> None:
    until = time.monotonic() + seconds
    while not await bench.waits_for_a_lock():
        assert time.monotonic() < until
        await asyncio.sleep(0.02)


async def test_each_notice_arrives_once_or_as_copies_of_one(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox", "--busy-every", "4", "--drop-every", "5") as server:
        bench = await open_store("notifications", **server.settings, **FAST)
        async with sending(bench):
            await deliver(bench, *(story_with_address(number) for number in range(1, 21)))
            await settled(bench)
        copies = server.copies()
    assert len(copies) == 60
    assert set(copies) == await message_ids(bench)
    assert sorted(await told(bench)) == sorted(copies)
    assert max(copies.values()) > 1
    retried = await bench.execute("select count(*) as n from notices where attempts > 1")
    assert retried[0].n >= 15


async def test_a_server_without_whims_gets_one_copy_of_each(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox") as server:
        bench = await open_store("notifications", **server.settings)
        async with sending(bench), sending(bench):
            await deliver(bench, *(story_with_address(number) for number in range(1, 21)))
            await settled(bench)
        assert set(server.copies().values()) == {1}
        assert len(server.mails()) == 60


async def test_a_connection_carries_one_message_after_another(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox") as server:
        bench = await open_store("notifications", **server.settings, in_flight=2)
        async with sending(bench):
            await deliver(bench, *(story_with_address(number) for number in range(1, 11)))
            await settled(bench)
        assert len(server.mails()) == 30
    assert len(server.connections()) < 15  # as many as there were places, but for those that a busy machine let idle for long


async def test_a_refused_address_fails_alone_and_is_not_kept(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox", "--refuse", "gone@mail.example") as server:
        bench = await open_store("notifications", **server.settings, **FAST)
        async with sending(bench):
            await deliver(bench, story_with_address(1, "gone@mail.example"), story_with_address(2))
            await settled(bench)
        assert {mail["To"] for mail in server.mails()} == {"office@noria.example", "filer2@mail.example"}
    failed = await bench.execute("select code, audience, reason from notices where state = 'failed' order by code")
    assert failed == [("receipt", "filer", "smtp: 550"), ("routed", "filer", "smtp: 550")]
    ledger = await bench.execute("select notices::text as row from notices")
    assert not any("@" in row.row for row in ledger)


async def test_a_sender_killed_between_the_servers_answer_and_its_own_commit_sends_the_same_again(
    open_store: Opener, tmp_path: Path
) -> None:
    with mail_server(tmp_path / "inbox", "--slow", "1") as server:
        bench = await open_store("notifications", **server.settings, claim_seconds=5)
        await deliver(bench, story_with_address(1))
        with bench.beside("sender_process") as process:
            await taken(server, 3)
            async with bench.node.db.begin() as conn:
                await conn.execute(text("select 1 from notices for update"))
                await waits_for_a_lock(bench)  # the server has answered, and nothing of it is stored
                process.send_signal(signal.SIGKILL)
                process.wait()
        first = server.copies()
        assert set(first.values()) == {1}
        assert await message_ids(bench, "sending") == set(first)
        assert await told(bench) == []
        async with sending(bench):
            await settled(bench)
        assert server.copies() == dict.fromkeys(first, 2)
    assert sorted(await told(bench)) == sorted(first)


async def test_a_sender_killed_before_the_servers_answer_sends_the_same_again(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox", "--slow", "20") as server:
        bench = await open_store("notifications", **server.settings, claim_seconds=3)
        await deliver(bench, story_with_address(1))
        with bench.beside("sender_process") as process:
            await taken(server, 3)
            process.send_signal(signal.SIGKILL)
            process.wait()
        first = server.copies()
        assert await message_ids(bench, "sending") == set(first)
        server.stop()
        server.start()
        async with sending(bench):
            await settled(bench)
        assert server.copies() == dict.fromkeys(first, 2)
    assert sorted(await told(bench)) == sorted(first)


async def test_what_a_dead_sender_held_is_not_sent_where_it_no_longer_holds(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox") as server:
        bench = await open_store("notifications", **server.settings)
        over, stands = story_with_address(1), story_with_address(2)
        await deliver(bench, over, stands)
        await bench.execute("update notices set state = 'sending', attempts = 1, next_at = clock_timestamp() where audience like 'body:%'")
        await bench.deliver(over[0].answer().facts[-1])
        async with sending(bench):
            await settled(bench)
        boxes = Counter(mail["To"] for mail in server.mails())
        assert boxes == {"filer1@mail.example": 2, "filer2@mail.example": 2, "office@noria.example": 1}
    rows = await bench.execute("select complaint_id, state, reason from notices where audience like 'body:%'")
    assert {row[0]: tuple(row[1:]) for row in rows} == {over[0].id: ("skipped", "superseded"), stands[0].id: ("sent", None)}


async def test_while_the_mail_server_is_away_nothing_is_lost(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox") as server:
        bench = await open_store("notifications", **server.settings, **FAST)
        server.stop()
        async with sending(bench):
            await deliver(bench, *(story_with_address(number) for number in range(1, 11)))
            await asyncio.sleep(5)
            waiting = await bench.execute(
                "select count(*) as n, min(attempts) as tried, max(reason) as why from notices where state <> 'sent'"
            )
            assert (waiting[0].n, waiting[0].why) == (30, "smtp: not connected (SMTPConnectError)")
            assert waiting[0].tried >= 2
            server.start()
            await settled(bench)
        assert len(server.copies()) == 30
        assert set(server.copies().values()) == {1}


async def test_no_transaction_is_open_while_the_mail_server_is_awaited(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox", "--slow", "1") as server:
        bench = await open_store("notifications", **server.settings)
        async with sending(bench):
            await deliver(bench, story_with_address(1))
            await taken(server, 3)
            sessions = await bench.execute(OPEN_TRANSACTIONS)
            in_flight = await message_ids(bench, "sending")
            await settled(bench)
    assert len(in_flight) == 3
    assert sessions == []


async def test_a_silent_server_is_given_up_before_the_claim_ends(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox", "--slow", "60") as server:
        bench = await open_store("notifications", **server.settings, claim_seconds=2, retry_first=30)
        async with sending(bench):
            await deliver(bench, story_with_address(1))
            await taken(server, 3)
            await asyncio.sleep(2.5)
            rows = await bench.execute("select distinct state, reason, attempts from notices")
        assert rows == [("pending", "smtp: no answer in time", 1)]
        assert set(server.copies().values()) == {1}


async def test_mail_waits_rather_than_leave_in_clear(open_store: Opener, tmp_path: Path) -> None:
    with mail_server(tmp_path / "inbox") as server:
        bench = await open_store("notifications", **server.settings | {"smtp_tls": "starttls"}, retry_first=30)
        async with sending(bench):
            await deliver(bench, story_with_address(1))
            until = time.monotonic() + 20
            while not (rows := await bench.execute("select distinct reason from notices where state = 'pending' and attempts = 1")):
                assert time.monotonic() < until
                await asyncio.sleep(0.02)
        assert rows == [("smtp: not connected (SMTPException)",)]
        assert server.mails() == []
