"""An outline of some voxels that moves: in space, which has no outlines, it is filled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from napari.layers import Image, Labels
from napari.viewer import Viewer
from numpy.typing import NDArray

from .make_layers import insert_above, move_outline, outline_mask

COLOUR = "#f0e442"  # of what is chosen, as of frames


class OutlineLayer:
    """A layer that comes and goes, above all others.

    Parameters
    ----------
    viewer : Viewer
    name : str
        Of the layer.
    """

    def __init__(self, viewer: Viewer, name: str) -> None:
        self._viewer, self._name = viewer, name
        self._mark: Labels | None = None

    def show(self, image: Image, mask: NDArray[np.bool_], start: Sequence[int]) -> None:
        """Outline some voxels, in place of those before.

        Parameters
        ----------
        image : Image
        mask : bool, (Z, Y, X)
        start : sequence of 3 int
            Place of its first voxel in the image.
        """
        mask, start = (mask[0] if image.ndim == 2 else mask), start[-image.ndim :]
        if self._mark is not None and self._mark in self._viewer.layers:
            move_outline(self._mark, image, mask, start)
            return
        self._mark = outline_mask(image, mask, start, self._name, COLOUR)
        self._fill_in_space()
        self._viewer.dims.events.ndisplay.connect(self._fill_in_space)
        insert_above(self._viewer, self._viewer.layers[-1], self._mark)

    def clear(self) -> None:
        """Take the outline away."""
        mark, self._mark = self._mark, None
        if mark is not None:
            self._viewer.dims.events.ndisplay.disconnect(self._fill_in_space)
            if mark in self._viewer.layers:
                self._viewer.layers.remove(mark)

    def _fill_in_space(self, *_: object) -> None:
        """In space the voxels are filled: napari has no outlines there, and would warn."""
        if self._mark is not None:
            self._mark.contour = int(self._viewer.dims.ndisplay == 2)
