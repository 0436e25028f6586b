"""Two slow things at the same time."""

import threading
from collections.abc import Callable


def together(*tasks: Callable[[], None]) -> None:
    """Runs all, each in a thread, and returns when all have ended; then raises the first error. An interrupt waits for nobody."""
    errors: list[BaseException] = []

    def attempt(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001  raised again below, in the caller's thread
            errors.append(error)

    threads = [threading.Thread(target=attempt, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
