"""What a channel is: it hands one message over, or says why not. Reasons name no address, since they are kept."""

from typing import Protocol

from services.notifications.mail import Mail


class Refused(Exception):
    """It will never be taken: the address or the message is refused for good."""


class Later(Exception):
    """It may be taken later; it may also have been taken already, the answer being lost. So it is sent again with the same Message-ID."""


class Channel(Protocol):
    """`send` returns once the message is in other hands, raises Refused or Later otherwise; many calls run at once."""

    @property
    def name(self) -> str: ...

    async def send(self, mail: Mail) -> None: ...

    def close(self) -> None:
        """Lets go of what is kept between messages."""
        ...
