"""Mail as files: many at once, each there whole or its sender told why not."""

import asyncio
from pathlib import Path

import pytest

from services.notifications.channels.base import Later
from services.notifications.channels.file import FileChannel
from services.notifications.mail import Mail


def mail(id: str, words: str = "words") -> Mail:
    return Mail(id, "from@x", "to@x", words.encode())


async def test_many_at_once_are_all_there_and_a_second_sending_replaces_the_first(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path / "new" / "mail")
    await asyncio.gather(*(channel.send(mail(f"{n}@x")) for n in range(40)))
    await channel.send(mail("7@x", "again"))
    assert {path.name for path in (tmp_path / "new" / "mail").iterdir()} == {f"{n}@x.eml" for n in range(40)}
    assert (tmp_path / "new" / "mail" / "7@x.eml").read_text() == "again"


async def test_what_cannot_be_written_concerns_it_alone(tmp_path: Path) -> None:
    (tmp_path / "1@x.eml").mkdir()
    channel = FileChannel(tmp_path)
    outcomes = await asyncio.gather(*(channel.send(mail(f"{n}@x")) for n in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), Later, type(None)]


async def test_who_gives_up_holds_nobody_up(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path)
    given_up, kept = asyncio.ensure_future(channel.send(mail("1@x"))), asyncio.ensure_future(channel.send(mail("2@x")))
    await asyncio.sleep(0)
    given_up.cancel()
    await kept
    with pytest.raises(asyncio.CancelledError):
        await given_up
    await channel.send(mail("3@x"))
    assert (tmp_path / "3@x.eml").exists()
