"""Mail over SMTP (RFC 5321): 4yz is tried again, 5yz about the recipient or the message is final."""

from contextlib import suppress
from email.message import EmailMessage
from typing import Any

import aiosmtplib
from aiosmtplib.errors import (
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from services.notifications.channels.base import Later, Refused
from services.notifications.settings import NotificationsSettings


class SmtpChannel:
    """One connection a message. An answer that is lost after DATA counts as not given: the same Message-ID goes again."""

    name = "smtp"

    def __init__(self, settings: NotificationsSettings) -> None:
        self._server: dict[str, Any] = {
            "hostname": settings.smtp_host,
            "port": settings.smtp_port,
            "username": settings.smtp_user,
            "password": settings.smtp_password,
            "use_tls": settings.smtp_tls == "tls",
            "start_tls": settings.smtp_tls == "starttls",
            "timeout": settings.smtp_timeout,
            # Else the library asks the resolver for this machine's name.
            "local_hostname": settings.mail_domain,
        }

    async def send(self, message: EmailMessage) -> None:
        client = aiosmtplib.SMTP(**self._server)
        try:
            await _connect(client)
            await _hand_over(client, message)
            with suppress(SMTPException, OSError):
                await client.quit()
        finally:
            client.close()


async def _connect(client: aiosmtplib.SMTP) -> None:
    """Whatever fails here, a refused login too, is ours or the server's to mend and says nothing of the notice."""
    try:
        await client.connect()
    except (SMTPException, OSError, ValueError) as error:
        raise Later(f"smtp: not connected ({type(error).__name__})") from error


async def _hand_over(client: aiosmtplib.SMTP, message: EmailMessage) -> None:
    try:
        await client.send_message(message)
    except SMTPRecipientsRefused as error:
        raise _judged(error.recipients[0].code) from None
    except SMTPSenderRefused as error:
        raise Later(f"smtp: sender refused ({error.code})") from None
    except SMTPResponseException as error:
        raise _judged(error.code) from None
    except (SMTPNotSupported, ValueError) as error:
        raise Refused(f"smtp: address not supported ({type(error).__name__})") from None
    except (SMTPException, OSError) as error:
        raise Later(f"smtp: {type(error).__name__}") from None


def _judged(code: int) -> Refused | Later:
    # The server's own words often repeat the address: the code alone is kept.
    return Refused(f"smtp: {code}") if 500 <= code < 600 else Later(f"smtp: {code}")
