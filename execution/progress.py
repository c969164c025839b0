"""What a person sees of long work, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

Progress = Callable[[int, int], None]
ShouldStop = Callable[[], bool]


class Cancelled(Exception):
    """The caller asked a long computation to stop; nothing was kept."""


def check_stop(should_stop: ShouldStop | None) -> None:
    """Ask whether to stop.

    Raises
    ------
    Cancelled
        If so.
    """
    if should_stop is not None and should_stop():
        raise Cancelled("stopped on request")


def latch(should_stop: ShouldStop | None) -> ShouldStop:
    """Make a question that any thread may ask: of one at a time, and never again after a yes."""
    lock, stopped = Lock(), False

    def ask() -> bool:
        nonlocal stopped
        with lock:
            stopped = stopped or (should_stop is not None and should_stop())
            return stopped

    return ask
