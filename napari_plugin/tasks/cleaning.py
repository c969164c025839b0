"""Labels cleaned by a tool: tried, so that it is seen what would change, and then gathered."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike, split_blocks
from supervox.napari_plugin.layers.source import Box, Source
from supervox.napari_plugin.layers.trial_layer import GAINED, LOST, Sides
from supervox.objects import CleanStep, clean, clean_part

from .accepting import Find, FoundChange
from .jobs import BackgroundTask, Report, Task

SHRINKING = ("specks", "keep-largest", "open", "erode")
CLEAN_SHARE = 0.9  # of the work; the rest is counting
MOST_CHANGED = 2**25  # voxels of a change, each of which is written down: 270 MB of indices
SLAB_VOXELS = 2**22


@dataclass(frozen=True, eq=False)
class CleanOrder:
    """What to clean, and how.

    Attributes
    ----------
    source : Source
        What the labels are of.
    labels : array-like of uint8, (Z, Y, X)
        Those that are shown.
    step : CleanStep
    locked : tuple of int
        Ids of classes that are neither changed nor given anything.
    part : tuple of 3 slice or None
        The slice in view, which is shown as soon as it can be.
    """

    source: Source
    labels: VolumeLike = field(repr=False)
    step: CleanStep
    locked: tuple[int, ...]
    part: Box | None

    @property
    def sides(self) -> Sides:
        """What is gained and lost by it."""
        return Sides(self.step.classes, self.step.operation in SHRINKING)

    @property
    def fixed(self) -> tuple[int, ...]:
        """What stays as it is: locked classes, and voxels without a class, as without data."""
        return (0, *self.locked)


@dataclass(frozen=True, eq=False)
class CleanedSlice:
    """What a slice becomes, before the rest is known.

    Attributes
    ----------
    order : CleanOrder
    sides : uint8, of the slice's shape
    """

    order: CleanOrder
    sides: NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True, eq=False)
class CleanTrial:
    """What would change.

    Attributes
    ----------
    order : CleanOrder
    after : uint8, (Z, Y, X)
    gained, lost : int
        Voxels.
    objects : int
        Specks that go, or holes that are filled.
    left : int
        Voxels that would change, but for locked classes.
    """

    order: CleanOrder
    after: NDArray[np.uint8] = field(repr=False)
    gained: int
    lost: int
    objects: int
    left: int

    @property
    def changed(self) -> int:
        """How many voxels change."""
        return self.gained + self.lost


class Trying(BackgroundTask):
    """Cleans without a change; publishes a `CleanedSlice`, and succeeds with a `CleanTrial`."""

    def start(self, order: CleanOrder) -> None:
        """Begin."""
        self.run(_trial(order), "Trying what cleaning does", shown=True)


def _trial(order: CleanOrder) -> Task:
    def work(report: Report) -> CleanTrial:
        step, spacing = order.step, order.source.spacing
        if step.is_local and order.part is not None:
            found = clean_part(
                order.labels,
                order.part,
                step,
                spacing=spacing,
                locked=order.fixed,
                run=report.run.silent(),
            )
            before = np.asarray(order.labels[order.part])
            report.publish(CleanedSlice(order, order.sides.of(before, found)))
        cleaned = clean(
            order.labels,
            step,
            spacing=spacing,
            locked=order.fixed,
            workers=report.run.part(0, CLEAN_SHARE),
        )
        gained, lost = _count(order, cleaned.labels, report.run.part(CLEAN_SHARE, 1))
        return CleanTrial(order, cleaned.labels, gained, lost, cleaned.objects, cleaned.left)

    return work


def _count(order: CleanOrder, after: NDArray[np.uint8], run: Run) -> tuple[int, int]:
    """Count the voxels that are gained and lost, some planes at a time."""
    gained = lost = 0
    for box in _slabs(after.shape):
        run.check_stop()
        sides = order.sides.of(np.asarray(order.labels[box]), after[box])
        gained += int(np.count_nonzero(sides == GAINED))
        lost += int(np.count_nonzero(sides == LOST))
        run.report(box[0].stop, after.shape[0])
    return gained, lost


def _slabs(shape: tuple[int, ...]) -> list[Box]:
    """Cut a volume into whole planes, some million voxels each."""
    thick = max(1, SLAB_VOXELS // max(1, shape[1] * shape[2]))
    return [block.core for block in split_blocks(shape, (thick, shape[1], shape[2]))]


class Gathering(BackgroundTask):
    """Makes a list of what changes, and finds what that means; succeeds with a `FoundChange`."""

    def start(self, trial: CleanTrial, find: Find) -> None:
        """Begin."""
        self.run(_gather(trial, find), "Gathering what changes", shown=True)


def _gather(trial: CleanTrial, find: Find) -> Task:
    def work(report: Report) -> FoundChange:
        source, after = trial.order.source, trial.after
        voxels = np.empty(trial.changed, np.int64)
        classes = np.empty(trial.changed, np.uint8)
        done = 0
        for box in _slabs(after.shape):
            report.run.check_stop()
            new = after[box]
            places = np.nonzero(new != np.asarray(trial.order.labels[box]))
            end = done + places[0].size
            first = (source.start[0] + box[0].start, *source.start[1:])
            whole = [at + start for at, start in zip(places, first, strict=True)]
            voxels[done:end] = np.ravel_multi_index(whole, source.full_shape)
            classes[done:end] = new[places]
            done = end
            report.progress(box[0].stop, after.shape[0])
        report.run.check_stop()
        return find(voxels[:done], classes[:done])

    return work
