"""The channel that the settings name."""

from services.notifications.channels.base import Channel
from services.notifications.channels.file import FileChannel
from services.notifications.channels.smtp import SmtpChannel
from services.notifications.settings import NotificationsSettings


def open_channel(settings: NotificationsSettings) -> Channel:
    if settings.channel == "smtp":
        return SmtpChannel(settings)
    assert settings.mail_dir  # the settings refuse a file channel without one
    return FileChannel(settings.mail_dir)
