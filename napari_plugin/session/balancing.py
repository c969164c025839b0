"""More and less of each class: moves that are steps of undo, and shares that are asked for."""

from __future__ import annotations

from collections.abc import Callable

from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.preparing import Preparation
from supervox.napari_plugin.tasks.shares import ShareSearch, WantedShare
from supervox.parameters import change_entry
from supervox.project import BalanceChange, Change
from supervox.segmentation import LARGEST_BALANCE, SegmentationParameters

STEP = 0.2  # of a key or a button: about a fifth more, or less
SETTLE_MS = 800  # moves of a class that follow each other more quickly are one step


class Balancing:
    """Moves the balance of classes.

    Parameters
    ----------
    painting : Painting
        Whose steps of undo moves are among.
    preparation : Preparation
    parameters : callable
        Returns those that are chosen.
    choose : callable
        Changes them.

    Attributes
    ----------
    searching : ShareSearch
    """

    hint = Signal(str)

    def __init__(
        self,
        painting: Painting,
        preparation: Preparation,
        parameters: Callable[[], SegmentationParameters],
        choose: Callable[[SegmentationParameters], None],
    ) -> None:
        self._painting, self._preparation = painting, preparation
        self._parameters, self._choose = parameters, choose
        self._moved: BalanceChange | None = None  # and not written down yet
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self.settle)
        self.searching = ShareSearch()
        self.searching.succeeded.connect(self._on_found)
        painting.recording.connect(self.settle)
        painting.stepped.connect(self._on_undone)

    @property
    def is_moving(self) -> bool:
        """Whether there is a move that is no step of undo yet."""
        return self._moved is not None

    def value(self, class_id: int) -> float:
        """Return the balance of a class."""
        return self._parameters().refinement.balance_of(class_id)

    def choose_strength(self, strength: float) -> None:
        """Change the strength of refinement; 1 is what the strokes call for."""
        self._choose(change_entry(self._parameters(), ("refinement", "strength"), strength))

    def move(self, class_id: int, value: float) -> None:
        """Give a class a balance; it is effective at once, and one step with what follows soon."""
        value = round(min(max(value, -LARGEST_BALANCE), LARGEST_BALANCE), 2)
        old = self.value(class_id)
        if value == old:
            return
        if self._moved is not None and self._moved.class_id != class_id:
            self.settle()
        began = old if self._moved is None else self._moved.old
        self._moved = BalanceChange(class_id, began, value)
        self._timer.start()
        self._choose(self._parameters().balanced((class_id, value)))

    def nudge(self, class_id: int, steps: int) -> None:
        """Give a class more or less, by steps of a key or a button."""
        self.move(class_id, self.value(class_id) + steps * STEP)

    def settle(self) -> None:
        """Write down what was moved, as one step that can be undone."""
        self._timer.stop()
        moved, self._moved = self._moved, None
        if moved is not None and moved.old != moved.new:
            self._write(moved)

    def set_again(self, class_id: int) -> None:
        """Say that the balance of a class is right for the strokes that there are now."""
        self.settle()
        value = self.value(class_id)
        self._write(BalanceChange(class_id, value, value))

    def strokes_since(self, class_id: int) -> int | None:
        """Count the strokes since the balance of a class was set; None if that isn't known."""
        recorder = self._painting.recorder
        if self._moved is not None and self._moved.class_id == class_id:
            return 0
        return None if recorder is None else recorder.strokes_since(class_id)

    def ask_for_share(self, class_id: int, share: float) -> None:
        """Look for the balance that gives a class a share of the volume, and take it."""
        prepared = self._preparation.prepared
        if prepared is not None:
            self.settle()
            self.searching.start(prepared, self._parameters(), class_id, share)

    def forget(self) -> None:
        """Write down what was moved, and stop looking."""
        self.settle()
        self.searching.cancel()

    def _on_found(self, wanted: WantedShare) -> None:
        found = wanted.found
        self.move(wanted.class_id, found.balance)
        self.settle()
        if why := found.why_missed(wanted.share):
            self.hint.emit(
                f"{100 * wanted.share:.3g} % can't be reached: {100 * found.share:.3g} % is the "
                f"closest ({why})"
            )

    def _on_undone(self, change: Change) -> None:
        if isinstance(change, BalanceChange):
            self._choose(self._parameters().balanced((change.class_id, change.new)))

    def _write(self, change: BalanceChange) -> None:
        self._painting.record(change)
