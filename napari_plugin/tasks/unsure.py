"""Places where the labels are least certain, one after the other."""

from __future__ import annotations

import numpy as np
from napari.layers import Image, Points
from napari.viewer import Viewer
from supervox.napari_plugin.layers.make_layers import insert_above, make_mark
from supervox.segmentation import find_voxel

from .jobs import BackgroundTask, Report, Task
from .live import LiveResult
from .preparing import Prepared

CANDIDATES = 400  # of the least certain supervoxels that are large enough
MARK = 3.0  # diameter of the mark, in supervoxels
SMALLEST = 0.5  # of the mean size: slivers are unsure by nature, and not worth a stroke


class UnsurePlaces(BackgroundTask):
    """Goes to the next place; one that was shown is not shown again for the same result.

    Parameters
    ----------
    viewer : Viewer
        Whose view is moved.
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._image: Image | None = None
        self._mark: Points | None = None
        self._mark_voxels = 0.0
        self.succeeded.connect(self._go_to)
        self._shown: list[int] = []
        self._result: LiveResult | None = None

    def start(self, image: Image, prepared: Prepared, result: LiveResult) -> None:
        """Look for the next place, and go there; `succeeded` tells its voxel in the image."""
        self._image = image
        voxels = prepared.segmenter.partitions[0].graph.size.mean()
        self._mark_voxels = MARK * float(voxels) ** (1 / image.ndim)
        if result is not self._result:
            self._result, self._shown = result, []
        supervoxel = self._next(prepared, result)
        self._shown.append(supervoxel)
        self.run(_task(prepared, supervoxel), "Looking for an unsure place")

    def _go_to(self, place: tuple[int, int, int]) -> None:
        image, dims = self._image, self._viewer.dims
        if image is None or image not in self._viewer.layers:
            return
        world = image.data_to_world(np.asarray(place[-image.ndim :], float))
        dims.point = (*dims.point[: dims.ndim - image.ndim], *world)
        self._viewer.scene.camera.center = tuple(dims.point[axis] for axis in dims.displayed)
        self.clear()
        self._mark = make_mark(image, place, self._mark_voxels, "unsure place")
        insert_above(self._viewer, self._viewer.layers[-1], self._mark)
        self._viewer.status = "Here the labels are least certain: a stroke helps"

    def clear(self) -> None:
        """Take the mark away."""
        mark, self._mark = self._mark, None
        if mark is not None and mark in self._viewer.layers:
            self._viewer.layers.remove(mark)

    def _next(self, prepared: Prepared, result: LiveResult) -> int:
        graph = prepared.segmenter.partitions[0].graph
        is_large = graph.size >= SMALLEST * graph.size.mean()
        unsure = np.where(is_large, result.uncertainty, -1)
        n = min(CANDIDATES, unsure.size)
        order = np.argpartition(-unsure, n - 1)[:n]
        order = order[np.argsort(-unsure[order], kind="stable")]
        shown = set(self._shown)
        fresh = [int(k) for k in order if int(k) not in shown]
        if not fresh:
            self._shown = []
        return fresh[0] if fresh else int(order[0])


def _task(prepared: Prepared, supervoxel: int) -> Task:
    def find(report: Report) -> tuple[int, int, int]:
        z, y, x = find_voxel(prepared.ids, supervoxel)
        a, b, c = prepared.source.start
        return z + a, y + b, x + c

    return find
