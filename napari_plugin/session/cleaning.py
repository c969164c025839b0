"""Tools that clean the final labels: tried on the slice in view, then done as a correction."""

from __future__ import annotations

from collections.abc import Callable

from psygnal import Signal
from supervox.napari_plugin.layers.trial_layer import Changes, TrialLayer
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.tasks.accepting import FoundChange
from supervox.napari_plugin.tasks.cleaning import (
    MOST_CHANGED,
    CleanedSlice,
    CleanOrder,
    CleanTrial,
    Gathering,
    Trying,
)
from supervox.napari_plugin.tasks.measuring import FinalLabels
from supervox.objects import CleanStep, ObjectsError

from .brush_mask import count_voxels
from .clean_state import CleanState, TrialState
from .correcting import Correcting
from .state_pieces import progress_of
from .working_image import WorkingImage

WHAT = {
    "specks": "specks of {} removed",
    "holes": "holes of {} filled",
    "keep-largest": "only the largest object kept of {}",
    "smooth": "{} smoothed",
    "open": "thin parts of {} removed",
    "close": "gaps of {} closed",
    "dilate": "{} grown",
    "erode": "{} shrunk",
}
CHANGED = "The labels changed: preview again"
THINGS = {
    "specks": ("speck", "specks"),
    "keep-largest": ("object", "objects"),
    "holes": ("hole", "holes"),
}


class Cleaning:
    """Tries a step of cleaning, shows what would change, and does it if a person wants it.

    Parameters
    ----------
    volume : WorkingImage
    classes : ClassList
    correcting : Correcting
        Takes the change.
    final : callable
        Returns the final labels, or None.
    size_voxels : callable
        Returns the edge of a supervoxel.
    """

    changed = Signal()
    failed = Signal(Exception)

    def __init__(
        self,
        volume: WorkingImage,
        classes: ClassList,
        correcting: Correcting,
        final: Callable[[], FinalLabels | None],
        size_voxels: Callable[[], float],
    ) -> None:
        self._volume, self._classes, self._correcting = volume, classes, correcting
        self._final, self._size_voxels = final, size_voxels
        self._layer = TrialLayer(volume.viewer)
        self.trying, self.gathering = Trying(), Gathering()
        self.trial: CleanTrial | None = None
        self._order: CleanOrder | None = None  # that is tried
        self._of: FinalLabels | None = None  # what of
        self._says, self._is_bad = "", False
        self._is_ours = False  # what changes now
        self.trying.published.connect(self._show_slice)
        self.trying.succeeded.connect(self._keep)
        self.gathering.succeeded.connect(self._change)
        for work in (self.trying, self.gathering):
            work.failed.connect(self._tell)
            work.changed.connect(self.changed.emit)
        correcting.changed.connect(self._on_corrected)
        volume.watched.connect(self.forget)

    def release(self) -> None:
        """Stop, and follow nothing any more."""
        self._correcting.changed.disconnect(self._on_corrected)
        self._volume.watched.disconnect(self.forget)
        self.forget()

    def forget(self, *_: object) -> None:
        """Let go of everything that belongs to the image."""
        self.discard()
        self._says = ""

    # ------------------------------------------------------------------------------ a person

    def attempt(self, step: CleanStep) -> None:
        """Show what a step would change: on the slice in view at once where it is local."""
        final, labels = self._final(), self._correcting.shown.now()
        if final is None or not final.is_current or labels is None:
            return
        self.discard()
        locked = tuple(item.id for item in self._classes if item.locked)
        part = self._volume.slice_in_view()
        self._order, self._of = CleanOrder(final.source, labels, step, locked, part), final
        self.trying.start(self._order)

    def apply(self) -> None:
        """Do what was tried."""
        if self.trial is not None and self._can_apply and self._correcting.tools.can("cleaned"):
            self.gathering.start(self.trial, self._correcting.tools.find)

    def discard(self) -> None:
        """Leave the labels as they are."""
        self.trying.cancel()
        self.gathering.cancel()
        self._layer.clear()
        self.trial = self._order = self._of = None
        self._say("")

    def check(self) -> None:
        """Let go of what was tried where the final labels are others, or older than strokes."""
        final, of = self._final(), self._of
        if of is not None and (
            final is None or not final.is_current or final.labels is not of.labels
        ):
            self.discard()
            self._say(CHANGED, is_bad=True)
        elif self._says and (final is None or not final.is_current):
            self._says = ""  # what was done was done to labels that are no more

    # --------------------------------------------------------------------------- what happens

    def _show_slice(self, found: CleanedSlice) -> None:
        order = found.order
        image, part = self._volume.image, order.part
        if image is None or part is None or order is not self._order:
            return
        start = [a + p.start for a, p in zip(order.source.start, part, strict=True)]
        self._layer.show(image, order.source.layer_part(found.sides), start)

    def _keep(self, trial: CleanTrial) -> None:
        image, order = self._volume.image, trial.order
        if image is None or order is not self._order:
            return
        self.trial = trial
        if trial.changed:
            changes = Changes(order.labels, trial.after, order.sides)
            shown = changes[0] if order.source.is_flat else changes
            self._layer.show(image, shown, order.source.start)
        self._say(self._found(trial), is_bad=trial.changed > MOST_CHANGED)

    def _change(self, found: FoundChange) -> None:
        trial = self.trial
        if trial is None:
            return
        what = WHAT[trial.order.step.operation].format(self._whose(trial.order.step))
        self._is_ours = True
        try:
            changed = self._correcting.tools.make(found, what)
        finally:
            self._is_ours = False
        self.discard()
        done = f"{what[:1].upper()}{what[1:]}: {count_voxels(changed)} changed. Undo takes it back"
        self._say(done if changed else "Nothing was changed", is_bad=not changed)

    def _tell(self, error: Exception) -> None:
        if isinstance(error, ObjectsError):
            self._say(self._named(str(error)), is_bad=True)
        else:
            self._say("That didn't work; the labels are as they were", is_bad=True)
            self.failed.emit(error)

    def _on_corrected(self) -> None:
        """Let go of what was tried, and of what was said: labels are others, or as before."""
        if self._is_ours:
            return
        if self._order is not None:
            self.discard()
            self._say(CHANGED, is_bad=True)
        elif self._says and not self._is_bad:
            self._say("")

    def _say(self, text: str, *, is_bad: bool = False) -> None:
        self._says, self._is_bad = text, is_bad
        self.changed.emit()

    # ---------------------------------------------------------------------------------- words

    @property
    def _can_apply(self) -> bool:
        return self.trial is not None and 0 < self.trial.changed <= MOST_CHANGED

    def _whose(self, step: CleanStep) -> str:
        if not step.classes:
            return "all classes"
        return ", ".join(self._classes[k].name for k in step.classes if k in self._classes)

    def _named(self, text: str) -> str:
        """Name the class that an error of the engine is about."""
        for item in sorted(self._classes, key=lambda item: -item.id):
            text = text.replace(f"class {item.id} ", f"{item.name} ")
        return text

    def _found(self, trial: CleanTrial) -> str:
        """Say what would change."""
        step, names = trial.order.step, THINGS.get(trial.order.step.operation)
        left = f"; {count_voxels(trial.left)} stay: classes are locked" if trial.left else ""
        if not trial.changed:
            return f"Nothing to change{left}"
        if trial.changed > MOST_CHANGED:
            return (
                f"{count_voxels(trial.changed)} would change, and at most {MOST_CHANGED:,} can be "
                "corrected at once: take one class, or a smaller amount"
            )
        if names is not None:
            thing = names[trial.objects != 1]
            return f"{trial.objects:,} {thing}, {count_voxels(trial.changed)}{left}"
        if not step.classes:
            return f"{count_voxels(trial.changed)} change{left}"
        parts = [f"{n:,} {word}" for n, word in ((trial.gained, "gained"), (trial.lost, "lost"))]
        return f"Voxels: {', '.join(parts)}{left}"

    def state(self) -> CleanState:
        """Return what the panel shows."""
        source, final = self._volume.source, self._final()
        is_current = final is not None and final.is_current
        if source is None or final is None or not is_current:
            says = "Press Finish in step 4 first: the final labels are cleaned, not the live ones"
            everything = tuple((item.name, item.id) for item in self._classes)
            return CleanState(everything, trial=TrialState(says))
        progress = progress_of(self.trying) or progress_of(self.gathering)
        return CleanState(
            tuple((item.name, item.id) for item in self._classes if item.id in final.class_ids),
            source.spacing,
            source.unit,
            self._size_voxels(),
            TrialState(
                self._says or "Preview shows what would change before anything does",
                self._is_bad,
                can_try=not self.gathering.is_running,
                can_apply=self._can_apply and progress is None,
                can_discard=self._order is not None,
                progress=progress,
            ),
        )
