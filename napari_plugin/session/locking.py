"""Locks of classes: strokes are kept at once, and labels as soon as they are found."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.accepting import MOST_VOXELS, OfClass, voxels_of_class
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report, Task
from supervox.napari_plugin.tasks.live import LiveLoop
from supervox.project import By, Change, LockChange, Paint, Recorder, VoxelChange, frozen

from .delivery import Delivery

InPart = Callable[[], tuple[tuple[int, int, int], Corrected] | None]


@dataclass(frozen=True, eq=False)
class Held:
    """What the lock of a class holds, which is let go of.

    Attributes
    ----------
    class_id : int
    voxels : int64, (P,)
        Raster indices in the whole image, ascending.
    """

    class_id: int
    voxels: NDArray[np.int64]


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
            task = partial(_find_held, class_id, recorder)
            self._waiting.append((task, f"Unlocking {item.name}"))
            self._begin_next()

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
        task = voxels_of_class(class_id, start, labels.as_now(), now)
        self._waiting.append((task, f"Locking {name}"))
        self._begin_next()

    def forget(self) -> None:
        """Look for nothing any more."""
        self._waiting.clear()
        self.finding.cancel()

    def _begin_next(self) -> None:
        if self._waiting and not self.finding.is_running:
            task, words = self._waiting.popleft()
            self.finding.run(task, words, shown=True)

    def _on_found(self, found: OfClass | Held) -> None:
        if found.class_id not in self._classes:
            return
        item = self._classes[found.class_id]
        if not item.locked:
            return
        if isinstance(found, Held):
            self._let_go(found)
            self.hint.emit(f"{item.name} unlocked: its labels follow the strokes again")
        elif found.voxels is None:
            self.hint.emit(
                f"{item.name} locked: its strokes are kept. Its labels have {found.number:,} "
                f"voxels, and {MOST_VOXELS:,} at most can be: other strokes may still change them"
            )
        else:
            self._hold(found.class_id, found.voxels)
            self.hint.emit(f"{item.name} locked: its labels stay as they are, whatever is learned")

    def _hold(self, class_id: int, voxels: NDArray[np.int64]) -> None:
        """Make the labels of a class corrections, and give it to nothing else."""
        painting, new = self._painting, np.full(voxels.size, class_id, np.uint8)
        change = VoxelChange(voxels, np.zeros_like(new), new, Paint.CORRECTIONS, By.LOCK)
        painting.correct(frozen(change))
        painting.record(LockChange(class_id, True, voxels.size))
        self._take_over(class_id, True, self._delivery.is_final_current)

    def _let_go(self, held: Held) -> None:
        """Let the labels of a class follow what is learned."""
        painting = self._painting
        now = painting.corrections.now
        assert now is not None
        voxels = held.voxels[now.reshape(-1)[held.voxels] == held.class_id]
        painting.record(LockChange(held.class_id, False, voxels.size))
        self._take_over(held.class_id, False)
        old = np.full(voxels.size, held.class_id, np.uint8)
        change = VoxelChange(voxels, old, np.zeros_like(old), Paint.CORRECTIONS, By.LOCK)
        painting.correct(frozen(change))

    def _on_undone(self, change: Change) -> None:
        if isinstance(change, LockChange) and change.class_id in self._classes:
            self._take_over(change.class_id, change.is_locked)

    def _take_over(self, class_id: int, on: bool, as_final: bool = False) -> None:
        """Have the table say what holds now, and the labels follow.

        Parameters
        ----------
        class_id : int
        on : bool
            Whether its labels are held.
        as_final : bool
            Whether as the final labels have it, which so stay what they are.
        """
        self._classes.change(class_id, locked=on, held=on)
        self._delivery.note_held(class_id, on and as_final)
        if self._live.is_live:
            self._live.update_again()


def _find_held(class_id: int, recorder: Recorder, report: Report) -> Held:
    return Held(class_id, recorder.held_voxels(class_id))
