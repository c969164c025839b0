"""Locks of classes: strokes are kept at once, and labels as soon as they are found."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

import numpy as np
from psygnal import Signal
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.accepting import (
    MOST_VOXELS,
    Foresee,
    FoundChange,
    OfClass,
    voxels_of_class,
)
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report, Task
from supervox.napari_plugin.tasks.live import LiveLoop
from supervox.project import By, Change, LockChange, Paint, Recorder, VoxelChange, frozen

from .delivery import Delivery

InPart = Callable[[], tuple[tuple[int, int, int], Corrected] | None]


class Locking:
    """Locks and unlocks classes, the labels with a step of the one undo.

    A lock makes the labels of its class corrections, and learning gives the class to no other
    voxel: so they stay as they are, whatever is learned. Its end takes these corrections back.

    Parameters
    ----------
    painting : Painting
    live : LiveLoop
        Whose labels follow.
    delivery : Delivery
        Has the final labels.
    in_part : callable
        Returns the first voxel of the part to work in, and the labels that are shown there; None
        if there are none.

    Attributes
    ----------
    finding : BackgroundTask
        Looks for what a class has, one class at a time.
    """

    hint = Signal(str)

    def __init__(
        self, painting: Painting, live: LiveLoop, delivery: Delivery, in_part: InPart
    ) -> None:
        self._painting, self._live, self._delivery = painting, live, delivery
        self._classes, self._in_part = painting.classes, in_part
        self._waiting: deque[tuple[Task, str]] = deque()
        self.finding = BackgroundTask()
        self.finding.succeeded.connect(self._on_found)
        self.finding.changed.connect(self._begin_next)
        painting.stepped.connect(self._on_undone)

    def set_locked(self, class_id: int, on: bool) -> None:
        """Lock a class, or unlock it."""
        item, recorder = self._classes[class_id], self._painting.recorder
        if on == item.locked:
            return
        if not on and not item.held:
            self._classes.change(class_id, locked=False)
        elif recorder is None or self._painting.hand.is_read_only:
            self._classes.change(class_id, locked=on)
        elif on:
            self._lock(class_id)
        else:
            self._unlock(class_id, recorder)

    def _lock(self, class_id: int) -> None:
        """Keep the strokes from now on, and the labels that are shown now."""
        self._classes.change(class_id, locked=True)
        found, now = self._in_part(), self._painting.corrections.now
        name = self._classes[class_id].name
        if found is None or now is None:
            self.hint.emit(
                f"{name} locked: its strokes are kept. Labels there are none yet; lock it again "
                "when there are, and they stay as well"
            )
            return
        start, labels = found
        foresee, state = self._painting.corrections.foresee, self._painting.corrections.state
        task = voxels_of_class(class_id, start, labels.as_now(), now, foresee, state, By.LOCK)
        self._waiting.append((task, f"Locking {name}"))
        self._begin_next()

    def _unlock(self, class_id: int, recorder: Recorder) -> None:
        """Let go of the labels that the lock holds."""
        corrections = self._painting.corrections
        task = partial(_find_held, class_id, recorder, corrections.foresee, corrections.state)
        self._waiting.append((task, f"Unlocking {self._classes[class_id].name}"))
        self._begin_next()

    def forget(self) -> None:
        """Look for nothing any more."""
        self._waiting.clear()
        self.finding.cancel()

    def _begin_next(self) -> None:
        if self._waiting and not self.finding.is_running:
            task, words = self._waiting.popleft()
            self.finding.run(task, words, shown=True)

    def _on_found(self, of: OfClass) -> None:
        if of.class_id not in self._classes:
            return
        item, found, recorder = self._classes[of.class_id], of.found, self._painting.recorder
        if not item.locked or recorder is None:
            return
        corrections = self._painting.corrections
        if found is None:
            self.hint.emit(
                f"{item.name} locked: its strokes are kept. Its labels have {of.number:,} "
                f"voxels, and {MOST_VOXELS:,} at most can be: other strokes may still change them"
            )
        elif not found.holds(corrections.now, corrections.state):  # corrected meanwhile
            if item.held:
                self._unlock(item.id, recorder)
            else:
                self._lock(item.id)
        elif item.held:
            self._painting.record(LockChange(item.id, False, of.number))
            then = self._take_over(item.id, False)
            self._painting.correct(found.change, found.told)
            self.hint.emit(f"{item.name} unlocked: its labels follow the strokes again{then}")
        else:
            self._painting.correct(found.change, found.told)
            self._painting.record(LockChange(item.id, True, of.number))
            self._take_over(item.id, True, self._delivery.is_final_current)
            self.hint.emit(f"{item.name} locked: its labels stay as they are, whatever is learned")

    def _on_undone(self, change: Change) -> None:
        if isinstance(change, LockChange) and change.class_id in self._classes:
            self._take_over(change.class_id, change.is_locked)

    def _take_over(self, class_id: int, on: bool, as_final: bool = False) -> str:
        """Have the table say what holds now, and the labels follow; say what comes of the final.

        Parameters
        ----------
        class_id : int
        on : bool
            Whether its labels are held.
        as_final : bool
            Whether as the final labels have it, which so stay what they are.
        """
        delivery = self._delivery
        is_wanted = delivery.is_final_current or delivery.finishing.is_running
        self._classes.change(class_id, locked=on, held=on)
        self._delivery.note_held(class_id, on and as_final)
        if self._live.is_live:
            self._live.update_again()
        if not is_wanted or delivery.is_final_current:
            return ""
        if delivery.finish_if_quick():
            return ", and the final labels are computed anew"
        return "; press Finish in step 4 for final labels that do"


def _find_held(
    class_id: int, recorder: Recorder, foresee: Foresee, state: int, _: Report
) -> OfClass:
    """Find what the lock of a class holds, to take it back."""
    voxels, now = recorder.held_voxels(class_id), recorder.corrections.reshape(-1)
    voxels = voxels[now[voxels] == class_id]
    old = np.full(voxels.size, class_id, np.uint8)
    change = frozen(VoxelChange(voxels, old, np.zeros_like(old), Paint.CORRECTIONS, By.LOCK))
    return OfClass(class_id, voxels.size, FoundChange(change, foresee(change), state))
