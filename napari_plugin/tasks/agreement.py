"""Two segmentations of the image compared: how far they agree, and where they don't."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Scratch, Workspace
from supervox.napari_plugin.layers.source import Box, CroppedVolume, Source
from supervox.objects import (
    COMPARED_BYTES,
    Agreement,
    Calibrated,
    ClassAgreement,
    Column,
    ObjectsError,
    ObjectTable,
    compare,
    find_differences,
)
from supervox.project import ProjectError
from supervox.segmentation import copy_volume, default_budget, versions
from supervox.volumes import VolumeError

from .compared_sides import Side, open_side
from .jobs import BackgroundTask, Report, Task
from .resources import Resources


@dataclass(frozen=True, eq=False)
class AgreementOrder:
    """What to compare.

    Attributes
    ----------
    a, b : Side
    source : Source
        The image that they are of, and the part to work in.
    names : mapping of int to str
        Of the classes in the window, which go before those of the sides.
    resources : Resources
        What may be used.
    """

    a: Side
    b: Side
    source: Source
    names: Mapping[int, str]
    resources: Resources


@dataclass(frozen=True, eq=False)
class Compared:
    """What came of a comparison.

    Attributes
    ----------
    order : AgreementOrder
    a, b : array of integers, (Z, Y, X)
        What was compared: the part that both cover.
    start : tuple of 3 int
        Place of its first voxel in the image.
    agreement : Agreement
    places : ObjectTable
        Where they differ, the largest place first.
    names : mapping of int to str
        Of all classes.
    """

    order: AgreementOrder
    a: NDArray[Any] = field(repr=False)
    b: NDArray[Any] = field(repr=False)
    start: tuple[int, int, int]
    agreement: Agreement
    places: ObjectTable = field(repr=False)
    names: Mapping[int, str]

    def name_of(self, class_id: int) -> str:
        """Return the name of a class."""
        return self.names.get(class_id, f"class {class_id}")

    def places_of(self, class_id: int) -> ObjectTable:
        """Return the places where either says a class, or all for 0."""
        if not class_id:
            return self.places
        either = (self.places["class_a"] == class_id) | (self.places["class_b"] == class_id)
        return self.places.where(either)

    @property
    def table(self) -> ObjectTable:
        """A row for each class, with all measures."""
        source, classes = self.order.source, self.agreement.classes
        scale = Calibrated.of(source.spacing, source.unit)
        length, volume = scale.power(1), scale.power(3)

        def column(name: str, unit: str, definition: str, values: list[float]) -> Column:
            return Column(name, np.array(values), unit, definition)

        def measure(name: str, unit: str, definition: str) -> Column:
            return column(name, unit, definition, [item.as_json()[name] for item in classes])

        names = np.array([self.name_of(item.class_id) for item in classes], object)
        voxel = scale.voxel_volume
        volumes = [[voxel * n for n in sizes] for sizes in map(_voxels, classes)]
        surface = "between the surfaces of both, from each to the nearest of the other"
        return ObjectTable(
            (
                Column("class", np.array([item.class_id for item in classes])),
                Column("class_name", names),
                measure("dice", "", "twice the common voxels, divided by the voxels of both"),
                measure("iou", "", "common voxels, divided by those of either"),
                column("volume_a", volume, "volume in A", [pair[0] for pair in volumes]),
                column("volume_b", volume, "volume in B", [pair[1] for pair in volumes]),
                measure("volume_difference", "", "B less A, as a share of A"),
                measure("mean_surface_distance", length, f"mean distance {surface}"),
                measure("surface_distance_95", length, f"95 % of distances {surface} are less"),
                measure("hausdorff_distance", length, f"largest distance {surface}"),
                measure(
                    "boundary_f",
                    "",
                    "share of both surfaces that lies within "
                    f"{f'{self.agreement.tolerance:g} {length}'.strip()} of the other",
                ),
                measure("objects_a", "", "connected objects in A"),
                measure("objects_b", "", "connected objects in B"),
                measure("matched", "", "pairs of objects with more than half in common (IoU)"),
                measure("object_f1", "", "twice the matched pairs, divided by objects of both"),
            )
        )

    def about(self, image: str) -> dict[str, Any]:
        """Return what the table was made from; `image` is its address, or its name."""
        source = self.order.source
        known = source.voxel_size.known
        return {
            "a": self.order.a.name,
            "b": self.order.b.name,
            "image": image,
            "shape": list(self.a.shape),
            "first_voxel": list(self.start),
            "spacing": None if known is None else list(known),
            "unit": source.unit,
            "agreement": self.agreement.agreement,
            "versions": versions(),
        }


def _voxels(item: ClassAgreement) -> tuple[int, int]:
    return item.voxels_a, item.voxels_b


@dataclass(frozen=True)
class Refused:
    """Why two segmentations can't be compared."""

    why: str


class Agreeing(BackgroundTask):
    """Compares two segmentations; succeeds with `Compared`, or with `Refused`."""

    def start(self, order: AgreementOrder) -> None:
        """Begin."""
        self.run(_task(order), "Comparing labels", shown=True)


def _task(order: AgreementOrder) -> Task:
    def work(report: Report) -> Compared | Refused:
        try:
            return _compared(order, report)
        except (ObjectsError, VolumeError, ProjectError) as error:
            return Refused(str(error))

    return work


def _compared(order: AgreementOrder, report: Report) -> Compared:
    source = order.source
    reading_a, reading_b, comparing, finding = report.run.steps([1, 1, 12, 4])
    with ExitStack() as stack:
        opened = [open_side(side, source, stack, report.run) for side in (order.a, order.b)]
        box = _common(opened[0].box, opened[1].box)
        room = _room(box, order.resources)
        a, b = (
            copy_volume(CroppedVolume(side.labels, _within(box, side.box)), room, run)
            for side, run in zip(opened, (reading_a, reading_b), strict=True)
        )
    own = room.renewed()  # what a comparison takes is free again after it
    agreement = compare(a, b, spacing=source.spacing, workspace=own, workers=comparing)
    places = find_differences(
        a, b, spacing=source.spacing, unit=source.unit, workspace=room.renewed(), workers=finding
    )
    names = {**opened[1].names, **opened[0].names, **order.names}
    start = box[0].start, box[1].start, box[2].start
    return Compared(order, a, b, start, agreement, places, names)


def _common(one: Box, other: Box) -> Box:
    z, y, x = (
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    if any(part.start >= part.stop for part in (z, y, x)):
        raise ObjectsError("A and B are of different parts of the volume: they share no voxel")
    return z, y, x


def _within(box: Box, outer: Box) -> Box:
    """Return a box by its place in another one that holds it."""
    z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, outer, strict=True))
    return z, y, x


def _room(box: Box, resources: Resources) -> Workspace:
    """Return where both lie, and all that is made of them: on the disk where memory is short."""
    budget = default_budget() if resources.memory is None else resources.memory
    needed = COMPARED_BYTES * math.prod(part.stop - part.start for part in box)
    return Workspace() if needed <= budget else Workspace(Scratch(resources.scratch))
