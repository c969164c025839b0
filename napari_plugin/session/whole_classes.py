"""All labels of a class at once: accepted as they are, learned from, or taken back."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.painting.many_strokes import FoundStrokes, ManyStrokes
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.accepting import (
    MOST_VOXELS,
    OfClass,
    voxels_of_class,
)
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report
from supervox.project import By

from .brush_mask import count_voxels
from .shown_labels import ShownLabels
from .tool_changes import ToolChanges


class WholeClasses:
    """Makes corrections of what labels a class has, strokes of its corrections, or none of them.

    Parameters
    ----------
    painting : Painting
    shown : ShownLabels
    tools : ToolChanges
        Makes what is found.

    Attributes
    ----------
    finding : BackgroundTask
        Looks for the voxels of a class.
    teaching : BackgroundTask
        Looks for the corrections that become strokes.
    """

    hint = Signal(str)

    def __init__(self, painting: Painting, shown: ShownLabels, tools: ToolChanges) -> None:
        self._painting, self._shown, self._tools = painting, shown, tools
        self._corrections = painting.corrections
        self.finding = BackgroundTask()
        self.finding.succeeded.connect(self._on_found)
        self._strokes = ManyStrokes(painting)
        self._strokes.painted.connect(self._on_taught)
        self.teaching = self._strokes.finding

    def accept(self, class_id: int) -> None:
        """Make corrections of the labels of a class: nothing that is learned changes them."""
        found, now = self._shown.in_part(), self._corrections.now
        if found is None or now is None:
            self.hint.emit("Labels can be accepted once there are some")
            return
        item = self._painting.classes[class_id]
        if item.locked:
            self.hint.emit(f"{item.name} is locked: unlock it to accept it")
            return
        labels, foresee, state = (
            found[1].as_now(),
            self._corrections.foresee,
            self._corrections.state,
        )
        task = voxels_of_class(class_id, found[0], labels, now, foresee, state, By.TOOL)
        self.finding.run(task, f"Accepting {item.name}", shown=True)

    def _on_found(self, of: OfClass) -> None:
        found = of.found
        if found is None:
            name = self._painting.classes[of.class_id].name
            self.hint.emit(
                f"{name} has {of.number:,} voxels, and {MOST_VOXELS:,} at most can be accepted: "
                "work in a box"
            )
            return
        what = "took corrections back"
        if found.change.new.any():
            what = f"accepted {self._painting.classes[of.class_id].name}"
        self._tools.make(found, what)

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
            find = partial(self._find_corrected, wanted)
            self._strokes.paint(find, f"Learning from {count_voxels(number)}")

    def _on_taught(self, found: FoundStrokes) -> None:
        words = f"{found.wanted - found.kept:,} corrected voxels are strokes now, too"
        self.hint.emit("; ".join(filter(None, (words, found.kept_words))))

    def take_back(self, class_id: int) -> None:
        """Remove the corrections to a class, or all for 0."""
        classes = self._corrected(class_id)
        if classes:
            task = partial(self._find_taken_back, class_id, classes)
            number = int(self._corrections.counts[classes].sum())
            self.finding.run(task, f"Taking {count_voxels(number)} back", shown=True)

    def _find_taken_back(self, class_id: int, classes: list[int], report: Report) -> OfClass:
        """Find what was corrected to some classes, but what is locked; on a thread."""
        voxels, _ = self._find_corrected(classes, report)
        found = self._tools.find(voxels, np.zeros(voxels.size, np.uint8))
        return OfClass(class_id, found.change.voxels.size, found)

    def _find_corrected(
        self, classes: list[int], report: Report
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Find what was corrected to some classes, and to which; on a thread."""
        now = self._corrections.now
        assert now is not None
        voxels = np.sort(np.concatenate([self._corrections.voxels_of(k) for k in classes]))
        report.run.check_stop()
        return voxels, now.reshape(-1)[voxels]

    def _corrected(self, class_id: int) -> list[int]:
        """Return the class, or for 0 all classes, that something is corrected to."""
        counts = self._corrections.counts
        return [int(k) for k in counts.nonzero()[0] if class_id in (0, k)]
