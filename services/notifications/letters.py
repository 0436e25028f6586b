"""From a notice of the ledger to the message that leaves."""

import time

from services.notifications import mail
from services.notifications.channels.base import Refused
from services.notifications.mail import Mail
from services.notifications.models import Claimed
from services.notifications.notice import FILER
from services.notifications.settings import NotificationsSettings
from services.notifications.words import Subject, Templates
from shared.contracts.directory import Directory


class Letters:
    """Writes messages: plain text and HTML of the same words, no paper's text, no name, no secret."""

    def __init__(self, settings: NotificationsSettings) -> None:
        self._settings = settings
        self._templates = Templates()
        self._sender = mail.address(settings.mail_from)
        self._from = mail.mailbox(settings.mail_name, self._sender)

    def mail(self, notice: Claimed, to: str, language: str, directory: Directory) -> Mail:
        """The Message-ID is the notice's id, so that a second copy is known as one. Refused where `to` is no address."""
        about = Subject(notice.code, notice.audience, notice.reference, notice.procedure, notice.params)
        letter = self._templates.letter(about, language, directory, link=self._link(notice))
        id, reader = f"{notice.id}@{self._sender.rpartition('@')[2]}", _address(to)
        headers = {
            "From": self._from,
            "To": reader,
            "Subject": mail.header(letter.subject),
            "Date": mail.date(int(time.time())),
            "Message-ID": f"<{id}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: no vacation notes in return
            "Content-Language": language,
        }
        return Mail(id, self._sender, reader, mail.message(headers, letter.text, letter.html, notice.id.hex))

    def _link(self, notice: Claimed) -> str | None:
        if notice.audience == FILER:
            return f"{self._settings.public_url.rstrip('/')}/c/{notice.reference}"
        place = f"/{notice.reference}" if notice.procedure else ""
        return self._settings.desk_url and f"{self._settings.desk_url.rstrip('/')}/desk{place}"


def _address(text: str) -> str:
    try:
        return mail.address(text)
    except ValueError:
        raise Refused("the address cannot be written") from None
