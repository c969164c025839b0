"""Labels that a person painted over those that the strokes lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal
from supervox.execution import Told, make_ready_to_put, tell
from supervox.napari_plugin.layers.corrected import Overlay
from supervox.napari_plugin.layers.make_layers import record_of
from supervox.napari_plugin.layers.source import Source
from supervox.project import Paint, Recorder, VoxelChange

LabelsWith = Callable[[NDArray[np.int64], NDArray[np.uint8]], NDArray[np.uint8]]
KEPT = "corrections"  # in the record of the strokes' layer, while no dock is open


class Corrections:
    """The corrections of an image, and where there are any.

    Attributes
    ----------
    over : Overlay or None
        They themselves, (Z, Y, X); None where nothing can be corrected.
    state : int
        The same whenever the same voxels are corrected to the same classes, as after undo and redo:
        what was made of others is old.
    before : int
        The state before the change that was noted last.
    labels_with : callable
        Returns the labels that would be shown at voxels, given by raster index, with some
        corrections of these.
    counts : int64, (256,)
        Voxels that are corrected to each class.
    changed : Signal
        They changed, or are those of another image.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.over: Overlay | None = None
        self.state = self.before = 0
        self.counts = np.zeros(256, np.int64)
        self.labels_with: LabelsWith = _these_alone

    @property
    def is_blank(self) -> bool:
        """Whether nothing is corrected."""
        return self.over is None or self.over.is_blank

    @property
    def now(self) -> NDArray[np.uint8] | None:
        """The corrections themselves, (Z, Y, X); None where there can't be any."""
        return None if self.over is None else self.over.voxels

    def voxels_of(self, class_id: int) -> NDArray[np.int64]:
        """Return what is corrected to a class, as raster indices, ascending."""
        return np.zeros(0, np.int64) if self.over is None else _voxels_of(class_id, self.over)

    def of(self, source: Source) -> Overlay | None:
        """Return those in the part to work in, now and later; None where there can't be any."""
        over = self.over
        return None if over is None else over.of(source.box, is_flat=source.is_flat)

    def label_ids(self, class_ids: Iterable[int]) -> tuple[int, ...]:
        """Return the classes that labels can have, if strokes lead to some."""
        return tuple(sorted({*class_ids, *_present(self.counts)}))

    def label_ids_in(self, source: Source, class_ids: Iterable[int]) -> tuple[int, ...]:
        """Return those that labels of a part have; looks at all corrections there."""
        if self.over is None or source.box is None:
            return self.label_ids(class_ids)
        return tuple(sorted({*class_ids, *_present(_count(self.over.of(source.box)))}))

    def follow(self, recorder: Recorder) -> None:
        """Be what a recorder writes down from now on."""
        voxels = recorder.corrections
        if self.over is None or voxels is not self.over.voxels:
            self._begin(Overlay.looked_for(voxels))

    def put_down(self, layer: Labels | None) -> None:
        """Let go of them; the layer of the strokes keeps them for the next dock."""
        if layer is not None and self.over is not None and not self.over.is_blank:
            record_of(layer)[KEPT] = self.over.voxels
        self.over, self.counts = None, np.zeros(256, np.int64)
        self.state = self.before = 0
        self.changed.emit()

    def paint(
        self, recorder: Recorder, change: VoxelChange, told: tuple[Told, Told] | None = None
    ) -> None:
        """Make a change, of which `foresee` may have told, and have it written down.

        Raises
        ------
        ProjectError
            If it can't be: it holds for now all the same, as strokes do.
        """
        change.apply({Paint.CORRECTIONS: recorder.corrections})
        self.note(change, told)
        recorder.record(change)

    def foresee(self, change: VoxelChange) -> tuple[Told, Told]:
        """Find out what a change means that is going to be made; on any thread.

        Marks the planes that it is in already, which does no harm if it isn't made.

        Returns
        -------
        tuple of 2 Told
            Of the old classes, and the new ones.
        """
        if self.over is not None:
            self.over.note(change.voxels)
        make_ready_to_put(change.voxels, change.new)
        return tell(change.voxels, change.old), tell(change.voxels, change.new)

    def note(self, change: VoxelChange, told: tuple[Told, Told] | None = None) -> None:
        """Take into account what changed, if `foresee` told of it before or not."""
        if self.over is not None and change.voxels.size:
            old, new = told or self.foresee(change)
            self.before = self.state
            self.counts += new.counts - old.counts
            self.state = (self.state + new.digest - old.digest) % 2**64
            self.counts[0] = 0
            self.changed.emit()

    def record_all(self, recorder: Recorder) -> None:
        """Have written down what nobody noticed."""
        if self.over is None or self.over.is_blank:
            return
        if recorder.notice(self.over.box, Paint.CORRECTIONS) is not None:
            self._begin(self.over)

    def _begin(self, over: Overlay) -> None:
        """Count all anew."""
        self.over, self.counts = over, _count(over)
        parts = ((_voxels_of(int(k), over), int(k)) for k in np.flatnonzero(self.counts))
        found = (tell(at, np.full(at.size, k, np.uint8)) for at, k in parts)
        self.state = sum(told.digest for told in found) % 2**64
        self.before = self.state
        self.changed.emit()


def _these_alone(voxels: NDArray[np.int64], corrections: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return corrections


def _count(over: Overlay) -> NDArray[np.int64]:
    """Count the voxels that are corrected to each class."""
    counts = np.zeros(256, np.int64)
    for plane in np.flatnonzero(over.marks[0]):
        counts += np.bincount(over.voxels[plane].reshape(-1), minlength=256)
    counts[0] = 0
    return counts


def _present(counts: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(int(k) for k in np.flatnonzero(counts) if k)


def _voxels_of(class_id: int, over: Overlay) -> NDArray[np.int64]:
    # Plane by plane: a comparison of all at once would need as much memory again.
    found = [
        np.flatnonzero(over.voxels[plane] == class_id) + plane * over.voxels[plane].size
        for plane in np.flatnonzero(over.marks[0])
    ]
    return np.concatenate(found) if found else np.zeros(0, np.int64)
