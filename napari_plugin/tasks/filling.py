"""What lies between painted slices, found in the background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import VolumeLike
from supervox.napari_plugin.layers.source import Source
from supervox.objects import Between, fill_between
from supervox.project import ByTools

from .jobs import BackgroundTask, Report, Task

CHUNK = 2**22  # voxels whose places are found at a time


@dataclass(frozen=True, eq=False)
class FillOrder:
    """What to fill between.

    Attributes
    ----------
    source : Source
        What was painted on.
    painted : tuple of array-like of uint8, (Z, Y, X)
        What is filled between, and whatever else was painted, which stays.
    labels : array-like of uint8, (Z, Y, X), or None
        Those that are shown.
    classes : tuple of int
        Whose; those of all that are painted if there are none.
    locked : tuple of int
        Classes that are neither changed nor given anything.
    axis : int
        Across the slices.
    at : int or None
        Fill only the gaps that this slice of the part lies in or at the end of; None for all.
    by_tools : ByTools or None
        Tells which voxels tools changed: nobody painted them.
    """

    source: Source
    painted: tuple[VolumeLike, ...] = field(repr=False)
    labels: VolumeLike | None = field(repr=False)
    classes: tuple[int, ...]
    locked: tuple[int, ...]
    axis: int
    at: int | None = None
    by_tools: ByTools | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class FillTrial:
    """What would be filled.

    Attributes
    ----------
    order : FillOrder
    voxels : int64, (P,)
        Raster indices in the whole image, ascending.
    classes : uint8, (P,)
    slices : int
        How many are filled.
    left : int
        Voxels that lie between as well, but are of a locked class or painted otherwise.
    """

    order: FillOrder
    voxels: NDArray[np.int64] = field(repr=False)
    classes: NDArray[np.uint8] = field(repr=False)
    slices: int
    left: int


class FillingBetween(BackgroundTask):
    """Finds what lies between painted slices; succeeds with a `FillTrial`."""

    def start(self, order: FillOrder) -> None:
        """Begin."""
        self.run(_task(order), "Filling between slices", shown=True)


def _task(order: FillOrder) -> Task:
    def work(report: Report) -> FillTrial:
        source = order.source
        kept = _Volume(source.shape, np.dtype(bool), lambda box: _kept(order, box))
        wanted = _Volume(source.shape, np.dtype(np.uint8), lambda box: _wanted(order, box))
        found: Between = fill_between(
            wanted,
            axis=order.axis,
            image=source.work_volume(),
            keep=kept,
            computed=_computed(order, report),
            spacing=source.spacing,
            at=order.at,
            workers=report.run,
        )
        voxels = in_whole(found.voxels, source.shape, source.start, source.full_shape)
        classes = found.classes.astype(np.uint8)
        return FillTrial(order, voxels, classes, len(found.slices), found.left)

    return work


@dataclass(frozen=True, eq=False)
class _Volume:
    """A volume whose boxes are made when they are read."""

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    read: Any

    def __getitem__(self, box: Any, /) -> NDArray[Any]:
        found: NDArray[Any] = self.read(box)
        return found


def _wanted(order: FillOrder, box: Any) -> NDArray[np.uint8]:
    """Return what is to be filled between; nothing of locked classes, which gain no voxel."""
    values = np.asarray(order.painted[0][box])
    leave = np.isin(values, order.locked)
    if order.classes:
        leave |= ~np.isin(values, order.classes)
    return np.where(leave, np.uint8(0), values)


def _kept(order: FillOrder, box: Any) -> NDArray[np.bool_]:
    """Tell which voxels stay: those that are painted in any way, or of a locked class."""
    kept = np.zeros([part.stop - part.start for part in box], bool)
    for painted in order.painted:
        kept |= np.asarray(painted[box]) > 0
    if order.labels is not None and order.locked:
        kept |= np.isin(np.asarray(order.labels[box]), order.locked)
    return kept


def _computed(order: FillOrder, report: Report) -> NDArray[np.bool_] | None:
    """Draw what tools changed in the part that is worked in; None if they changed nothing."""
    drawn = None if order.by_tools is None else order.by_tools.draw(report.run.should_stop)
    box = order.source.box
    return drawn if drawn is None or box is None else drawn[box]


def in_whole(
    voxels: NDArray[np.int64],
    shape: Sequence[int],
    start: Sequence[int],
    full_shape: Sequence[int],
) -> NDArray[np.int64]:
    """Return the raster indices in a volume of voxels given by those in a box of it.

    Parameters
    ----------
    voxels : int64, (P,)
        Ascending; so is what is returned.
    shape, start : sequence of 3 int
        Of the box.
    full_shape : sequence of 3 int
    """
    out = np.empty_like(voxels)
    for first in range(0, voxels.size, CHUNK):
        part = slice(first, first + CHUNK)
        places = np.unravel_index(voxels[part], shape)
        whole = [at + begin for at, begin in zip(places, start, strict=True)]
        out[part] = np.ravel_multi_index(whole, full_shape)
    return out
