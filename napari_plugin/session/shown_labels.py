"""The labels that are shown, final or live, with the corrections over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.napari_plugin.layers.lookup import LookupVolume
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.painting.corrections import Corrections

from .delivery import Delivery
from .view import ResultView


class ShownLabels:
    """Reads the labels that a person sees.

    Parameters
    ----------
    corrections : Corrections
    view : ResultView
        Has the live labels.
    delivery : Delivery
        Has the final ones.
    """

    def __init__(self, corrections: Corrections, view: ResultView, delivery: Delivery) -> None:
        self._corrections, self._view, self._delivery = corrections, view, delivery

    def now(self) -> Corrected | None:
        """Return the labels that are shown, with the corrections over them.

        The final labels while they are current, or else the live ones.

        Returns
        -------
        array-like, uint8, (Z, Y, X) of the part to work in, or None
            To be sliced, and not to be written to; None if there are none.
        """
        found = self.in_part()
        return None if found is None else found[1]

    def in_part(self) -> tuple[tuple[int, int, int], Corrected] | None:
        """Return the first voxel of the part to work in, and `now`."""
        found, over = self._shown(), self._corrections.over
        if found is None:
            return None
        source, labels = found
        return source.start, Corrected(labels, None if over is None else over.of(source.box))

    def _shown(self) -> tuple[Source, NDArray[np.uint8] | LookupVolume] | None:
        final, live = self._delivery.final, self._view.live
        if final is not None and final.is_current:
            return final.source, final.labels
        if live is None:
            return None
        source, labels = live
        return source, labels if labels.ndim == 3 else np.asarray(labels[:, :])[np.newaxis]

    def of(self, voxels: NDArray[np.int64], corrections: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the labels that are shown at voxels of the whole image, with these corrections.

        Parameters
        ----------
        voxels : int64, (P,)
            Raster indices.
        corrections : uint8, (P,)
            That lie over the labels; 0 = none.

        Returns
        -------
        uint8, (P,)
            0 outside the part to work in, and where there are no labels.
        """
        over, shown = self._corrections.over, self._shown()
        assert over is not None
        found = corrections.copy()
        if shown is None or not voxels.size:
            return found
        source, labels = shown
        places = np.unravel_index(voxels, over.voxels.shape)
        inside = found == 0
        for at, first, size in zip(places, source.start, source.shape, strict=True):
            inside &= (at >= first) & (at < first + size)
        parts = [at[inside] - k for at, k in zip(places, source.start, strict=True)]
        found[inside] = (
            labels.at(parts) if isinstance(labels, LookupVolume) else labels[tuple(parts)]
        )
        return found
