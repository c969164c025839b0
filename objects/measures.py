"""All measures of objects: one table of objects, one of contacts, one of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from supervox.execution import Run, VolumeLike, Workers, Workspace

from .checks import check_same_shape, checked_image, checked_labels
from .contacts import column_parts, contact_columns, contact_table
from .definitions import STATISTIC_TEXTS
from .instances import Instances
from .intensities import STATISTICS, describe_values
from .relations import (
    check_classes_there,
    classes_of,
    depth_columns,
    distance_columns,
    nearest_columns,
    parent_columns,
)
from .rules import RuledObjects
from .scale import Calibrated
from .shape_columns import defined, place_columns, shape_columns, size_columns
from .sums import ObjectSums, sum_objects
from .table import Column, ObjectTable
from .totals import class_totals


@dataclass(frozen=True)
class MeasureRequest:
    """What is to be measured besides size, shape, place and contacts.

    Attributes
    ----------
    names : mapping of int to str
        Names of the classes.
    channels : mapping of str to array-like, (Z, Y, X)
        Images by name: their values are described as they are, not normalised. A probability of
        the class is one as well.
    labels : array-like of integers, (Z, Y, X), optional
        What the objects were found in; `distance_to` and `depth_below` need it.
    distance_to : sequence of int
        Classes to which distances are measured.
    depth_below : sequence of int
        Classes that together are a body, such as the cell, below whose surface depths are measured.
    parents : array-like of integers, (Z, Y, X), optional
        Ids of what objects may lie in.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[str, VolumeLike] = field(default_factory=dict)
    labels: VolumeLike | None = None
    distance_to: Sequence[int] = ()
    depth_below: Sequence[int] = ()
    parents: VolumeLike | None = None


@dataclass(frozen=True)
class Measured:
    """The measures of objects.

    Attributes
    ----------
    objects : ObjectTable
        A row for each object, in the order of their ids.
    contacts : ObjectTable
        A row for each two objects that share a face of a voxel.
    classes : ObjectTable
        A row for each class, and for each class in each parent.
    scale : Calibrated
    parents : mapping of int to int
        Voxels of each parent.
    """

    objects: ObjectTable
    contacts: ObjectTable
    classes: ObjectTable
    scale: Calibrated
    parents: Mapping[int, int]

    def after(self, ruled: RuledObjects, names: Mapping[int, str]) -> Measured:
        """Return what is left after rules: without removed objects, in the classes they gave.

        Columns about classes, such as contacts with them, stay those of the labels.
        """
        objects = ruled.table(self.objects, names)
        class_of = ruled.class_of
        first, second = (self.contacts[name] - 1 for name in ("id_1", "id_2"))
        contacts = self.contacts.replaced("class_1", class_of[first])
        contacts = contacts.replaced("class_2", class_of[second])
        contacts = contacts.where((class_of[first] > 0) & (class_of[second] > 0))
        totals = class_totals(objects, self.scale, self.parents)
        return Measured(objects, contacts, totals, self.scale, self.parents)


def measure_objects(
    instances: Instances,
    request: MeasureRequest = MeasureRequest(),
    *,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    unit: str | None = None,
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    block_shape: Sequence[int] | None = None,
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> Measured:
    """Measure objects, in the unit of the voxel size.

    Parameters
    ----------
    instances : Instances
    request : MeasureRequest
    spacing : sequence of 3 float
        Voxel size along planes, rows and columns.
    unit : str, optional
        Its unit; lengths are in voxels without it.
    origin : sequence of 3 float
        Place of the first voxel.
    block_shape : sequence of 3 int, optional
        Voxels that are worked on at a time; the result doesn't depend on it.
    workspace : Workspace, optional
        Where distances lie; in memory by default.
    workers : int or Run, optional
        Threads, one per processor by default; or a `Run`, which also shows progress and stops.

    Returns
    -------
    Measured

    Raises
    ------
    ObjectsError
        If a volume has another shape than the instances, or a class isn't there.
    Cancelled
        If the run is to stop.
    """
    scale = Calibrated.of(spacing, unit, origin)
    room, run = workspace or Workspace(), Run.of(workers)
    request = _checked(instances, request, run.silent())
    costs = [2.0, 1.0, 1.0, *(1.0 for _ in request.channels), *(8.0 for _ in request.distance_to)]
    steps = iter(run.steps([*costs, 4.0 * bool(request.depth_below), 1.0]))
    sums = sum_objects(instances, block_shape, next(steps))
    columns = [*_identity(instances, request.names), *size_columns(sums, scale, next(steps))]
    columns += shape_columns(instances, sums, scale, next(steps))
    columns += place_columns(instances, sums, scale)
    for name, image in request.channels.items():
        columns += channel_columns(instances, sums, name, image, block_shape, next(steps))
    parts = column_parts(request.distance_to, request.names)
    for value, name in parts.items():
        columns += distance_columns(
            *(instances, sums, _labels_of(request.labels), value, name, scale, room, block_shape),
            next(steps),
        )
    if request.depth_below:
        labels, body = _labels_of(request.labels), list(request.depth_below)
        columns += depth_columns(
            *(instances, sums, labels, body, scale, room, block_shape), next(steps)
        )
    contacts = contact_table(instances, sums, scale)
    columns += contact_columns(instances, contacts, scale, request.names)
    columns += nearest_columns(instances, sums, scale)
    parents: dict[int, int] = {}
    if request.parents is not None:
        found, parents = parent_columns(instances, sums, request.parents, run.silent())
        columns += found
    objects = ObjectTable(tuple(columns))
    return Measured(objects, contacts, class_totals(objects, scale, parents), scale, parents)


def _checked(instances: Instances, request: MeasureRequest, run: Run) -> MeasureRequest:
    """Refuse what doesn't fit the instances."""
    shape = instances.ids.shape
    channels = {
        name: checked_image(image, shape, f"image {name!r}")
        for name, image in request.channels.items()
    }
    labels = request.labels
    if labels is not None:
        labels = checked_labels(labels)
        check_same_shape(labels, shape, "volume of labels")
    if request.distance_to or request.depth_below:
        there = classes_of(_labels_of(labels), run)
        check_classes_there(request.distance_to, there, "distances")
        check_classes_there(request.depth_below, there, "depth")
    return MeasureRequest(
        request.names,
        channels,
        labels,
        tuple(request.distance_to),
        tuple(dict.fromkeys(request.depth_below)),
        request.parents,
    )


def _labels_of(labels: VolumeLike | None) -> VolumeLike:
    if labels is None:
        raise ValueError("distances and depths need the labels: give MeasureRequest(labels=...)")
    return labels


def _identity(instances: Instances, names: Mapping[int, str]) -> list[Column]:
    """Return id, class and name of the class."""
    texts = np.array([names.get(value, "") for value in instances.class_of.tolist()], object)
    return [
        defined("id", np.arange(1, instances.number + 1)),
        defined("class", instances.class_of.astype(np.int64)),
        defined("class_name", texts),
    ]


def channel_columns(
    instances: Instances,
    sums: ObjectSums,
    name: str,
    image: VolumeLike,
    block_shape: Sequence[int] | None,
    run: Run,
) -> list[Column]:
    """Return the columns that describe an image's values in the objects."""
    found = describe_values(instances, sums, image, block_shape, run)
    columns = []
    for k, statistic in enumerate(STATISTICS):
        text, source = STATISTIC_TEXTS[statistic]
        what = text.format(what=name)
        columns.append(Column(f"{statistic}_{name}", found[:, k], "", what, source))
    return columns
