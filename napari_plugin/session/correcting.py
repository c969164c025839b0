"""Corrections: labels that a person, or a tool, puts in the place of those of the strokes."""

from __future__ import annotations

from napari.layers import Layer
from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.napari_plugin.painting.correction_layer import CorrectionLayer
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.live import LiveLoop
from supervox.project import VoxelChange

from .brush_mask import BrushMask, count_voxels
from .delivery import Delivery
from .fill_tool import FillTool
from .locking import Locking
from .shown_labels import ShownLabels
from .tool_changes import ToolChanges, part_of
from .view import ResultView
from .whole_classes import WholeClasses
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
    shown : ShownLabels
        What is corrected.
    tools : ToolChanges
        Corrects what a tool finds.
    whole : WholeClasses
        Corrects a class at once.
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
        self._volume, self._painting, self._delivery = volume, painting, delivery
        self._corrections = painting.corrections
        self.shown = ShownLabels(self._corrections, view, delivery)
        self._corrections.labels_with = self.shown.of
        self._corrections.changed.connect(self._on_changed)
        self.by_hand = CorrectionLayer(volume.viewer, painting, self._put_right)
        self.fill_tool = FillTool(painting.hand, self.by_hand, self.shown.in_part)
        self.fill_tool.hint.connect(self.hint.emit)
        delivery.objects.measuring.changed.connect(self._give_way)
        self.mask = BrushMask(volume, painting, live, view, self.shown.of)
        self.mask.hint.connect(self.hint.emit)
        self.mask.changed.connect(self.changed.emit)
        self.tools = ToolChanges(painting, self.shown)
        self.tools.hint.connect(self.hint.emit)
        self.whole = WholeClasses(painting, self.shown, self.tools)
        self.whole.hint.connect(self.hint.emit)
        self.locking = Locking(painting, live, delivery, self.shown.in_part)
        self.locking.hint.connect(self.hint.emit)
        self._is_unwanted = False  # the layer: a person removed it

    @property
    def stages(self) -> tuple[BackgroundTask, ...]:
        """The long work."""
        whole = self.whole.finding, self.whole.teaching
        return *whole, self.locking.finding, self._painting.stepping

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
        free, why = self.tools.free(change)
        within = self.mask.free(change)
        voxels = self._corrections.now
        assert voxels is not None
        both = free & within
        voxels.reshape(-1)[change.voxels[~both]] = change.old[~both]
        self._painting.correct(part_of(change, both))
        if why:
            self.hint.emit(f"{count_voxels(int((~free).sum()))} kept: {why}")
        elif not within.all():
            self.hint.emit(self.mask.kept(int((~within).sum())))
        return bool(both.all())
