"""Progress, and times that can be compared: contenders take turns within one run."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Result = TypeVar("Result")
THREADS = 2
_STARTED = time.perf_counter()


class Skipped(Exception):
    """A benchmark can't run here; the message says why, and the page repeats it."""


def say(text: str) -> None:
    """Print a line of progress with the seconds since the start."""
    print(f"[{time.perf_counter() - _STARTED:6.0f} s] {text}", file=sys.stderr, flush=True)


def timed(function: Callable[[], Result]) -> tuple[Result, float]:
    """Return what a function returns, and the seconds that it took."""
    started = time.perf_counter()
    result = function()
    return result, time.perf_counter() - started


def take_turns(
    contenders: Mapping[str, Callable[[], Any]], rounds: Mapping[str, int], title: str
) -> dict[str, list[float]]:
    """Time functions in turns, so that a noisy machine is unfair to none of them.

    Parameters
    ----------
    contenders : dict of str to callable
    rounds : dict of str to int
        How often each runs; slow ones may run less often.
    title : str
        For the progress.

    Returns
    -------
    dict of str to list of float
        Seconds of every run.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(max(rounds.values())):
        for name, function in contenders.items():
            if turn < rounds[name]:
                seconds[name].append(timed(function)[1])
                say(f"{title}: {name} {seconds[name][-1]:.2f} s")
    return seconds


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)
