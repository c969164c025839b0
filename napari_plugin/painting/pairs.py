"""After a correction: the nearest regions where the class that was wrong there is right, in a ring.

What a correction takes from a class, such regions give back; see
`supervox.segmentation.counterpart`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.viewer import Viewer
from numpy.typing import NDArray
from supervox.napari_plugin.layers.make_layers import insert_above, make_mark, make_outline
from supervox.napari_plugin.layers.source import Box
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report, Task
from supervox.napari_plugin.tasks.live import LiveResult
from supervox.napari_plugin.tasks.preparing import Prepared
from supervox.segmentation import (
    Counterpart,
    Strokes,
    find_correction,
    find_counterpart,
    label_supervoxels,
)

from .class_list import ClassList
from .stroke_layer import Painting

POLYGON = "polygon"  # napari's tool, whose keys are Enter and Esc


@dataclass(frozen=True, eq=False)
class Pair:
    """Regions that a person is asked about.

    Attributes
    ----------
    class_id : int
        What they seem to be.
    place : tuple of 3 int
        A voxel in their midst, in the image.
    radius : float
        Of a ring around them, in voxels.
    voxels : tuple of int64, each (P,)
        All of theirs, as indices into the strokes' layer.
    """

    class_id: int
    place: tuple[int, int, int]
    radius: float
    voxels: tuple[NDArray[np.int64], ...]


class Pairs(BackgroundTask):
    """Looks at what each update corrected, and asks about a few regions in view.

    Parameters
    ----------
    viewer : Viewer
        In which the regions are ringed.
    painting : Painting
        Paints them; the next stroke there ends the question.
    classes : ClassList

    Attributes
    ----------
    pair : Pair or None
        What is asked about now.
    """

    def __init__(self, viewer: Viewer, painting: Painting, classes: ClassList) -> None:
        super().__init__()
        self._viewer, self._painting, self._classes = viewer, painting, classes
        self.pair: Pair | None = None
        self._marks: list[Layer] = []
        self._image: Image | None = None
        self._before: tuple[Prepared, Strokes, LiveResult] | None = None
        painting.began.connect(self.clear)
        self.succeeded.connect(self._ask)

    def follow(
        self,
        image: Image | None,
        prepared: Prepared | None,
        strokes: Strokes | None,
        result: LiveResult,
        in_view: Box | None,
    ) -> None:
        """Look whether something was corrected since the last result; then ask.

        Parameters
        ----------
        image : Image or None
        prepared : Prepared or None
        strokes : Strokes or None
            In the part that is prepared. Without image, preparation or strokes, nothing is done.
        result : LiveResult
            What came of them.
        in_view : tuple of 3 slice or None
            The slice in view; None if none is.
        """
        if image is None or prepared is None or strokes is None:
            return
        before, self._before = self._before, (prepared, strokes, result)
        if before is not None and before[:2] == (prepared, strokes):
            return  # another strength, say: the question stays open
        self.clear()
        layer = self._painting.layer
        if before is None or before[0] is not prepared or in_view is None or layer is None:
            return
        self._image = image
        part = _on_screen(in_view, layer, prepared)
        task = _task(prepared, (before[1], strokes), before[2].labels, result, part)
        self.run(task, "Looking for regions to ask about")

    def _ask(self, pair: Pair | None) -> None:
        image, layer = self._image, self._painting.layer
        if pair is None or layer is None or image is None or image not in self._viewer.layers:
            return
        known = pair.class_id in self._classes
        if not known or self._painting.hand.why_not(self._classes[pair.class_id]):
            return
        if not layer.editable or str(layer.mode) == POLYGON:
            return
        self.pair = pair
        colour = self._classes[pair.class_id].colour
        self._marks = [
            make_outline(image, pair.voxels, "regions asked about", colour),
            make_mark(image, pair.place, 2 * pair.radius, "is this right?", colour),
        ]
        for mark in self._marks:
            insert_above(self._viewer, self._viewer.layers[-1], mark)

    def answer(self, is_right: bool) -> None:
        """Paint the regions, as one step that can be undone, or leave them; the question ends."""
        pair = self.pair
        self.clear()
        if not is_right or pair is None or self._painting.layer is None:
            return
        if why := self._painting.hand.why_not(self._classes[pair.class_id]):
            self._painting.hint.emit(f"{why}: nothing was painted")
        else:
            self._painting.paint(pair.voxels, pair.class_id)

    def clear(self) -> None:
        """Ask no more: nothing is painted."""
        self.cancel()
        was_asked, self.pair = self.pair is not None, None
        marks, self._marks = self._marks, []
        for mark in marks:
            if mark in self._viewer.layers:
                self._viewer.layers.remove(mark)
        if was_asked:
            self.changed.emit()

    def forget(self) -> None:
        """Forget what came before: the next result is the first of its image."""
        self.clear()
        self._before = None


def _on_screen(part: Box, layer: Labels, prepared: Prepared) -> Box:
    """Return what of a slice is on the screen, with room for a ring; before it is drawn, all."""
    room = round(prepared.parameters.supervoxels.size_voxels)
    corners = np.zeros((2, 3), np.int64)
    corners[:, -layer.ndim :] = layer.corner_pixels
    ends = np.array(prepared.source.full_shape) - 1
    corners += room * np.array([corners[0] > 0, -1 * (corners[1] < ends)])
    shown = []
    for whole, first, last, offset in zip(part, *corners, prepared.source.start, strict=True):
        begin, end = max(whole.start, first - offset), min(whole.stop, last + 1 - offset)
        is_across = whole.stop - whole.start == 1
        shown.append(whole if is_across or end - begin < 2 else slice(int(begin), int(end)))
    return shown[0], shown[1], shown[2]


def _task(
    prepared: Prepared,
    strokes: tuple[Strokes, Strokes],
    labels: NDArray[np.uint8],
    result: LiveResult,
    part: Box,
) -> Task:
    def find(report: Report) -> Pair | None:
        ids, source = prepared.ids, prepared.source
        corrected = find_correction(*strokes, ids, labels)
        if corrected is None or corrected.wrong not in result.class_ids:
            return None
        first, last = np.array([(axis.start, axis.stop) for axis in part]).T
        places = np.stack(np.unravel_index(corrected.voxels, ids.shape), axis=1)
        across = last - first == 1
        if not (places == first)[:, across].all(axis=1).any():
            return None  # somebody looks at another slice by now
        is_candidate = result.labels == corrected.wrong
        is_candidate[label_supervoxels(ids, strokes[1]).supervoxels] = False
        found = find_counterpart(
            ids[part],
            places.mean(axis=0) - first,
            result.probabilities[:, result.class_ids.index(corrected.wrong)],
            is_candidate,
            spacing=source.spacing,
        )
        if found is None:
            return None
        z, y, x = (int(value) for value in found.voxel + first + source.start)
        voxels = _voxels(prepared, part, found)
        return Pair(corrected.wrong, (z, y, x), found.radius, voxels)

    return find


def _voxels(prepared: Prepared, part: Box, found: Counterpart) -> tuple[NDArray[np.int64], ...]:
    """Return all voxels of the regions, as indices into the strokes' layer."""
    seen, regions = prepared.ids[part], []
    for supervoxel in found.supervoxels:
        first = np.argwhere(seen == supervoxel)[0]
        at = [int(place) + axis.start for place, axis in zip(first, part, strict=True)]
        regions.append(prepared.voxels_at(at))
    return tuple(np.concatenate(axis) for axis in zip(*regions, strict=True))
