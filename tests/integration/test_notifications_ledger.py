"""The ledger on a real store: what facts make of it, in any grouping, and after a restore."""

from collections.abc import Sequence
from pathlib import Path

from services.notifications.bodies import about
from services.notifications.notice import notice_id
from services.routing.directory.pack import load
from shared.contracts.directory import ProcedureRecord
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Contacts
from tests.notifications.stories import FILED, Ledger, Story, folded
from tests.support.lives import NORIA
from tests.support.mail import read, sending, settled, text_of
from tests.support.stores import Bench, Opener

STATES = "select code, audience, state, reason from notices order by n"


def contacts(story: Story, **given: str) -> Contacts:
    return Contacts.model_validate(
        {
            "complaint_id": story.id,
            "reference": story.header.reference,
            "version": 1,
            "email": f"{story.header.reference.lower()}@mail.example",
        }
        | {"language": "fr"}
        | given
    )


async def sent(bench: Bench) -> Sequence[tuple[str, str, str]]:
    rows = await bench.execute("select code, subject, audience from notices where state = 'sent' order by n")
    return [tuple(row) for row in rows]


def long_story(number: int = 1) -> Story:
    story = Story(number).set_clock().route("water-office").set_clock().ask().supply().alert("d-15").breach().correct()
    return story.route("ministry-waters", "competence").set_clock().answer().amend().withdraw()


async def test_one_batch_or_many_the_ledger_holds_the_same_as_in_memory(open_store: Opener) -> None:
    at_once, one_by_one = long_story(1), long_story(2)
    bench = await open_store("notifications")
    await bench.deliver(*at_once.facts, *at_once.facts[3:7])
    by_hand = Ledger()
    for index, fact in enumerate(one_by_one.facts):
        await bench.deliver(fact)
        by_hand.hear(folded(one_by_one.facts[: index + 1]))
    rows = await bench.execute("select complaint_id, code, subject, audience, state from notices order by n")
    found = {(r.code, r.subject, r.audience, r.state) for r in rows if r.complaint_id == one_by_one.id}
    assert found == {(*e.key, e.state) for e in by_hand.entries}
    whole = Ledger().hear(at_once.known)
    assert {(r.code, r.subject, r.audience, r.state) for r in rows if r.complaint_id == at_once.id} == {
        (*e.key, e.state) for e in whole.entries
    }


async def test_a_notice_leaves_as_a_file_and_is_told(open_store: Opener, tmp_path: Path) -> None:
    story = Story().set_clock().route("water-office")
    bench = await open_store("notifications", mail_dir=tmp_path / "mail", public_url="https://wasl.example")
    async with sending(bench):
        await bench.deliver(*story.facts, contacts(story))
        await settled(bench)
    told = {notice.id: notice for name, notice in await bench.outbox() if name == "notice-sent"}
    assert sorted(n.code for n in told.values()) == ["new-case", "receipt", "routed"]
    assert {path.stem.partition("@")[0] for path in (tmp_path / "mail").iterdir()} == {str(id) for id in told}
    by_id = {mail["Message-ID"].strip("<>").partition("@")[0]: mail for mail in read(tmp_path / "mail")}
    receipt = by_id[next(str(n.id) for n in told.values() if n.code == "receipt")]
    assert receipt["To"] == "test-0001-0@mail.example"
    assert "11 mars 2026" in text_of(receipt)
    assert "https://wasl.example/c/TEST-0001-0" in text_of(receipt)
    new_case = by_id[next(str(n.id) for n in told.values() if n.code == "new-case")]
    assert new_case["To"] == "office@noria.example"


async def test_an_address_that_comes_later_is_waited_for(open_store: Opener) -> None:
    story = Story().set_clock()
    bench = await open_store("notifications")
    async with sending(bench):
        await bench.deliver(*story.facts)
        assert await sent(bench) == []
        await bench.deliver(contacts(story))
        await settled(bench)
    assert [code for code, _, _ in await sent(bench)] == ["receipt"]


async def test_who_left_no_address_is_skipped_at_once_and_who_is_not_known_after_a_while(open_store: Opener) -> None:
    by_phone, unknown = Story(1).set_clock(), Story(2).set_clock()
    bench = await open_store("notifications", contact_wait=0)
    async with sending(bench):
        await bench.deliver(
            *by_phone.facts, *unknown.facts, contacts(by_phone).model_copy(update={"email": None, "phone": "+212600000000"})
        )
        await settled(bench)
    assert await bench.execute(STATES) == [("receipt", "filer", "skipped", "no-address")] * 2


async def test_a_receipt_without_a_date_leaves_when_its_wait_is_over(open_store: Opener, tmp_path: Path) -> None:
    story = Story()
    bench = await open_store("notifications", mail_dir=tmp_path / "mail", receipt_wait=0.5)
    async with sending(bench):
        await bench.deliver(*story.facts, contacts(story, language="en"))
        assert await bench.execute(STATES) == [("receipt", "filer", "held", None)]
        await settled(bench)
        await bench.deliver(*story.set_clock().facts[1:])
        await settled(bench)
    assert [text_of(mail).count("will be shown on the page") for mail in read(tmp_path / "mail")] == [1]


async def test_nothing_is_sent_to_an_erased_person(open_store: Opener, tmp_path: Path) -> None:
    story = Story().set_clock().route("water-office").answer()
    bench = await open_store("notifications", mail_dir=tmp_path / "mail")
    await bench.deliver(*story.facts, contacts(story))
    assert ("answered", "filer", "pending", None) in await bench.execute(STATES)
    await bench.deliver(story.erase().facts[-1], contacts(story))
    async with sending(bench):
        await settled(bench)
    assert read(tmp_path / "mail") == []
    assert {reason for _, _, _, reason in await bench.execute(STATES)} == {"erased"}
    assert await bench.execute("select 1 from private_document") == []


async def test_a_restored_store_sends_nothing_that_the_log_says_was_sent(open_store: Opener, tmp_path: Path) -> None:
    story = Story().set_clock().route("water-office").answer()
    bench = await open_store("notifications", mail_dir=tmp_path / "before")
    async with sending(bench):
        await bench.deliver(*story.facts, contacts(story))
        await settled(bench)
    told = [notice for name, notice in await bench.outbox() if name == "notice-sent"]
    assert len(told) == 2
    restored = await open_store("notifications", mail_dir=tmp_path / "after")
    async with sending(restored):
        await restored.deliver(*told)
        await restored.deliver(*story.facts, contacts(story))
        await restored.deliver(story.amend().facts[-1])
        await settled(restored)
    assert len(read(tmp_path / "before")) == 2
    assert [mail["Subject"] for mail in read(tmp_path / "after")] == ["TEST-0001-0 : la réponse a été modifiée"]
    assert [notice.code for name, notice in await restored.outbox() if name == "notice-sent"] == ["answer-amended"]


async def test_its_own_notices_coming_back_change_nothing(open_store: Opener) -> None:
    story = Story().set_clock()
    bench = await open_store("notifications")
    async with sending(bench):
        await bench.deliver(*story.facts, contacts(story))
        await settled(bench)
        told: list[NoticeSent] = [notice for name, notice in await bench.take_outbox() if name == "notice-sent"]
        before = await bench.execute("select * from notices")
        await bench.deliver(*told, *told)
        await settled(bench)
    assert told
    assert await bench.execute("select * from notices") == before
    assert await bench.outbox() == []


async def test_what_is_a_day_old_is_never_sent(open_store: Opener, tmp_path: Path) -> None:
    story = Story().set_clock()
    bench = await open_store("notifications", mail_dir=tmp_path / "mail")
    await bench.deliver(*story.facts, contacts(story))
    await bench.execute("update notices set not_after = clock_timestamp()")
    async with sending(bench):
        await settled(bench)
    assert await bench.execute(STATES) == [("receipt", "filer", "skipped", "too-old")]
    assert read(tmp_path / "mail") == []


async def test_a_log_read_from_its_beginning_tells_nobody_yesterdays_news(open_store: Opener) -> None:
    story = Story().set_clock().route("water-office").answer()
    bench = await open_store("notifications", clock="real")
    await bench.deliver(*story.facts, contacts(story))
    rows = await bench.execute(STATES)
    assert ("answered", "filer", "skipped", "too-old") in rows
    assert {state for _, _, state, _ in rows} == {"skipped"}


async def test_a_procedure_that_comes_after_its_complaint_is_made_up_for(open_store: Opener) -> None:
    story = Story(procedure="observation@1")
    bench = await open_store("notifications", clock_at=FILED.isoformat())
    await bench.execute("delete from directory_record where key = 'procedure/observation@1'")
    await bench.deliver(*story.facts)
    assert await bench.execute(STATES) == [("receipt", "filer", "held", None)]
    late = [r for r in load(NORIA).records if isinstance(r, ProcedureRecord) and r.procedure.ref == "observation@1"]
    await bench.deliver(*late)
    assert await bench.execute(STATES) == [("receipt", "filer", "skipped", "superseded"), ("thanks", "filer", "pending", None)]


async def test_the_cases_of_a_closed_body_are_one_notice_to_its_successor(open_store: Opener, tmp_path: Path) -> None:
    stories = [Story(n).set_clock().route("water-office").route("ministry-waters", "succession") for n in range(1, 6)]
    bench = await open_store("notifications", mail_dir=tmp_path / "mail", desk_url="https://wasl.example", contact_wait=0, receipt_wait=0)
    async with sending(bench):
        for story in stories:
            await bench.deliver(*story.facts)
        await bench.deliver(*(fact for story in stories for fact in story.facts))
        await settled(bench)
    told = [notice for name, notice in await bench.outbox() if name == "notice-sent"]
    assert [(n.code, n.subject, n.audience) for n in told] == [("succession", "water-office", "body:ministry-waters")]
    (mail,) = read(tmp_path / "mail")
    assert mail["To"] == "waters@noria.example"
    assert "https://wasl.example/desk" in text_of(mail)
    # What the log says was sent is known by its id in a store that was restored, too.
    assert told[0].id == notice_id(about("water-office"), ("succession", "water-office", "body:ministry-waters"))


async def test_a_body_s_record_has_its_mailbox_written_to_once(open_store: Opener, tmp_path: Path) -> None:
    bench = await open_store("notifications", mail_dir=tmp_path / "mail", clock_at="2026-01-10T12:00:00Z")
    office = load(NORIA).directory.bodies["water-office"]
    invited = office.model_copy(update={"version": 2, "invited_at": FILED})
    edited = invited.model_copy(update={"version": 3, "opening_hours": "Mo-Fr 08:30-16:30"})
    async with sending(bench):
        await bench.deliver(invited)
        await bench.deliver(edited, edited.model_copy(update={"version": 4, "contact_tested_at": FILED}))
        await settled(bench)
    assert sorted((n.code, n.audience) for name, n in await bench.outbox() if name == "notice-sent") == [
        ("contact-test", "body:water-office"),
        ("invitation", "body:water-office"),
    ]
    assert {mail["To"] for mail in read(tmp_path / "mail")} == {"office@noria.example"}
