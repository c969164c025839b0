"""Objects of the final labels, found and measured; and their table as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import VolumeLike
from supervox.napari_plugin.layers.corrected import Corrected, Overlay
from supervox.napari_plugin.layers.source import Source
from supervox.objects import (
    MeasureRequest,
    ObjectTable,
    find_objects,
    measure_objects,
    write_with_provenance,
)
from supervox.segmentation import versions

from .jobs import BackgroundTask, Report, Task

CONNECTIVITY = 26  # voxels that share a corner are neighbours
FIND_SHARE = 0.2  # of the work; the rest is measuring


@dataclass(frozen=True, eq=False)
class FinalLabels:
    """What objects are found in.

    Attributes
    ----------
    source : Source
        What the labels are of.
    labels : uint8, (Z, Y, X)
        Without corrections.
    class_ids : tuple of int
        Classes that they can have, by corrections as well.
    is_current : bool
        Whether they are those of the strokes and choices of now.
    over : Overlay or None
        The corrections of now, which lie over them.
    corrections : int
        How often those have changed.
    """

    source: Source
    labels: NDArray[np.uint8] = field(repr=False)
    class_ids: tuple[int, ...]
    is_current: bool
    over: Overlay | None = field(default=None, repr=False)
    corrections: int = 0

    def corrected(self) -> NDArray[np.uint8]:
        """Return the labels with the corrections over them, which may take a copy."""
        if self.over is None or self.over.is_blank:
            return self.labels
        return np.asarray(Corrected(self.labels, self.over))

    def is_like(self, other: FinalLabels) -> bool:
        """Tell whether others have the same labels, corrections over them."""
        return self.labels is other.labels and self.corrections == other.corrections


@dataclass(frozen=True, eq=False)
class MeasureOrder:
    """What to find and measure.

    Attributes
    ----------
    of : FinalLabels
    class_id : int
        Whose objects; 0 for those of all classes.
    names : mapping of int to str
        Of the classes.
    channels : tuple of str
        Names of the image and of its further channels.
    origin : tuple of 3 float
        Place of the first voxel of the part to work in, in the unit of the voxel size.
    """

    of: FinalLabels
    class_id: int
    names: Mapping[int, str]
    channels: tuple[str, ...]
    origin: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class FoundObjects:
    """Objects and their measures.

    Attributes
    ----------
    order : MeasureOrder
    ids : uint16 or int32, (Z, Y, X)
        0 = no object, 1..N = the objects.
    table : ObjectTable
        A row for each object, in the order of their ids; without a column where there are none.
    """

    order: MeasureOrder
    ids: NDArray[Any] = field(repr=False)
    table: ObjectTable = field(repr=False)

    @property
    def number(self) -> int:
        """How many objects there are."""
        return len(self.table)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes that have objects, by the ids of the classes."""
        if not self.number:
            return ()
        names = self.order.names
        return tuple(names.get(k, f"class {k}") for k in np.unique(self.table["class"]).tolist())

    def about(self, image: str) -> dict[str, Any]:
        """Return what the table was made from; `image` is the address of the image, or its name."""
        source, order = self.order.of.source, self.order
        is_known = source.unit is not None or source.spacing != (1, 1, 1)
        return {
            "labels": "final labels in the window",
            "image": image,
            "channels": list(order.channels),
            "shape": list(source.shape),
            "first_voxel": list(source.start),
            "spacing": list(source.spacing) if is_known else None,
            "unit": source.unit,
            "objects_are": "connected components",
            "connectivity": CONNECTIVITY,
            "of_classes": [order.class_id] if order.class_id else "all",
            "versions": versions(),
        }


class Measuring(BackgroundTask):
    """Finds and measures objects; succeeds with `FoundObjects`."""

    def start(self, order: MeasureOrder) -> None:
        """Begin."""
        self.run(_task(order), "Finding and measuring objects", shown=True)


def _task(order: MeasureOrder) -> Task:
    def measure(report: Report) -> FoundObjects:
        final, source = order.of, order.of.source
        instances = find_objects(
            final.corrected(),
            classes=[order.class_id] if order.class_id else None,
            connectivity=CONNECTIVITY,
            workers=report.run.part(0, FIND_SHARE),
        )
        if not instances.number:
            return FoundObjects(order, instances.ids, ObjectTable(()))
        images: tuple[VolumeLike, ...] = (source.work_volume(), *source.work_channels())
        request = MeasureRequest(order.names, dict(zip(order.channels, images, strict=True)))
        measured = measure_objects(
            instances,
            request,
            spacing=source.spacing,
            unit=source.unit,
            origin=order.origin,
            workers=report.run.part(FIND_SHARE, 1),
        )
        is_small = instances.number <= np.iinfo(np.uint16).max  # as a texture takes them
        ids = instances.ids.astype(np.uint16) if is_small else instances.signed
        return FoundObjects(order, ids, measured.objects)

    return measure


class SavingTable(BackgroundTask):
    """Writes a table of objects; succeeds with its path."""

    def start(self, path: Path, table: ObjectTable, about: Mapping[str, Any]) -> None:
        """Begin."""

        def write(_: Report) -> Path:
            write_with_provenance(path, table, "objects", about)
            return path

        self.run(write, f"Writing {path.name}")
