"""Progress on stderr: bars in a terminal, a few plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click
from supervox.execution import Progress, Run

if TYPE_CHECKING:
    import rich.progress

LOG_SECONDS = 30.0  # between two lines about the same stage in a log


class StageProgress:
    """The stages of a command, one after the other, on stderr.

    Parameters
    ----------
    workers : int, optional
        Threads that each stage runs on.

    Attributes
    ----------
    seconds : dict of str to float
        What the stages took that have ended.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers
        self.seconds: dict[str, float] = {}
        self._bars: rich.progress.Progress | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bars = _bars()
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    @contextmanager
    def stage(self, name: str, title: str) -> Iterator[Run]:
        """Show a stage while it runs.

        Parameters
        ----------
        name : str
            Its key in `seconds`.
        title : str
            Name of the step, as printed before the bar.

        Yields
        ------
        Run
            That shows the progress of the stage.
        """
        started = time.perf_counter()
        if self._bars is None:
            yield Run(self.workers, _log(title))
        else:
            task = self._bars.add_task(title, total=None)
            bars = self._bars
            yield Run(
                self.workers, lambda done, total: bars.update(task, completed=done, total=total)
            )
            end = bars.tasks[-1].total or 1
            bars.update(task, completed=end, total=end)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


def _bars() -> rich.progress.Progress:
    """Make the bars; they stay on the screen with the time that each stage took."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("passed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True),
    )


def _log(title: str) -> Progress:
    """Write a line when a stage begins, and one now and then while it lasts."""
    click.echo(f"{title} ...", err=True)
    last = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= LOG_SECONDS and done < total:
            last = time.monotonic()
            click.echo(f"{title}: {100 * done // total} %", err=True)

    return report
