"""Preparing a volume: supervoxels, features and graph, on a thread, once per volume."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from supervox.features import fill_values_of
from supervox.napari_plugin.layers.lookup import coarse_sample
from supervox.napari_plugin.layers.source import Source
from supervox.segmentation import (
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    estimate_preparation,
    find_supervoxel,
)

from .jobs import BackgroundTask, Report, Task, step_back
from .remedies import with_remedy
from .resources import Resources

NEEDS_SECONDS = 10.0  # the dock asks at every change, and a disk may be slow to answer
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

    def voxels_at(self, inside: Sequence[int]) -> tuple[NDArray[np.int64], ...]:
        """Return the voxels of the supervoxel at a place, as indices into the strokes' layer.

        Parameters
        ----------
        inside : sequence of 3 int
            A voxel of the part to work in.
        """
        box, mask = find_supervoxel(self.ids, inside, self.reach)
        indices = tuple(
            axis + part.start + first
            for axis, part, first in zip(np.nonzero(mask), box, self.source.start, strict=True)
        )
        return indices[1:] if self.source.is_flat else indices

    def is_for(self, source: Source, parameters: SegmentationParameters) -> bool:
        """Return whether it was prepared from the current image, box and parameters."""
        mine = self.parameters
        return self.source == source and (mine.supervoxels, mine.features, mine.no_data) == (
            *(parameters.supervoxels, parameters.features, parameters.no_data),
        )

    @property
    def no_data(self) -> str:
        """What has no data and why, for a person; empty if there is nothing of the kind."""
        sizes = self.segmenter.partitions[0].graph.size
        missing = 1 - float(sizes.sum()) / math.prod(self.source.shape)
        if not missing:
            return ""
        values = [f"{value:g}" for value in fill_values_of(self.segmenter.volume)]
        values += ["the mask"] if self.source.mask is not None else []
        share = f"{100 * missing:.3g} % of the volume"
        if not values:
            return f"{share} have no data; labels there are 0"
        if self.source.mask is not None:
            text = f"{' and '.join(values)} leave{'s' * (len(values) == 1)} {share} out"
            return f"{text[0].upper()}{text[1:]}: labels there are 0"
        verb = "fills" if len(values) == 1 else "fill"
        return f"{' and '.join(values)} {verb} {share}: taken as no data, labels there are 0"


@dataclass(frozen=True)
class Needs:
    """What preparing needs.

    Attributes
    ----------
    seconds : float
    bytes, disk_bytes : float
        Memory beside the volume, and room on the disk meanwhile.
    refusal : str
        Why it can't be done, and what would help; empty if it can.
    """

    seconds: float
    bytes: float
    disk_bytes: float
    refusal: str = ""


class Preparation(BackgroundTask):
    """Runs the preparation, and keeps what came of it.

    Parameters
    ----------
    resources : Resources
    """

    def __init__(self, resources: Resources) -> None:
        super().__init__()
        self._resources = resources
        self.prepared: Prepared | None = None
        self._pace = 1.0  # how much longer preparing takes here than estimated
        self._known: list[tuple[float, Source, SegmentationParameters, Needs]] = []
        self.succeeded.connect(self._keep)

    def start(self, source: Source, parameters: SegmentationParameters) -> None:
        """Prepare; what was prepared before stays until the end, and may be worked with."""
        task = _task(source, parameters, self._resources, in_background=self.prepared is not None)
        self.run(task, "Preparing the volume", shown=True)

    def needs(self, source: Source, parameters: SegmentationParameters) -> Needs:
        """Return what preparing for live work will need, as of some seconds ago at most."""
        live, now = for_live_work(parameters), time.monotonic()
        self._known = [known for known in self._known if now - known[0] < NEEDS_SECONDS]
        for _, of, parameters_then, found in self._known:
            if (of, parameters_then) == (source, live) and of.volume is source.volume:
                return found
        found = self._needs(source, live)
        self._known.append((now, source, live, found))
        return found

    def _needs(self, source: Source, live: SegmentationParameters) -> Needs:
        estimate = estimate_preparation(
            source.shape,
            live,
            spacing=source.spacing,
            n_images=1 + len(source.channels),
            workers=self._resources.workers,
            pace=self._pace,
        )
        try:
            plan, _ = self._resources.plan_kept(source, live)
        except SegmentationError as error:
            return Needs(estimate.seconds, estimate.bytes, 0, with_remedy(error))
        on_disk = 4 * math.prod(source.shape) if plan.ids_on_disk else 0
        copied = 0 if plan.volume_on_disk else self._resources.copied_bytes(source)
        return Needs(estimate.seconds, estimate.bytes - on_disk + copied, plan.disk_bytes)

    def adopt(self, prepared: Prepared) -> None:
        """Go on with what was prepared another time."""
        self.cancel()
        self.succeeded.emit(prepared)
        self.changed.emit()

    def forget(self) -> None:
        """Stop the job that runs, and drop what is prepared."""
        self.cancel()
        self.prepared = None
        self.changed.emit()

    def _keep(self, prepared: Prepared) -> None:
        self.prepared = prepared
        if not prepared.seconds:  # another time
            return
        expected = self.needs(prepared.source, prepared.parameters).seconds / self._pace
        if expected > LEAST_SECONDS:
            self._pace = prepared.seconds / expected
            self._known.clear()


def for_live_work(parameters: SegmentationParameters) -> SegmentationParameters:
    """Return the parameters that live labels are made with."""
    return replace(parameters, partitions=1, edge_refinement=False)


def for_final_labels(
    prepared: Prepared, parameters: SegmentationParameters
) -> SegmentationParameters:
    """Return the parameters of final labels: what is prepared is as it was, whatever these say."""
    return with_prepared_of(prepared.parameters, parameters)


def with_prepared_of(
    known: SegmentationParameters, parameters: SegmentationParameters
) -> SegmentationParameters:
    """Return parameters with those by which a volume was prepared taken from others."""
    return replace(
        parameters, supervoxels=known.supervoxels, features=known.features, no_data=known.no_data
    )


def _task(
    source: Source,
    parameters: SegmentationParameters,
    resources: Resources,
    *,
    in_background: bool,
) -> Task:
    live = for_live_work(parameters)

    def prepare(report: Report) -> Prepared:
        started = time.perf_counter()
        if in_background:
            step_back()
        segmenter = resources.prepare(source, live, run=report.run)
        coarse = coarse_sample(source.layer_part(segmenter.partitions[0].ids))
        seconds = time.perf_counter() - started
        return Prepared(source, parameters, segmenter, coarse, seconds)

    return prepare
