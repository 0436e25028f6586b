"""A message's bytes, read back by another hand: the standard library's parser."""

from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications import mail

FRENCH = "Votre réclamation a été enregistrée.\n.\nFrom Rabat = 100 %, et une ligne bien plus longue que ce qu'un serveur doit accepter" * 9
ARABIC = "تم تسجيل شكايتكم تحت المرجع 7KQ4-XM2N-3\n\nيجب أن تتوصلوا بالجواب قبل 11 مارس\n"
READABLE = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1)


def read(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default)
    assert not found.defects
    return found


def words(part: MIMEPart) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize(("text", "encoding"), [("plain\n", "quoted-printable"), (FRENCH, "quoted-printable"), (ARABIC, "base64")])
def test_both_parts_arrive_as_they_were_written_in_the_shorter_encoding(text: str, encoding: str) -> None:
    raw = mail.message({"Subject": "x"}, text, f"<p>{text}</p>", "b")
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= mail.LINE
    assert b"\n" not in raw.replace(b"\r\n", b"")
    plain, html = read(raw).iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain["Content-Transfer-Encoding"] == encoding
    assert words(plain) == text
    assert words(html) == f"<p>{text}</p>"


@given(READABLE.map(lambda text: " ".join(text.split())).filter(bool))
def test_a_header_in_any_script_is_read_back_whole(value: str) -> None:
    written = mail.header(value)
    assert written.isascii()
    assert all(len(line) <= mail.LINE for line in f"Subject: {written}".split("\r\n"))
    assert read(f"Subject: {written}\r\n\r\n".encode())["Subject"] == value


def test_a_long_arabic_subject_takes_several_lines_and_breaks_no_letter() -> None:
    subject = "7KQ4-XM2N-3: تم تسجيل ملفكم لدينا وسيتم الرد عليكم في الآجال القانونية المحددة"
    written = mail.header(subject)
    assert written.count("\r\n ") >= 2
    assert read(f"Subject: {written}\r\n\r\n".encode())["Subject"] == subject


def test_what_is_plain_stays_so_that_a_reference_can_be_looked_for() -> None:
    written = mail.header("Récépissé 7KQ4-XM2N-3 : votre dossier est enregistré")
    assert written == "=?utf-8?b?UsOpY8OpcGlzc8Op?= 7KQ4-XM2N-3 : votre dossier est\r\n =?utf-8?b?ZW5yZWdpc3Ryw6k=?="


@pytest.mark.parametrize("name", ["Wasl", "Wasl, plaintes", "وصل"])
def test_a_name_stands_before_its_address(name: str) -> None:
    sender = read(f"From: {mail.mailbox(name, 'no-reply@wasl.example')}\r\n\r\n".encode())["From"].addresses
    assert [(a.display_name, a.addr_spec) for a in sender] == [(name, "no-reply@wasl.example")]


def test_a_domain_in_another_script_is_written_in_ascii() -> None:
    assert mail.address("amina@موقع.المغرب") == "amina@xn--4gbrim.xn--mgbc0a9azcg"


@given(st.from_regex(mail.PLAIN_ADDRESS, fullmatch=True))
def test_what_is_plainly_an_address_is_read_by_the_library_as_it_stands(text: str) -> None:
    assert Address(addr_spec=text).addr_spec == text
    assert text.rpartition("@")[2].encode("idna").decode() == text.rpartition("@")[2]
