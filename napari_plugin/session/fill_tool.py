"""A tool that gives what is labelled alike, and hangs together, another class at a click."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal
from scipy.ndimage import label
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.napari_plugin.painting.correction_layer import CorrectionLayer
from supervox.napari_plugin.painting.hand import FILL, Hand

REACH = 128  # voxels from the click along each axis, where all planes are filled at once


class FillTool:
    """Corrects the labels that hang together under a click: in the plane, or in all planes.

    Parameters
    ----------
    hand : Hand
        In which this tool is.
    by_hand : CorrectionLayer
        Clicked on, and painted on.
    labels : callable
        Returns what is filled: labels of the part to work in, with its first voxel; or None.
    """

    hint = Signal(str)

    def __init__(
        self,
        hand: Hand,
        by_hand: CorrectionLayer,
        labels: Callable[[], tuple[Sequence[int], Corrected] | None],
    ) -> None:
        self._hand, self._by_hand, self._labels = hand, by_hand, labels
        self._layer: Labels | None = None  # on which the mouse is followed
        hand.changed.connect(self._on_hand)

    def _on_hand(self) -> None:
        """Take the mouse, or give it back."""
        hand = self._hand
        layer = hand.layer if hand.tool == FILL and FILL in hand.own else None
        if layer is self._layer:
            return
        if self._layer is not None:
            self._layer.mouse_drag_callbacks.remove(self._on_press)
        if layer is not None:
            layer.mouse_drag_callbacks.append(self._on_press)
        self._layer = layer

    def _on_press(self, layer: Labels, event: Any) -> Generator[None, None, None]:
        if event.button != 1 or not layer.editable or len(event.dims_displayed) != 2:
            return
        yield
        while event.type == "mouse_move":
            yield
        place = np.round(np.asarray(layer.world_to_data(event.position))).astype(int)
        across = None if layer.n_edit_dimensions == 3 else _across(layer, event)
        self._fill(layer, place, across)

    def _fill(self, layer: Labels, place: NDArray[np.int64], across: int | None) -> None:
        """Fill from a place in the layer; `across`: the axis that has one plane only."""
        found = self._labels()
        if found is None:
            self.hint.emit("Fill: once there are labels")
            return
        start, labels = found
        seed = (np.array([0, *place])[-3:] - start).tolist()
        if not all(0 <= at < n for at, n in zip(seed, labels.shape, strict=True)):
            return
        box = [
            slice(max(0, at - REACH), at + REACH + 1) if across is None else slice(0, n)
            for at, n in zip(seed, labels.shape, strict=True)
        ]
        if across is not None:
            box[across] = slice(seed[across], seed[across] + 1)
        first = [part.start for part in box]
        inside = tuple(at - k for at, k in zip(seed, first, strict=True))
        part = np.asarray(labels[tuple(box)])
        pieces = label(part == part[inside])[0]
        alike = pieces == pieces[inside]
        places = np.nonzero(alike)
        indices = [at + k + s for at, k, s in zip(places, first, start, strict=True)]
        with layer.block_history():
            self._by_hand.paint(tuple(indices[-layer.ndim :]), int(layer.selected_label))
        if across is None and _touches_cut(alike, box, labels.shape):
            self.hint.emit(f"Filled as far as {REACH} voxels from the click: click again beyond")


def _across(layer: Labels, event: Any) -> int:
    """Return which of the last three axes isn't displayed."""
    displayed = {int(axis) - (len(event.position) - 3) for axis in event.dims_displayed}
    return next(axis for axis in range(3) if axis not in displayed)


def _touches_cut(alike: NDArray[np.bool_], box: Sequence[slice], shape: Sequence[int]) -> bool:
    """Tell whether what is filled goes on beyond the box that was looked at."""
    for axis, (part, n) in enumerate(zip(box, shape, strict=True)):
        ends = [k for k, is_cut in ((0, part.start > 0), (-1, part.stop < n)) if is_cut]
        if any(np.take(alike, k, axis).any() for k in ends):
            return True
    return False
