"""Preparing a volume: supervoxels, features and graph, on a thread, once per volume."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
from napari.utils.notifications import show_warning
from numpy.typing import NDArray
from supervox.features import Choice, find_device
from supervox.segmentation import (
    Estimate,
    SegmentationParameters,
    Segmenter,
    Workspace,
    estimate_preparation,
)

from .jobs import Report, Stage, Task
from .lookup import coarse_sample
from .source import Source

LEAST_SECONDS = 10.0  # a preparation of less is mostly the start, and tells nothing of the pace


@dataclass(frozen=True, eq=False)
class Prepared:
    """A volume that is ready for strokes.

    Attributes
    ----------
    source : Source
    parameters : SegmentationParameters
        Those that it was prepared with.
    segmenter : Segmenter
        Of one partition, for the live view.
    coarse : int32
        Sample of the supervoxel ids for showing all of the volume.
    seconds : float
        What it took; 0 if it was read from a project.
    """

    source: Source
    parameters: SegmentationParameters
    segmenter: Segmenter
    coarse: NDArray[np.int32] = field(repr=False)
    seconds: float

    @property
    def ids(self) -> NDArray[np.int32]:
        """Supervoxel of each voxel of the part to work in, (Z, Y, X)."""
        return self.segmenter.partitions[0].ids

    @property
    def n_supervoxels(self) -> int:
        """Number of supervoxels."""
        return self.segmenter.partitions[0].graph.n_supervoxels

    @property
    def reach(self) -> int:
        """Voxels that a supervoxel's box usually spans to each side."""
        return round(2 * self.parameters.supervoxels.size_voxels)

    def is_for(self, source: Source, parameters: SegmentationParameters) -> bool:
        """Tell whether it still is what would be prepared now."""
        mine = (self.source, self.parameters.supervoxels, self.parameters.features)
        return mine == (source, parameters.supervoxels, parameters.features)


class Preparation(Stage):
    """Runs the preparation, and keeps what came of it.

    Parameters
    ----------
    workers : int, optional
        Threads; one per processor by default.
    device : str
        What computes supervoxels and features; see `supervox.features.find_device`.
    """

    def __init__(self, workers: int | None, device: Choice = "auto") -> None:
        super().__init__()
        self._workers, self._device = workers, device
        self.prepared: Prepared | None = None
        self._pace = 1.0  # how much longer preparing takes here than estimated
        self.succeeded.connect(self._keep)

    def start(self, source: Source, parameters: SegmentationParameters) -> None:
        """Prepare; what was prepared before stays until the end."""
        task = _task(source, parameters, self._workers, self._device)
        self.run(task, "Preparing the volume", shown=True)

    def estimate(self, source: Source, parameters: SegmentationParameters) -> Estimate:
        """Return what preparing for live work will need."""
        return estimate_preparation(
            source.shape,
            replace(parameters, partitions=1),
            spacing=source.spacing,
            workers=self._workers,
            pace=self._pace,
        )

    def adopt(self, prepared: Prepared) -> None:
        """Go on with what was prepared another time."""
        self.cancel()
        self.succeeded.emit(prepared)
        self.changed.emit()

    def forget(self) -> None:
        """Stop what is running, and let go of what is prepared."""
        self.cancel()
        self.prepared = None
        self.changed.emit()

    def _keep(self, prepared: Prepared) -> None:
        self.prepared = prepared
        if not prepared.seconds:  # another time
            return
        expected = self.estimate(prepared.source, prepared.parameters).seconds / self._pace
        if expected > LEAST_SECONDS:
            self._pace = prepared.seconds / expected


def _task(
    source: Source, parameters: SegmentationParameters, workers: int | None, device: Choice
) -> Task:
    live = replace(parameters, partitions=1, edge_refinement=False)

    def prepare(report: Report) -> Prepared:
        started = time.perf_counter()
        segmenter = Segmenter(
            source.work_volume(),
            spacing=source.spacing,
            parameters=live,
            workers=workers,
            workspace=Workspace(device=find_device(device, show_warning)),
        )
        segmenter.prepare(progress=report.progress, should_stop=report.should_stop)
        coarse = coarse_sample(source.layer_part(segmenter.partitions[0].ids))
        seconds = time.perf_counter() - started
        return Prepared(source, parameters, segmenter, coarse, seconds)

    return prepare
