"""What Numba compiles just now: the first use of code on a machine keeps one waiting."""

from __future__ import annotations

from typing import NamedTuple

from numba.core import event


class Compiling(NamedTuple):
    """What was compiled in this process so far; what is read from a cache doesn't count.

    Attributes
    ----------
    done : int
        Functions, each for some types of its arguments.
    at_work : int
        That are being compiled now, one because of another.
    """

    done: int
    at_work: int


class _Watch(event.Listener):
    """Counts; Numba compiles one function after the other, whatever the threads."""

    def __init__(self) -> None:
        self.done = self.at_work = 0

    def on_start(self, _: event.Event) -> None:
        self.at_work += 1

    def on_end(self, _: event.Event) -> None:
        self.at_work -= 1
        self.done += 1


_watch = _Watch()
event.register("numba:compile", _watch)  # type: ignore[no-untyped-call]


def compiling_now() -> Compiling:
    """Return how much was compiled since this module was loaded, and what is now."""
    return Compiling(_watch.done, _watch.at_work)
