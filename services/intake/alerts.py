"""Words for which the jurisdiction has a better door than a complaint: known before it is filed. Pure."""

from dataclasses import dataclass

from shared.contracts.directory import AlertRecord, Directory
from shared.contracts.wording import Phrases, tokens


@dataclass(frozen=True)
class _Watched:
    alert: AlertRecord
    phrases: Phrases


class Watch:
    """The alerts of the newest directory it was asked with, made ready once for each of its states."""

    def __init__(self) -> None:
        self._of: Directory | None = None
        self._watched: tuple[_Watched, ...] = ()

    def raised_by(self, directory: Directory, *texts: str | None) -> tuple[AlertRecord, ...]:
        """The alerts whose words stand in one of these texts, in the order of their codes."""
        if directory is not self._of:
            alerts = (directory.alerts[code] for code in sorted(directory.alerts))
            self._watched = tuple(_Watched(one, Phrases(phrase for words in one.words.values() for phrase in words)) for one in alerts)
            self._of = directory
        if not self._watched:
            return ()
        words = [tokens(text) for text in texts if text]
        return tuple(one.alert for one in self._watched if any(one.phrases.stand_in(text) for text in words))


def is_restricted(alerts: tuple[AlertRecord, ...]) -> bool:
    """Whether the restricted desk alone gets what raises these."""
    return any(alert.desk == "restricted" for alert in alerts)
