"""The other two planes through the place under the mouse, with its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.napari_plugin.layers.source import finest_data
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report

from .comparison import grey_of
from .view import ResultView
from .working_image import WorkingImage

PAUSE_MS = 60  # the mouse may move on
MOST_PIXELS = 700  # of a cut, along each axis


@dataclass(frozen=True)
class CutPlane:
    """A plane through a place.

    Attributes
    ----------
    axis : int
        That it lies across.
    place : tuple of 3 int
        Voxel of the image that it goes through.
    grey : uint8, (H, W)
    labels : uint8, (H, W)
    aspect : float
        Height of a pixel over its width.
    step : int
        Voxels from a pixel to the next.
    """

    axis: int
    place: tuple[int, int, int]
    grey: NDArray[np.uint8] = field(repr=False)
    labels: NDArray[np.uint8] = field(repr=False)
    aspect: float
    step: int


class Cuts(BackgroundTask):
    """Follows the mouse, and succeeds with the two cuts.

    Parameters
    ----------
    volume : WorkingImage
    view : ResultView
        Whose labels lie over the image.

    Attributes
    ----------
    gone : Signal
        The cuts are of no image any more.
    """

    gone = Signal()

    def __init__(self, volume: WorkingImage, view: ResultView) -> None:
        super().__init__()
        self._volume, self._view, self._viewer = volume, view, volume.viewer
        self._is_followed = False
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._cut)
        volume.watched.connect(self._forget)
        volume.data_changed.connect(self._forget)

    @property
    def is_possible(self) -> bool:
        """Whether there are other planes."""
        image = self._volume.image
        return image is not None and image.ndim == 3

    def follow(self, on: bool) -> None:
        """Follow the mouse over the picture, or don't any more."""
        if on == self._is_followed:
            return
        self._is_followed = on
        moves = self._viewer.mouse_move_callbacks
        if on:
            moves.append(self._on_move)
            self._cut()
        else:
            moves.remove(self._on_move)
            self.cancel()

    def cancel(self) -> None:
        """Cut nothing until the mouse moves again."""
        self._timer.stop()
        super().cancel()

    def _forget(self) -> None:
        self.cancel()
        self.gone.emit()

    def go_to(self, place: Sequence[int], across: int) -> None:
        """Show the plane of the viewer that a place lies in, and the cuts through it."""
        shown = self._across()
        if shown != across:
            self._volume.show_plane(shown, int(place[shown]))
        self._start(tuple(int(at) for at in place))

    def _on_move(self, *_: object) -> None:
        self._timer.start()

    def _across(self) -> int:
        dims = self._viewer.dims
        return int(dims.not_displayed[-1]) - (dims.ndim - 3) if dims.not_displayed else 0

    def _cut(self) -> None:
        image = self._volume.image
        if image is None or image.ndim != 3 or self._viewer.dims.ndisplay != 2:
            return
        point = np.asarray(self._viewer.cursor.position, float)[-3:]
        across = self._across()
        here = np.asarray(image.world_to_data(self._viewer.dims.point), float)[-3:]
        there = np.asarray(image.world_to_data(point), float)
        there[across] = here[across]
        top = np.asarray(finest_data(image).shape) - 1
        self._start(tuple(int(at) for at in np.round(there).clip(0, top)))

    def _start(self, place: tuple[int, ...]) -> None:
        image, source = self._volume.image, self._volume.source
        if image is None or source is None:
            return
        z, y, x = place
        found = (self._view.final, self._view.prediction)
        labels = next((one for one in found if one is not None and one.visible), None)
        low, high = (float(limit) for limit in image.contrast_limits)
        task = partial(
            _task,
            finest_data(image),
            (low, high),
            _voxels_of(labels),
            source.start,
            source.spacing,
            (z, y, x),
            [axis for axis in range(3) if axis != self._across()],
        )
        self.run(task, "Cutting")


def _voxels_of(labels: Labels | None) -> Any:
    return None if labels is None else finest_data(labels)


def _task(
    data: Any,
    limits: tuple[float, float],
    labels: Any,
    start: tuple[int, int, int],
    spacing: tuple[float, float, float],
    place: tuple[int, int, int],
    axes: Sequence[int],
    report: Report,
) -> list[CutPlane]:
    """Read the cuts; labels of a box lie where the box does."""
    cuts = []
    for axis in axes:
        report.run.check_stop()
        rows, columns = (k for k in range(3) if k != axis)
        shape = (data.shape[rows], data.shape[columns])
        step = max(1, -(-max(shape) // MOST_PIXELS))
        thin = (slice(None, None, step), slice(None, None, step))
        index: list[slice | int] = [slice(None)] * 3
        index[axis] = place[axis]
        grey = grey_of(np.asarray(data[tuple(index)])[thin], limits)
        shown = np.zeros(shape, np.uint8)
        inside = place[axis] - start[axis]
        if labels is not None and 0 <= inside < labels.shape[axis]:
            index[axis] = inside
            found = np.asarray(labels[tuple(index)])
            top, left = start[rows], start[columns]
            shown[top : top + found.shape[0], left : left + found.shape[1]] = found
        aspect = spacing[rows] / spacing[columns]
        cuts.append(CutPlane(axis, place, grey, np.ascontiguousarray(shown[thin]), aspect, step))
    return cuts
