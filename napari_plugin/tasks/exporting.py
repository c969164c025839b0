"""Results to files: on a thread, in slabs, complete or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from supervox.napari_plugin.layers.corrected import Corrected, Overlay
from supervox.napari_plugin.layers.source import Source
from supervox.project import Project, order_beside, order_type, write_order
from supervox.reports import HTML, report_files
from supervox.segmentation import Strokes, save_model
from supervox.volumes import (
    VolumeClass,
    VolumeWriter,
    appearing,
    create_volume,
    writing,
)

from .finishing import Finished
from .jobs import BackgroundTask, Report, Task

OWN_ENDINGS = {"model": ".model", "report": ".html"}  # of what is no volume
SLAB_VOXELS = 2**24
_FILE_KINDS: dict[str, Literal["image", "probabilities"]] = {
    "uncertainty": "image",
    "probabilities": "probabilities",
}


class ExportKind(StrEnum):
    """What can be exported."""

    LABELS = "labels"
    STROKES = "strokes"
    CORRECTIONS = "corrections"
    PROBABILITIES = "probabilities"
    UNCERTAINTY = "uncertainty"
    MODEL = "model"
    REPORT = "report"

    @property
    def is_painted(self) -> bool:
        """Whether it is what a person painted, for which nothing is computed."""
        return self in (ExportKind.STROKES, ExportKind.CORRECTIONS)


@dataclass(frozen=True)
class ExportRequest:
    """What to write where.

    Attributes
    ----------
    kind : ExportKind
    path : Path
        The ending says the format.
    classes : tuple of VolumeClass
        Names and colours.
    source : Source
        Whose voxel size and place the file gets.
    origin : tuple of 3 float
        Place of the first voxel of the image, in the unit of the spacing.
    painted : uint8, (Z, Y, X), optional
        Voxels of the whole image, for `ExportKind.STROKES` and `ExportKind.CORRECTIONS`.
    order : Strokes, optional
        Strokes in their order, which is written beside.
    over : Overlay, optional
        Corrections, which lie over the final labels.
    corrections : int
        Their state: the same where they are the same.
    finished : Finished, optional
        For all other kinds.
    project : Project, optional
        For `ExportKind.REPORT`.
    """

    kind: ExportKind
    path: Path
    classes: tuple[VolumeClass, ...]
    source: Source
    origin: tuple[float, float, float]
    painted: NDArray[np.uint8] | None = field(default=None, repr=False)
    order: Strokes | None = field(default=None, repr=False)
    over: Overlay | None = field(default=None, repr=False)
    corrections: int = 0
    finished: Finished | None = None
    project: Project | None = field(default=None, repr=False)


class Exporting(BackgroundTask):
    """Writes files, one at a time; one that is not finished leaves nothing behind."""

    def start(self, request: ExportRequest) -> None:
        """Begin to write."""
        self.run(_task(request), f"Writing {request.path.name}", shown=True)


def _task(request: ExportRequest) -> Task:
    def write(report: Report) -> Path:
        finished = request.finished
        if request.kind.is_painted:
            assert request.painted is not None
            _write_array(request, request.painted, (0, 0, 0), report)
            if request.order is not None and request.kind is ExportKind.STROKES:
                beside = order_beside(request.path)
                shape, dtype = request.painted.shape, order_type(request.order)
                with create_volume(beside, shape, dtype) as writer:
                    write_order(writer, request.order, run=report.run.silent())
            return request.path
        assert finished is not None
        labels = Corrected(finished.labels, request.over)
        if request.kind is ExportKind.MODEL:
            unit = finished.source.unit
            with writing(request.path, "a model"):
                model = finished.segmenter.model(classes=request.classes, unit=unit)
                save_model(model, request.path)
        elif request.kind is ExportKind.REPORT:
            assert request.project is not None
            work = finished.source.work_volume()
            page = report_files(request.project, work, np.asarray(labels))[HTML]
            with writing(request.path, "a report"), appearing(request.path) as temporary:
                temporary.write_bytes(page)
        elif request.kind is ExportKind.LABELS:
            _write_array(request, labels, finished.source.start, report)
        else:
            _write_rendered(request, finished, report)
        return request.path

    return write


def _create(
    request: ExportRequest, shape: tuple[int, ...], dtype: Any, start: tuple[int, int, int]
) -> VolumeWriter:
    """Plan a file with the voxel size, the place and the classes that it should have."""
    source = request.source
    known = source.voxel_size.known
    origin = [o + s * d for o, s, d in zip(request.origin, start, source.spacing, strict=True)]
    return create_volume(
        request.path,
        shape,
        dtype,
        spacing=known,
        unit=source.unit,
        origin=origin if known else None,
        kind=_FILE_KINDS.get(request.kind, "labels"),
        classes=() if request.kind is ExportKind.UNCERTAINTY else request.classes,
    )


def _write_array(
    request: ExportRequest,
    labels: NDArray[np.uint8] | Corrected,
    start: tuple[int, int, int],
    report: Report,
) -> None:
    """Write voxels that are there already, slab by slab."""
    planes = max(1, SLAB_VOXELS // (labels.shape[1] * labels.shape[2]))
    with _create(request, labels.shape, labels.dtype, start) as writer:
        for first in range(0, len(labels), planes):
            report.run.check_stop()
            last = min(first + planes, len(labels))
            writer[first:last] = labels[first:last]
            report.progress(last, len(labels))


def _write_rendered(request: ExportRequest, finished: Finished, report: Report) -> None:
    """Make probabilities or uncertainty slab by slab, and write them."""
    segmentation, wants = finished.segmentation, request.kind is ExportKind.PROBABILITIES
    shape = (len(segmentation.class_ids), *segmentation.shape) if wants else segmentation.shape
    with _create(request, shape, np.float32, finished.source.start) as writer:
        for slab in segmentation.slabs(
            probabilities=wants,
            uncertainty=not wants,
            run=report.run,
        ):
            values = slab.probabilities if wants else slab.uncertainty
            assert values is not None
            writer[slab.block.core[0]] = values
