"""Places where the labels are least certain, one after the other."""

from __future__ import annotations

import numpy as np
from supervox.segmentation import find_voxel

from .jobs import Report, Stage, Task
from .live import LiveResult
from .preparing import Prepared

CANDIDATES = 400  # of the least certain supervoxels that are large enough
SMALLEST = 0.5  # of the mean size: slivers are unsure by nature, and not worth a stroke


class UnsurePlaces(Stage):
    """Finds the next place; one that was shown is not shown again for the same result."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[int] = []
        self._result: LiveResult | None = None

    def start(self, prepared: Prepared, result: LiveResult) -> None:
        """Look for the next place; `succeeded` tells its voxel in the image."""
        if result is not self._result:
            self._result, self._shown = result, []
        supervoxel = self._next(prepared, result)
        self._shown.append(supervoxel)
        self.run(_task(prepared, supervoxel), "Looking for an unsure place")

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
