"""Mail over SMTP (RFC 5321): 4yz is tried again, 5yz about the recipient or the message is final."""

import time
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
from services.notifications.mail import Mail
from services.notifications.settings import NotificationsSettings

KEPT_SECONDS = 10.0
"""How long a connection may idle and be used again: far less than the five minutes that a server must allow (RFC 5321, 4.5.3.2.7)."""


class SmtpChannel:
    """One connection for each message that is on its way at once, used again while it works; as many as the sender's places.

    An answer that is lost after DATA counts as not given: the same Message-ID goes again.
    """

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
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []

    async def send(self, mail: Mail) -> None:
        client = self._kept() or await self._connect()
        try:
            await _hand_over(client, mail)
        except BaseException:
            # Whatever the server has understood of it, the next message does not depend on it.
            client.close()
            raise
        self._idle.append((time.monotonic(), client))

    def close(self) -> None:
        for _, client in self._idle:
            client.close()
        self._idle.clear()

    def _kept(self) -> aiosmtplib.SMTP | None:
        """The connection used last, if it can be used again; those that idle too long are closed."""
        fresh = time.monotonic() - KEPT_SECONDS
        while self._idle:
            since, client = self._idle.pop()
            if client.is_connected and since > fresh:
                return client
            client.close()
        return None

    async def _connect(self) -> aiosmtplib.SMTP:
        """Whatever fails here, a refused login too, is ours or the server's to mend and says nothing of the notice."""
        client = aiosmtplib.SMTP(**self._server)
        try:
            await client.connect()
        except BaseException as error:
            client.close()
            if isinstance(error, SMTPException | OSError | ValueError):
                raise Later(f"smtp: not connected ({type(error).__name__})") from error
            raise
        return client


async def _hand_over(client: aiosmtplib.SMTP, mail: Mail) -> None:
    try:
        await client.sendmail(mail.sender, [mail.to], mail.raw)
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
