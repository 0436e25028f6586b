"""From a notice of the ledger to the message that leaves."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime

from services.notifications.channels.base import Refused
from services.notifications.models import Claimed
from services.notifications.notice import FILER
from services.notifications.settings import NotificationsSettings
from services.notifications.words import Letter, Subject, Templates
from shared.contracts.directory import Directory


class Letters:
    """Writes messages: plain text and HTML of the same words, no paper's text, no name, no secret."""

    def __init__(self, settings: NotificationsSettings) -> None:
        self._settings = settings
        self._templates = Templates()

    def message(self, notice: Claimed, to: str, language: str, directory: Directory) -> EmailMessage:
        """The Message-ID is the notice's id, so that a second copy is known as one. Refused where `to` is no address."""
        about = Subject(notice.code, notice.audience, notice.reference, notice.procedure, notice.params)
        letter = self._templates.letter(about, language, directory, link=self._link(notice))
        message = _written(letter)
        message["From"] = Address(self._settings.mail_name, addr_spec=self._settings.mail_from)
        message["To"] = _address(to)
        message["Date"] = localtime()
        message["Message-ID"] = f"<{notice.id}@{self._settings.mail_domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notes in return
        message["Content-Language"] = language
        return message

    def _link(self, notice: Claimed) -> str | None:
        if notice.audience == FILER:
            return f"{self._settings.public_url.rstrip('/')}/c/{notice.reference}"
        return self._settings.desk_url and f"{self._settings.desk_url.rstrip('/')}/desk/{notice.reference}"


def _written(letter: Letter) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = letter.subject
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _address(text: str) -> Address:
    try:
        return Address(addr_spec=text)
    except (MessageError, ValueError, IndexError):
        raise Refused("the address cannot be written") from None
