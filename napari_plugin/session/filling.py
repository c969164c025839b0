"""What lies between slices that were painted: tried, shown, and then done as a correction."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.layers.trial_layer import TrialLayer
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.accepting import FoundChange
from supervox.napari_plugin.tasks.filling import FillingBetween, FillOrder, FillTrial
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.objects import ObjectsError
from supervox.project import Paint

from .brush_mask import count_voxels
from .clean_state import FillState, TrialState
from .correcting import Correcting
from .state_pieces import progress_of
from .working_image import WorkingImage

CLEAR = (0.0, 0.0, 0.0, 0.0)
PAINTABLE = "Correct a thing on two slices or more, with others between; then press I"
NOT_HERE = "Nothing to fill of {} around this slice; Preview looks at all slices"


class Filling:
    """Fills what lies between painted slices, along the axis that is not seen.

    Parameters
    ----------
    volume : WorkingImage
    painting : Painting
        What was painted, and with which classes.
    correcting : Correcting
        Takes the change.

    Attributes
    ----------
    paint : Paint
        What is filled between: corrections, or strokes.
    class_id : int
        Of which class; 0 for all that were painted.
    """

    changed = Signal()
    failed = Signal(Exception)

    def __init__(self, volume: WorkingImage, painting: Painting, correcting: Correcting) -> None:
        self._volume, self._painting, self._correcting = volume, painting, correcting
        self._classes = painting.classes
        self.paint, self.class_id = Paint.CORRECTIONS, 0
        self._layer = TrialLayer(volume.viewer)
        self.work, self.gathering = FillingBetween(), BackgroundTask()
        self.trial: FillTrial | None = None
        self._order: FillOrder | None = None  # the last
        self._says, self._is_bad = "", False
        self._is_ours = False  # what changes now
        self.work.succeeded.connect(self._keep)
        self.gathering.succeeded.connect(self._change)
        for work in (self.work, self.gathering):
            work.failed.connect(self._tell)
            work.changed.connect(self.changed.emit)
        correcting.changed.connect(self._on_changed)
        painting.changed.connect(self._on_changed)
        volume.watched.connect(self.forget)

    def release(self) -> None:
        """Stop, and follow nothing any more."""
        self._correcting.changed.disconnect(self._on_changed)
        self._painting.changed.disconnect(self._on_changed)
        self._volume.watched.disconnect(self.forget)
        self.forget()

    def forget(self, *_: object) -> None:
        """Let go of everything that belongs to the image."""
        self.discard()
        self._says = ""

    def choose(self, paint: Paint, class_id: int) -> None:
        """Say what is filled between, from now on."""
        self.paint, self.class_id = paint, class_id
        self.discard()

    def attempt(self) -> None:
        """Show what lies between slices that were painted, all of them."""
        self._attempt(self.class_id, None)

    def _attempt(self, class_id: int, at: int | None) -> None:
        """Show what lies between slices, of a class or all, and at one of them or anywhere."""
        source, over = self._volume.source, self._painting.corrections.over
        recorder = self._painting.recorder
        if source is None or over is None or recorder is None or self._painting.layer is None:
            return
        self.discard()
        volumes = {Paint.CORRECTIONS: over.voxels, Paint.STROKES: self._painting.planes}
        first = volumes.pop(self.paint)
        painted = tuple(_part(voxels, source) for voxels in (first, *volumes.values()))
        labels = self._correcting.shown.now()
        if labels is not None and labels.shape != source.shape:
            labels = None  # of another part: nothing is known of what is locked there
        order = FillOrder(
            source,
            painted,
            labels,
            (class_id,) if class_id else (),
            tuple(item.id for item in self._classes if item.locked),
            self._volume.axis_across(),
            at,
            recorder.by_tools if self.paint is Paint.CORRECTIONS else None,
        )
        self._order = order
        self.work.start(order)

    def apply(self) -> None:
        """Do what was tried."""
        trial, tools = self.trial, self._correcting.tools
        if trial is not None and not self.gathering.is_running and tools.can("filled"):
            find = partial(tools.find, trial.voxels, trial.classes)
            self.gathering.run(lambda _: find(), "Gathering what is filled", shown=True)

    def _change(self, found: FoundChange) -> None:
        trial = self.trial
        if trial is None:
            return
        what = f"{self._whose(trial)} filled between slices"
        self._is_ours = True
        try:
            changed = self._correcting.tools.make(found, what)
        finally:
            self._is_ours = False
        self.discard()
        done = f"{what[:1].upper()}{what[1:]}: {count_voxels(changed)}. Undo takes it back"
        self._say(done if changed else "Nothing was changed", is_bad=not changed)

    def press(self) -> None:
        """Try it, or, where that is shown, do it: what the key does.

        Whoever presses a key looks at one place, and has one thing in mind: what is tried is the
        gap around the slice in view, or at whose end it is, and the class that was chosen for it,
        or else to paint. All the rest of the volume is for the button.
        """
        if self.trial is not None:
            self.apply()
        elif not self.work.is_running:
            box = self._volume.slice_in_view()
            at = None if box is None else box[self._volume.axis_across()].start
            self._attempt(self.class_id or self._classes.selected, at)

    def discard(self) -> None:
        """Leave all as it is."""
        self.work.cancel()
        self.gathering.cancel()
        self._layer.clear()
        self.trial = None
        self._say("")

    def _keep(self, trial: FillTrial) -> None:
        image = self._volume.image
        if image is None:
            return
        left = f"; painted or locked: {count_voxels(trial.left)}" if trial.left else ""
        if not trial.voxels.size:
            here = "" if trial.order.at is None else " around this slice"
            self._say(f"Nothing to fill{here}{left}", is_bad=True)
            return
        self.trial = trial
        values, start = _drawn(trial)
        colours = {None: CLEAR, 0: CLEAR} | {item.id: item.colour for item in self._classes}
        shown = values[0] if trial.order.source.is_flat else values
        self._layer.show(image, shown, start, colours)
        slices = "1 slice" if trial.slices == 1 else f"{trial.slices:,} slices"
        self._say(f"{self._whose(trial)}: {count_voxels(trial.voxels.size)} on {slices}{left}")

    def _whose(self, trial: FillTrial) -> str:
        ids = np.flatnonzero(np.bincount(trial.classes)).tolist()
        names = [self._classes[k].name for k in ids if k in self._classes]
        return " and ".join(names) if len(names) < 3 else f"{len(names)} classes"

    def _tell(self, error: Exception) -> None:
        order = self._order
        if isinstance(error, ObjectsError) and order is not None and order.at is not None:
            names = " and ".join(self._classes[k].name for k in order.classes)
            self._say(NOT_HERE.format(names or "all classes"), is_bad=True)
        elif isinstance(error, ObjectsError):
            self._say(f"{str(error)[:1].upper()}{str(error)[1:]}", is_bad=True)
        else:
            self._say("That didn't work; all is as it was", is_bad=True)
            self.failed.emit(error)

    def _on_changed(self) -> None:
        """Let go of what was tried: it is of strokes or corrections that there are no more."""
        if self._is_ours:
            return
        if self.trial is not None or self.work.is_running:
            self.discard()
        elif self._says:
            self._say("")

    def _say(self, text: str, *, is_bad: bool = False) -> None:
        self._says, self._is_bad = text, is_bad
        self.changed.emit()

    def state(self) -> FillState:
        """Return what the panel shows."""
        source = self._volume.source
        if source is None:
            return FillState(trial=TrialState("Open a volume first"))
        if source.is_flat:
            return FillState(trial=TrialState("A picture has no slices to fill between"))
        progress = progress_of(self.work) or progress_of(self.gathering)
        return FillState(
            tuple((item.name, item.id) for item in self._classes),
            TrialState(
                self._says or PAINTABLE,
                self._is_bad,
                can_try=progress is None,
                can_apply=self.trial is not None and progress is None,
                can_discard=self.trial is not None,
                progress=progress,
            ),
        )


def _part(voxels: NDArray[np.uint8], source: Source) -> NDArray[np.uint8]:
    """Return the part that is worked in."""
    return voxels if source.box is None else voxels[source.box]


def _drawn(trial: FillTrial) -> tuple[NDArray[np.uint8], tuple[int, int, int]]:
    """Draw what would be filled in the smallest box that holds it, and say where that lies."""
    shape = trial.order.source.full_shape
    places = np.unravel_index(trial.voxels, shape)
    low = [int(at.min()) for at in places]
    size = [int(at.max()) + 1 - first for at, first in zip(places, low, strict=True)]
    drawn = np.zeros(math.prod(size), np.uint8).reshape(size)
    drawn[tuple(at - first for at, first in zip(places, low, strict=True))] = trial.classes
    return drawn, (low[0], low[1], low[2])
