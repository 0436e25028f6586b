"""What the collector of garbage is told at the start of every process."""

import gc


def settle() -> None:
    """What is loaded by now stays: the collector need not walk it again and again, nor come after every second request or record."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
