"""Sees to it that what is in view is shown in final quality, as soon as there is time for it.

That is the slice in view, and then the planes that are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qtpy.QtCore import QTimer
from supervox.napari_plugin.layers.source import Box
from supervox.napari_plugin.tasks.in_full import InFull, SliceInFull
from supervox.napari_plugin.tasks.live import LiveLoop, LiveResult
from supervox.napari_plugin.tasks.preparing import Preparation
from supervox.segmentation import SegmentationParameters

from .comparison import Comparison
from .delivery import Delivery
from .view import ResultView
from .view_choices import Shown

REST_MS = 150  # that a slice is in view before work on it begins


class Sharpening(InFull):
    """Labels the slice in view in full quality after each update, and after a step to another one.

    Parameters
    ----------
    live : LiveLoop
        Which goes first.
    preparation : Preparation
    delivery : Delivery
        Whose final labels, and partitions, are there after *Finish*.
    view : ResultView
        Shows it.
    comparison : Comparison
        Shows planes far apart, if somebody sees them.
    in_view : callable
        Returns the slice of the prepared volume that is shown; None if none is.
    parameters : callable
        Returns the parameters that are chosen.
    """

    def __init__(
        self,
        live: LiveLoop,
        preparation: Preparation,
        delivery: Delivery,
        view: ResultView,
        comparison: Comparison,
        in_view: Callable[[], Box | None],
        parameters: Callable[[], SegmentationParameters],
    ) -> None:
        super().__init__()
        self._live, self._preparation, self._delivery = live, preparation, delivery
        self._view, self._in_view, self._parameters = view, in_view, parameters
        self._comparison = comparison
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MS)
        self._timer.timeout.connect(self._begin)
        self.succeeded.connect(self._show)
        live.updating.changed.connect(self._on_update)
        live.updating.succeeded.connect(self._prepare_others)
        delivery.others.succeeded.connect(self._on_others)
        comparison.watched.connect(self._wait)
        comparison.succeeded.connect(self._wait)

    @property
    def is_waiting(self) -> bool:
        """Whether a slice is waited for to stay in view."""
        return self._timer.isActive()

    def look(self, *_: object) -> None:
        """Another slice may be in view: leave the one before, and wait whether this one stays."""
        self.cancel()
        self._timer.start()

    def _wait(self, *_: object) -> None:
        """Begin soon, if nothing else comes."""
        self._timer.start()

    def cancel(self) -> None:
        """Stop, and wait for another update or slice."""
        self._timer.stop()
        super().cancel()

    def _on_update(self) -> None:
        """Let an update go first, and follow it."""
        if self._live.updating.is_running:
            self.cancel()
        else:
            self._timer.start()

    def _prepare_others(self, _: object) -> None:
        """Prepare what full quality needs, once there are labels."""
        prepared, parameters = self._preparation.prepared, self._parameters()
        if prepared is None:
            return
        if len(self._delivery.best_segmenter(prepared).partitions) != parameters.partitions:
            self._delivery.others.start(prepared, parameters)

    def _on_others(self, _: object) -> None:
        """Begin anew: more partitions can vote."""
        self._view.renew_planes()
        self._comparison.renew_planes()
        self._timer.start()

    def _begin(self) -> None:
        prepared, strokes = self._preparation.prepared, self._live.strokes
        result = self._view.result
        is_current = self._live.can_update and not self._live.is_busy
        if prepared is None or strokes is None or result is None or not is_current:
            return
        part = next(iter(self._parts_to_label(result)), None)
        if part is not None:
            best = self._delivery.best_segmenter(prepared)
            held = self._delivery.held
            self.start(prepared, best, strokes, self._parameters(), held, result, part)

    def _parts_to_label(self, result: LiveResult) -> Iterator[Box]:
        """Yield what is in view and isn't known in full quality: the slice, then the planes."""
        part, view = self._in_view(), self._view
        is_wanted = view.choices.shown is Shown.LABELS and not self._delivery.is_finished
        if is_wanted and part is not None and not view.is_in_full(result, part):
            yield part
        yield from self._comparison.parts_to_label(result)

    def _show(self, found: SliceInFull) -> None:
        if found.prepared is not self._preparation.prepared:
            return
        self._comparison.take(found)
        if found.part == self._in_view():
            self._view.show_in_full(found)
        self._timer.start()  # for the next part
