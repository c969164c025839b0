"""A line that a person draws through objects with the mouse, to cut them or to make them one."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from napari.layers import Image, Vectors
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.layers.make_layers import insert_above, make_line
from supervox.napari_plugin.painting.hand import CUT, MERGE, SPLIT, Hand
from supervox.objects import Voxel

from .working_image import WorkingImage

Point = tuple[float, float]
LINES = (CUT, MERGE, SPLIT)  # tools that draw
SHORTEST = 1.0  # voxels: less is a click


class DrawnLine:
    """Follows a drag, shows it as a line, and tells where it went.

    Parameters
    ----------
    volume : WorkingImage
        On whose image it is drawn.
    hand : Hand
        Whose tool says what the line is for.
    """

    drawn = Signal(str, int, int, tuple)  # tool, axis across, plane, two points in voxels
    hint = Signal(str)

    def __init__(self, volume: WorkingImage, hand: Hand) -> None:
        self._volume, self._hand = volume, hand
        self._layer: Vectors | None = None
        self._kept: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []  # ends of lines

    def begin(self) -> None:
        """Have the mouse draw, while one of the tools is in hand."""
        self._volume.viewer.mouse_drag_callbacks.append(self._on_drag)

    def end(self) -> None:
        """Leave the mouse alone."""
        callbacks = self._volume.viewer.mouse_drag_callbacks
        if self._on_drag in callbacks:
            callbacks.remove(self._on_drag)
        self._hide()

    def _on_drag(self, _: object, event: Any) -> Generator[None, None, None]:
        image, tool = self._volume.image, self._hand.tool
        if image is None or tool not in LINES or event.button != 1:
            return
        if len(event.dims_displayed) != 2:
            self.hint.emit("Objects are cut and merged in 2D: leave 3D first")
            return
        axis = self._volume.axis_across()
        start = end = self._voxel(image, event.position)
        yield
        while event.type == "mouse_move":
            end = self._voxel(image, event.position)
            self._show(image, start, end)
            yield
        if tool == SPLIT:
            self._show(image, start, end)
            self._kept.append((start, end))
            return
        self._hide()
        others = [k for k in range(3) if k != axis]
        if np.abs(end - start).max() >= SHORTEST or tool == MERGE:
            line = tuple(tuple(float(point[k]) for k in others) for point in (start, end))
            self.drawn.emit(tool, axis, round(float(start[axis])), line)

    def _voxel(self, image: Image, position: Any) -> NDArray[np.float64]:
        """Return plane, row and column of a place in the picture."""
        place = np.asarray(image.world_to_data(position), float)[-image.ndim :]
        return np.concatenate([np.zeros(3 - place.size), place])

    def _show(self, image: Image, start: NDArray[np.float64], end: NDArray[np.float64]) -> None:
        lines = [*self._kept, (start, end)]
        vector = np.array([(a, b - a) for a, b in lines])[:, :, -image.ndim :]
        if self._layer is None or self._layer not in self._volume.viewer.layers:
            self._layer = make_line(image, vector, self._width())
            insert_above(self._volume.viewer, self._volume.viewer.layers[-1], self._layer)
        else:
            self._layer.data = vector

    def _width(self) -> float:
        """Return the width of two pixels on the screen, in voxels."""
        image = self._volume.image
        assert image is not None
        return 2.5 / float(self._volume.viewer.scene.camera.zoom * min(image.scale[-2:]))

    def take_strokes(self) -> tuple[tuple[Voxel, ...], ...]:
        """Return the voxels of each line that was drawn to split objects, and forget them."""
        strokes = []
        for start, end in self._kept:
            n = int(np.ceil(np.abs(end - start).max())) + 1
            places = np.rint(np.linspace(start, end, n)).astype(int).tolist()
            strokes.append(tuple(dict.fromkeys((z, y, x) for z, y, x in places)))
        self._kept.clear()
        self._hide()
        return tuple(strokes)

    def _hide(self) -> None:
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._volume.viewer.layers:
            self._volume.viewer.layers.remove(layer)
