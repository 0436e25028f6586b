"""Settings of notifications."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from shared.runtime.settings import Settings


class NotificationsSettings(Settings):
    port: int = 8004

    channel: Literal["file", "smtp"] = "file"
    mail_dir: Path | None = None
    """Where the file channel writes one .eml a notice."""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65_535)
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_user: str | None = None
    smtp_password: str | None = Field(default=None, repr=False)
    smtp_timeout: float = Field(default=20, gt=0)
    """Seconds that one step of the conversation with the mail server may take."""

    mail_from: str = "no-reply@wasl.example"
    mail_name: str = "Wasl"
    national_mailbox: str | None = None
    """Where the national desk reads its notices; without it they are skipped."""
    public_url: str = "http://127.0.0.1:8001"
    """The tracking page of a complaint is <public_url>/c/<reference>."""
    desk_url: str | None = None
    """The desk's page of a complaint is <desk_url>/desk/<reference>; without it a desk's notices name the reference alone."""

    receipt_wait: float = Field(default=600, ge=0)
    """Seconds that a receipt waits for its due date before it is sent without."""
    contact_wait: float = Field(default=600, ge=0)
    """Seconds that a notice waits for the filer's address before it is skipped."""
    notice_hours: float = Field(default=24, gt=0)
    """A notice older than this is never sent."""
    claim_seconds: float = Field(default=60, gt=0)
    """How long a sender may hold a notice; then it is taken again, with the same Message-ID. Sending gives up at 4/5 of it."""
    retry_first: float = Field(default=1, gt=0)
    retry_most: float = Field(default=900, gt=0)
    """Seconds before the second try, doubled each time up to the most."""
    in_flight: int = Field(default=16, ge=1)
    """How many notices are on their way at once."""

    @model_validator(mode="after")
    def _channel_is_complete(self) -> "NotificationsSettings":
        if self.channel == "file" and self.mail_dir is None:
            raise ValueError("the file channel needs WASL_MAIL_DIR, a folder")
        return self

    @property
    def mail_domain(self) -> str:
        return self.mail_from.rpartition("@")[2]
