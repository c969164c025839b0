"""Strokes of many voxels: what they change is found on a thread, and painted in a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal
from supervox.execution import make_ready_to_put
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report
from supervox.project import Recorder, VoxelChange, frozen

from .stroke_layer import Painting

# Finds the voxels to paint, as raster indices, ascending, and the class of each.
FindVoxels = Callable[[Report], tuple[NDArray[np.int64], NDArray[np.uint8]]]


@dataclass(frozen=True, eq=False)
class FoundStrokes:
    """Strokes that are ready to be painted.

    Attributes
    ----------
    change : VoxelChange
    wanted : int
        Voxels that were to be painted, among them those that are of their class already.
    kept : int
        Voxels of strokes of locked classes, and `names` of these.
    names : str
    layer : Labels or None
        That is to be painted on.
    recorder : Recorder or None
        Who writes down what is painted.
    key : int or None
        Of the step before: after another one, this is old.
    is_noticed : bool
        Whether all is written down that anybody painted.
    """

    change: VoxelChange = field(repr=False)
    wanted: int
    kept: int
    names: str
    layer: Labels | None
    recorder: Recorder | None
    key: int | None
    is_noticed: bool

    @property
    def kept_words(self) -> str:
        """What stays as it is, for a person; empty if nothing does."""
        return f"{self.names} locked: {self.kept:,} voxels kept" if self.kept else ""


class ManyStrokes:
    """Paints many voxels as one step of undo, but for strokes of locked classes.

    Parameters
    ----------
    painting : Painting

    Attributes
    ----------
    finding : BackgroundTask
        Looks for the voxels.
    painted : Signal
        Tells the `FoundStrokes` that were painted.
    """

    painted = Signal(FoundStrokes)

    def __init__(self, painting: Painting) -> None:
        self._painting = painting
        self._again: Callable[[], None] = lambda: None
        self.finding = BackgroundTask()
        self.finding.succeeded.connect(self._make)

    def paint(self, find: FindVoxels, description: str) -> None:
        """Paint what is found on a thread.

        Parameters
        ----------
        find : callable
        description : str
            What is being done, for a person.
        """
        painting = self._painting
        planes, layer, recorder = painting.planes, painting.layer, painting.recorder
        locked = {item.id: item.name for item in painting.classes if item.locked}
        task = partial(_find_strokes, find, planes, layer, recorder, locked)
        self._again = partial(self.paint, find, description)
        self.finding.run(task, description, shown=True)

    def _make(self, found: FoundStrokes) -> None:
        """Paint what was found, or find it again where somebody painted meanwhile."""
        painting, recorder = self._painting, found.recorder
        if found.layer is not painting.layer:
            return  # another image
        if painting.is_unseen:
            painting.record_all()  # so that it counts as painted meanwhile
        is_old = recorder is not painting.recorder  # the project is in another folder now
        if is_old or (recorder is not None and recorder.next_key(back=True) != found.key):
            self._again()
            return
        if not found.is_noticed:
            painting.record_all()  # as a step before this one
        if found.change.voxels.size:
            painting.make(found.change)
        self.painted.emit(found)


def _find_strokes(
    find: FindVoxels,
    planes: NDArray[np.uint8],
    layer: Labels | None,
    recorder: Recorder | None,
    locked: dict[int, str],
    report: Report,
) -> FoundStrokes:
    """Find what changes; on a thread."""
    key = None if recorder is None else recorder.next_key(back=True)
    is_noticed = recorder is None or not recorder.look(report.should_stop).size
    voxels, new = find(report)
    report.run.check_stop()
    old = planes.reshape(-1)[voxels]
    is_locked = np.zeros(256, np.bool_)
    is_locked[list(locked)] = True
    differs = old != new
    kept = differs & is_locked[old]
    names = ", ".join(locked[k] for k in np.unique(old[kept]).tolist())
    chosen = differs & ~kept
    change = frozen(VoxelChange(voxels[chosen], old[chosen], new[chosen]))
    make_ready_to_put(change.voxels, change.new)
    number, size = int(np.count_nonzero(kept)), voxels.size
    return FoundStrokes(change, size, number, names, layer, recorder, key, is_noticed)
