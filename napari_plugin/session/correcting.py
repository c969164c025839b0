"""Corrections: labels that a person, or a tool, puts in the place of those of the strokes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.napari_plugin.layers.lookup import LookupVolume
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.painting.correction_layer import CorrectionLayer
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.accepting import MOST_VOXELS, OfClass, voxels_of_class
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report
from supervox.napari_plugin.tasks.live import LiveLoop
from supervox.project import By, Paint, VoxelChange, frozen

from .brush_mask import BrushMask, count_voxels
from .delivery import Delivery
from .fill_tool import FillTool
from .locking import Locking
from .view import ResultView
from .working_image import WorkingImage


class Correcting:
    """Changes labels by hand, as steps of the one undo that strokes have.

    What a class that is locked has is never changed, and nothing is given to such a class.

    Parameters
    ----------
    volume : WorkingImage
    painting : Painting
        Whose image, corrections and undo these are.
    live : LiveLoop
        Knows the strokes.
    view : ResultView
        Has the live labels.
    delivery : Delivery
        Has the final ones.

    Attributes
    ----------
    mask : BrushMask
        Where the brush may paint.
    by_hand : CorrectionLayer
        Shows what is corrected.
    accepting : BackgroundTask
        Looks for the labels of a class.
    locking : Locking
    changed : Signal
        Corrections changed, or are those of another image, or the mouse corrects or doesn't.
    """

    changed = Signal()
    hint = Signal(str)

    def __init__(
        self,
        volume: WorkingImage,
        painting: Painting,
        live: LiveLoop,
        view: ResultView,
        delivery: Delivery,
    ) -> None:
        self._volume, self._painting = volume, painting
        self._view, self._delivery = view, delivery
        self._corrections = painting.corrections
        self._corrections.labels_with = self._labels_of
        self._corrections.changed.connect(self._on_changed)
        self.by_hand = CorrectionLayer(volume.viewer, painting, self._put_right)
        self.fill_tool = FillTool(painting.hand, self.by_hand, self._in_part)
        self.fill_tool.hint.connect(self.hint.emit)
        delivery.objects.measuring.changed.connect(self._give_way)
        self.mask = BrushMask(volume, painting, live, view, self._labels_of)
        self.mask.hint.connect(self.hint.emit)
        self.mask.changed.connect(self.changed.emit)
        self.accepting = BackgroundTask()
        self.accepting.succeeded.connect(self._on_accepted)
        self.locking = Locking(painting, live, delivery, self._in_part)
        self.locking.hint.connect(self.hint.emit)
        self._is_unwanted = False  # the layer: a person removed it

    @property
    def stages(self) -> tuple[BackgroundTask, ...]:
        """The long work."""
        return self.accepting, self.locking.finding, self._painting.stepping

    # ------------------------------------------------------------------------------- by hand

    @property
    def is_on(self) -> bool:
        """Whether the mouse corrects labels, and doesn't paint strokes."""
        return self.by_hand.is_in_hand

    def set_on(self, on: bool) -> None:
        """Correct labels with the mouse from now on, or paint strokes again."""
        image, strokes, hand = self._volume.image, self._painting.layer, self._painting.hand
        if image is None or strokes is None or on == self.is_on:
            return
        self._is_unwanted = False
        hand.turn_to(self.by_hand.show(image) if on else strokes)
        self.by_hand.dress()
        self.changed.emit()

    def toggle(self) -> None:
        """Change between corrections and strokes."""
        self.set_on(not self.is_on)

    def forget_layer(self, layer: Layer) -> None:
        """Let go of the layer that a person deleted; what is corrected stays."""
        if layer is not self.by_hand.layer:
            return
        self.set_on(False)
        self.by_hand.let_go()
        self._is_unwanted = True

    def _give_way(self) -> None:
        self.by_hand.give_way(self._delivery.objects.is_shown)

    def _on_changed(self) -> None:
        if self._corrections.over is None:
            self.by_hand.remove()
            self._is_unwanted = False
        elif not self._corrections.is_blank and self.by_hand.layer is None:
            QTimer.singleShot(0, self._show_layer)  # layers may be coming just now
        self.changed.emit()

    def _show_layer(self) -> None:
        image, corrections = self._volume.image, self._corrections
        is_there = image is not None and image in self._volume.viewer.layers
        if is_there and not (corrections.is_blank or self._is_unwanted) and self._painting.layer:
            self.by_hand.show(image)

    def _put_right(self, change: VoxelChange) -> bool:
        """Have written down what may be painted, and take the rest back."""
        free, why = self._free(change)
        within = self.mask.free(change)
        voxels = self._corrections.now
        assert voxels is not None
        both = free & within
        voxels.reshape(-1)[change.voxels[~both]] = change.old[~both]
        self._painting.correct(_part_of(change, both))
        if why:
            self.hint.emit(f"{count_voxels(int((~free).sum()))} kept: {why}")
        elif not within.all():
            self.hint.emit(self.mask.kept(int((~within).sum())))
        return bool(both.all())

    def _free(self, change: VoxelChange) -> tuple[NDArray[np.bool_], str]:
        """Tell which voxels may change, and why the others may not."""
        locked = [item.id for item in self._painting.classes if item.locked]
        if not locked:
            return np.ones(change.voxels.size, bool), ""
        before, after = (self._labels_of(change.voxels, k) for k in (change.old, change.new))
        is_locked = np.zeros(256, bool)
        is_locked[locked] = True
        kept = is_locked[before] | is_locked[after]
        names = [item.name for item in self._painting.classes if item.locked]
        return ~kept, f"{', '.join(names)} locked" if kept.any() else ""

    # --------------------------------------------------------------------------- whole classes

    def accept(self, class_id: int) -> None:
        """Make corrections of the labels of a class: nothing that is learned changes them."""
        found, now = self._in_part(), self._corrections.now
        if found is None or now is None:
            self.hint.emit("Labels can be accepted once there are some")
            return
        item = self._painting.classes[class_id]
        if item.locked:
            self.hint.emit(f"{item.name} is locked: unlock it to accept it")
            return
        labels, foresee = found[1].as_now(), self._corrections.foresee
        task = voxels_of_class(class_id, found[0], labels, now, foresee, By.TOOL)
        self.accepting.run(task, f"Accepting {item.name}", shown=True)

    def _on_accepted(self, found: OfClass) -> None:
        change = found.change
        if change is None:
            name = self._painting.classes[found.class_id].name
            self.hint.emit(
                f"{name} has {found.number:,} voxels, and {MOST_VOXELS:,} at most can be accepted: "
                "work in a box"
            )
        elif not self._is_as_found(change):
            self.hint.emit("Corrections were changed meanwhile: nothing else is")
        else:
            what = "took corrections back"
            if change.new.any():
                what = f"accepted {self._painting.classes[found.class_id].name}"
            self._painting.correct(change, found.told)
            self._tell(what, change.voxels.size, found.kept, found.why)

    def _is_as_found(self, change: VoxelChange) -> bool:
        """Tell whether corrections are what they were when a change of them was found."""
        now = self._corrections.now
        return now is not None and np.array_equal(now.reshape(-1)[change.voxels], change.old)

    def teach(self, class_id: int) -> None:
        """Make strokes of the corrections to a class, or of all for 0; they stay corrections."""
        painting = self._painting
        names = {item.id: item.name for item in painting.classes if item.locked}
        wanted = [k for k in self._corrected(class_id) if k not in names]
        number = int(self._corrections.counts[wanted].sum())
        if painting.layer is None or painting.hand.is_read_only or not number:
            self.hint.emit(f"{', '.join(names.values())} locked" if names else "Nothing to learn")
        elif number > MOST_VOXELS:
            self.hint.emit(f"{number:,} voxels are too many to learn from: paint some strokes")
        else:
            painting.record_all()  # what no look has seen yet is a step before this one
            strokes = {k: self._corrections.voxels_of(k) for k in wanted}
            painting.paint_all(strokes)
            self.hint.emit(f"{number:,} corrected voxels are strokes now, too")

    def take_back(self, class_id: int) -> None:
        """Remove the corrections to a class, or all for 0."""
        corrections, classes = self._corrections, self._corrected(class_id)
        if classes:
            task = partial(self._find_taken_back, class_id, classes)
            number = int(corrections.counts[classes].sum())
            self.accepting.run(task, f"Taking {count_voxels(number)} back", shown=True)

    def _find_taken_back(self, class_id: int, classes: list[int], report: Report) -> OfClass:
        """Find what was corrected to some classes, but what is locked; on a thread."""
        found = [self._corrections.voxels_of(k) for k in classes]
        voxels = np.sort(np.concatenate(found))
        report.run.check_stop()
        new = np.zeros(voxels.size, np.uint8)
        change, free, why = self._allowed(voxels, new, By.TOOL)
        told = self._corrections.foresee(change)
        return OfClass(class_id, change.voxels.size, change, told, int((~free).sum()), why)

    def _corrected(self, class_id: int) -> list[int]:
        """Return the class, or for 0 all classes, that something is corrected to."""
        counts = self._corrections.counts
        return [int(k) for k in counts.nonzero()[0] if class_id in (0, k)]

    # ------------------------------------------------------------------------------- by tools

    def change(
        self,
        voxels: NDArray[np.int64],
        classes: NDArray[np.uint8],
        what: str,
        by: By = By.TOOL,
    ) -> int:
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
        by : By
            Whether a person painted them: what tools correct is no slice to fill between.
        """
        now, hand = self._corrections.now, self._painting.hand
        if now is None or hand.is_read_only:
            why = "there is no image" if now is None else "the project is read-only"
            self.hint.emit(f"Not {what}: {why}")
            return 0
        change, free, why = self._allowed(voxels, classes, by)
        self._painting.correct(change)
        self._tell(what, change.voxels.size, int((~free).sum()), why)
        return change.voxels.size

    def _allowed(
        self, voxels: NDArray[np.int64], classes: NDArray[np.uint8], by: By
    ) -> tuple[VoxelChange, NDArray[np.bool_], str]:
        """Return a change of corrections, without what is locked, and what `_free` says of it."""
        now = self._corrections.now
        assert now is not None
        old = now.reshape(-1)[voxels]
        change = VoxelChange(voxels, old, classes, Paint.CORRECTIONS, by)
        change = _part_of(change, old != classes)
        free, why = self._free(change)
        return frozen(_part_of(change, free)), free, why

    def _tell(self, what: str, changed: int, kept: int, why: str) -> None:
        words = f"{what[:1].upper()}{what[1:]}: {count_voxels(changed)} changed"
        self.hint.emit(f"{words}; {count_voxels(kept)} kept, {why}" if kept else words)

    def labels(self) -> Corrected | None:
        """Return the labels that are shown, with the corrections over them.

        The final labels while they are current, or else the live ones.

        Returns
        -------
        array-like, uint8, (Z, Y, X) of the part to work in, or None
            To be sliced, and not to be written to; None if there are none.
        """
        found = self._in_part()
        return None if found is None else found[1]

    def _in_part(self) -> tuple[tuple[int, int, int], Corrected] | None:
        """Return the first voxel of the part to work in, and `labels`."""
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

    def _labels_of(
        self, voxels: NDArray[np.int64], corrections: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
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


def _part_of(change: VoxelChange, chosen: NDArray[np.bool_]) -> VoxelChange:
    """Return what a change changes of some voxels."""
    if chosen.all():
        return change
    voxels, old, new = change.voxels[chosen], change.old[chosen], change.new[chosen]
    return replace(change, voxels=voxels, old=old, new=new)
