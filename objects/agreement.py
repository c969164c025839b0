"""Two segmentations of one volume: how far they agree, class by class, object by object."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike, Workers, split_blocks

from .between_surfaces import SurfaceDistances, surface_distances
from .checks import check_same_shape, checked_labels, checked_spacing, read_ids, slab_shape
from .errors import ObjectsError
from .instances import Instances, find_objects
from .overlaps import count_overlaps

MATCH = 0.5  # of the union that two objects must have in common


@dataclass(frozen=True)
class ClassAgreement:
    """How far two segmentations agree on one class.

    Attributes
    ----------
    class_id : int
    voxels_a, voxels_b, common : int
        Voxels of the class in the one, in the other, in both.
    surfaces : SurfaceDistances
    objects_a, objects_b, matched : int
        Connected objects in each, and pairs of them whose IoU is above 0.5.
    """

    class_id: int
    voxels_a: int
    voxels_b: int
    common: int
    surfaces: SurfaceDistances
    objects_a: int
    objects_b: int
    matched: int

    @property
    def dice(self) -> float:
        """Twice the common voxels, divided by the voxels of both."""
        return _ratio(2 * self.common, self.voxels_a + self.voxels_b)

    @property
    def iou(self) -> float:
        """The common voxels, divided by those of either."""
        return _ratio(self.common, self.voxels_a + self.voxels_b - self.common)

    @property
    def volume_difference(self) -> float:
        """How much more the second has than the first, as a share of the first."""
        return _ratio(self.voxels_b - self.voxels_a, self.voxels_a)

    @property
    def object_f1(self) -> float:
        """Twice the matched objects, divided by the objects of both."""
        return _ratio(2 * self.matched, self.objects_a + self.objects_b)

    def as_json(self) -> dict[str, Any]:
        """Return all measures by name."""
        known: dict[str, Any] = {
            "dice": self.dice,
            "iou": self.iou,
            "volume_difference": self.volume_difference,
            "mean_surface_distance": self.surfaces.mean,
            "surface_distance_95": self.surfaces.percentile_95,
            "hausdorff_distance": self.surfaces.largest,
            "boundary_f": self.surfaces.f_score,
            "object_f1": self.object_f1,
        }
        own = asdict(self)
        del own["surfaces"]
        return {"id": own.pop("class_id")} | known | own


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


@dataclass(frozen=True)
class Agreement:
    """How far two segmentations agree.

    Attributes
    ----------
    classes : tuple of ClassAgreement
        Every class of either, by id.
    voxels, same : int
        Voxels compared, and those with the same label.
    tolerance : float
        Of the boundary F-score.
    """

    classes: tuple[ClassAgreement, ...]
    voxels: int
    same: int
    tolerance: float

    @property
    def agreement(self) -> float:
        """Share of the voxels compared that have the same label."""
        return _ratio(self.same, self.voxels)


def compare(
    one: VolumeLike,
    other: VolumeLike,
    *,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    tolerance: float | None = None,
    ignore: VolumeLike | None = None,
    only_where_one_is: bool = False,
    workers: Workers = None,
) -> Agreement:
    """Compare two segmentations of one volume.

    Parameters
    ----------
    one, other : array-like of integers, (Z, Y, X) or (Y, X)
        0 is no class.
    spacing : sequence of 3 float
        Voxel size; distances are in its unit.
    tolerance : float, optional
        Within which surfaces count as the same, for the boundary F-score; twice the smallest edge
        of a voxel by default.
    ignore : array-like of integers, optional
        Voxels that are not 0 here are not compared.
    only_where_one_is : bool
        Whether to compare only where the first has a class, as with a ground truth that leaves
        voxels open.
    workers : int or Run, optional
        Threads, one per processor by default; or a `Run`, which also shows progress and stops.

    Returns
    -------
    Agreement

    Raises
    ------
    ObjectsError
        If the shapes differ, the values are no ids, or nothing is left to compare.
    """
    one, other = checked_labels(one, "labels A"), checked_labels(other, "labels B")
    check_same_shape(other, one.shape, "second segmentation")
    size, run = checked_spacing(spacing), Run.of(workers)
    a, b, left_out = _compared(one, other, ignore, only_where_one_is)
    near = 2 * min(size) if tolerance is None else float(tolerance)
    if not near >= 0:
        raise ObjectsError(f"the tolerance is a distance of 0 or more, not {near:g}")
    steps = run.steps([1, 20])
    ids_a, ids_b, voxels = count_overlaps(
        a.shape,
        lambda block: read_ids(a, block.core),
        lambda block: read_ids(b, block.core),
        steps[0],
    )
    classes = sorted((set(ids_a.tolist()) | set(ids_b.tolist())) - {0})
    if left_out == a.size:
        raise ObjectsError("nothing is left to compare: every voxel is left out")
    if not classes:
        raise ObjectsError("there is nothing to compare: all labels of both are 0")
    parts = steps[1].steps([1] * len(classes))
    found = [
        _of_class(a, b, value, size, near, part) for value, part in zip(classes, parts, strict=True)
    ]
    same = int(voxels[ids_a == ids_b].sum())
    return Agreement(tuple(found), a.size - left_out, same - left_out, near)


def _compared(
    one: VolumeLike, other: VolumeLike, ignore: VolumeLike | None, only_where_one_is: bool
) -> tuple[NDArray[Any], NDArray[Any], int]:
    """Return both in memory, 0 where they aren't compared, and how many voxels that are."""
    a, b = _read_small(one), _read_small(other)
    left_out = np.zeros(a.shape, np.bool_)
    if ignore is not None:
        skipped = checked_labels(ignore, "voxels to ignore")
        check_same_shape(skipped, one.shape, "volume of voxels to ignore")
        left_out |= _read_small(skipped) != 0
    if only_where_one_is:
        left_out |= a == 0
    a[left_out] = b[left_out] = 0
    return a, b, int(left_out.sum())


def _read_small(labels: VolumeLike) -> NDArray[Any]:
    """Read labels into memory, in no more bytes than they have anyway."""
    dtype = np.dtype(labels.dtype)
    small = dtype.kind in "bu" and dtype.itemsize <= 2
    out = np.empty(tuple(labels.shape), dtype.newbyteorder("=") if small else np.int32)
    for block in split_blocks(labels.shape, slab_shape(labels.shape)):
        out[block.core] = read_ids(labels, block.core)
    return out.view(np.uint8) if dtype.kind == "b" else out


def _of_class(
    a: NDArray[Any],
    b: NDArray[Any],
    value: int,
    spacing: tuple[float, float, float],
    tolerance: float,
    run: Run,
) -> ClassAgreement:
    """Compare one class, in the box that it takes up."""
    in_a, in_b = a == value, b == value
    voxels_a, voxels_b = int(in_a.sum()), int(in_b.sum())
    box = _box_around(in_a | in_b)
    in_a, in_b = in_a[box], in_b[box]
    steps = run.steps([3, 1, 1, 1])
    objects_a = find_objects(in_a.view(np.uint8), workers=steps[1])
    objects_b = find_objects(in_b.view(np.uint8), workers=steps[2])
    return ClassAgreement(
        value,
        voxels_a,
        voxels_b,
        int((in_a & in_b).sum()),
        surface_distances(in_a, in_b, spacing, tolerance, steps[0]),
        objects_a.number,
        objects_b.number,
        len(match_objects(objects_a, objects_b, run=steps[3])),
    )


def _box_around(inside: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """Return the box of what is inside, a voxel wider on all sides where the volume goes on."""
    sides = []
    for axis in range(3):
        others = tuple(k for k in range(3) if k != axis)
        places = np.flatnonzero(inside.any(axis=others))
        sides.append(slice(max(0, int(places[0]) - 1), int(places[-1]) + 2))
    return sides[0], sides[1], sides[2]


def match_objects(
    one: Instances, other: Instances, *, least_iou: float = MATCH, run: Run = Run()
) -> NDArray[np.int64]:
    """Find objects that two volumes have in common.

    Parameters
    ----------
    one, other : Instances
        Of the same voxels.
    least_iou : float
        Objects match whose common voxels are more than this share of those of either; from 0.5 on
        an object matches one other at most.
    run : Run

    Returns
    -------
    int64, (M, 2)
        Ids of the one and of the other, in order.
    """
    ids_a, ids_b = one.signed, other.signed
    a, b, common = count_overlaps(
        ids_a.shape,
        lambda block: np.ascontiguousarray(ids_a[block.core]),
        lambda block: np.ascontiguousarray(ids_b[block.core]),
        run,
    )
    sizes_a, sizes_b = np.zeros(one.number + 1, np.int64), np.zeros(other.number + 1, np.int64)
    np.add.at(sizes_a, a, common)
    np.add.at(sizes_b, b, common)
    iou = common / (sizes_a[a] + sizes_b[b] - common)
    matched = (a > 0) & (b > 0) & (iou > least_iou)
    return np.stack([a[matched], b[matched]], axis=1)
