"""Corrections: labels that a person, or a tool, puts in the place of those of the strokes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.napari_plugin.layers.lookup import LookupVolume
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.measuring import FinalLabels
from supervox.project import Paint, VoxelChange

from .view import ResultView


class Correcting:
    """Changes labels by hand, as steps of the one undo that strokes have.

    What a class that is locked has is never changed, and nothing is given to such a class.

    Parameters
    ----------
    painting : Painting
        Whose image, corrections and undo these are.
    view : ResultView
        Has the live labels.
    final : callable
        Returns the final labels, or None.

    Attributes
    ----------
    changed : Signal
        Corrections changed, or are those of another image.
    """

    changed = Signal()
    hint = Signal(str)

    def __init__(
        self, painting: Painting, view: ResultView, final: Callable[[], FinalLabels | None]
    ) -> None:
        self._painting, self._view, self._final = painting, view, final
        self._corrections = painting.corrections
        self._corrections.labels_at = self.labels_at
        self._corrections.changed.connect(self.changed.emit)

    def change(self, voxels: NDArray[np.int64], classes: NDArray[np.uint8], what: str) -> int:
        """Correct voxels, as one step of undo; return how many changed.

        Voxels whose label is of a class that is locked, or would be, stay as they are, and a person
        is told of them.

        Parameters
        ----------
        voxels : int64, (P,)
            Raster indices in the whole image, ascending.
        classes : uint8, (P,)
            Class of each; 0 takes a correction back.
        what : str
            Words for a person, like "smoothed mitochondria".
        """
        over, hand = self._corrections.over, self._painting.hand
        if over is None or hand.is_read_only:
            self.hint.emit(f"Not {what}: {'the project is read-only' if over else 'no image'}")
            return 0
        old = over.voxels.reshape(-1)[voxels]
        wanted = old != classes
        voxels, classes, old = voxels[wanted], classes[wanted], old[wanted]
        is_kept = self._is_locked(self.labels_at(voxels)) | self._is_locked(classes)
        free = ~is_kept
        if free.any():
            change = VoxelChange(voxels[free], old[free], classes[free], Paint.CORRECTIONS)
            self._painting.correct(change)
        self.hint.emit(self._words(what, int(free.sum()), int(is_kept.sum())))
        return int(free.sum())

    def _is_locked(self, labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
        locked = [item.id for item in self._painting.classes if item.locked]
        return np.isin(labels, locked)

    def _words(self, what: str, changed: int, kept: int) -> str:
        """Say what was done, and what wasn't."""
        done = f"{what[:1].upper()}{what[1:]}: {changed:,} voxels changed"
        names = ", ".join(item.name for item in self._painting.classes if item.locked)
        return f"{done}; {kept:,} voxels kept, {names} locked" if kept else done

    def labels(self) -> Corrected | None:
        """Return the labels that are shown, with the corrections over them.

        The final labels while they are current, or else the live ones.

        Returns
        -------
        array-like, uint8, (Z, Y, X) of the part to work in, or None
            To be sliced, and not to be written to; None if there are none.
        """
        found = self._shown()
        over = self._corrections.over
        if found is None:
            return None
        source, labels = found
        return Corrected(labels, None if over is None else over.of(source.box))

    def _shown(self) -> tuple[Source, NDArray[np.uint8] | LookupVolume] | None:
        final, live = self._final(), self._view.live
        if final is not None and final.is_current:
            return final.source, final.labels
        if live is None:
            return None
        source, labels = live
        return source, labels if labels.ndim == 3 else np.asarray(labels)[np.newaxis]

    def labels_at(self, voxels: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the labels that are shown at voxels of the whole image, corrections over them.

        Parameters
        ----------
        voxels : int64, (P,)
            Raster indices.

        Returns
        -------
        uint8, (P,)
            0 outside the part to work in, and where there are no labels.
        """
        over, shown = self._corrections.over, self._shown()
        assert over is not None
        found = over.voxels.reshape(-1)[voxels]
        if shown is None or not voxels.size:
            return found
        source, labels = shown
        places = np.unravel_index(voxels, over.voxels.shape)
        inside = found == 0
        for at, first, size in zip(places, source.start, source.shape, strict=True):
            inside &= (at >= first) & (at < first + size)
        parts = [at[inside] - k for at, k in zip(places, source.start, strict=True)]
        found[inside] = _at(labels, parts)
        return found


def _at(
    labels: NDArray[np.uint8] | LookupVolume, places: list[NDArray[np.int64]]
) -> NDArray[np.uint8]:
    """Return labels at some places, also where single planes are known better."""
    found = np.array(labels[tuple(places)])
    if isinstance(labels, LookupVolume):
        for axis, plane in list(labels.planes):
            here = places[axis] == plane
            if here.any():
                key = [slice(None), slice(None), slice(None)]
                rest = tuple(at[here] for k, at in enumerate(places) if k != axis)
                key[axis] = plane  # type: ignore[call-overload]
                found[here] = labels[tuple(key)][rest]
    return found
