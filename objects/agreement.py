"""Two segmentations of one volume: how far they agree, class by class, object by object."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, VolumeLike, Workers, Workspace, split_blocks

from .between_surfaces import SurfaceDistances, distances_of_classes
from .checks import Spacing, check_same_shape, checked_labels, checked_spacing, read_ids, slab_shape
from .errors import ObjectsError
from .matching import count_objects, sum_by_class
from .overlaps import count_overlaps

COMPARED_BYTES = 28  # of each voxel: labels and surfaces twice, a distance, what is at surfaces


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
    block_shape: Sequence[int] | None = None,
    workspace: Workspace | None = None,
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
    block_shape : sequence of 3 int, optional
        Voxels that are worked on at a time; the result doesn't depend on it.
    workspace : Workspace, optional
        Where all that is as large as the volume lies, in memory by default. With a scratch, only
        the voxels at the surfaces of a class are in memory.
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
    check_same_shape(other, one.shape, "second segmentation", "first")
    size, run, room = checked_spacing(spacing), Run.of(workers), workspace or Workspace()
    near = 2 * min(size) if tolerance is None else float(tolerance)
    if not near >= 0:
        raise ObjectsError(f"the tolerance is a distance of 0 or more, not {near:g}")
    steps = run.steps([2, 1, 6, 3, 3, 1])
    blocks = block_shape or slab_shape(one.shape)
    a, b, left_out = _compared(one, other, ignore, only_where_one_is, blocks, room, steps[0])
    pairs = count_overlaps(
        a.shape,
        lambda block: read_ids(a, block.core),
        lambda block: read_ids(b, block.core),
        room.releasing(steps[1]),
    )
    classes = np.setdiff1d(np.union1d(*pairs[:2]), [0])
    if left_out == a.size:
        raise ObjectsError("nothing is left to compare: every voxel is left out")
    if not classes.size:
        where = " where they are compared" if left_out else ""
        raise ObjectsError(f"there is nothing to compare: all labels of both are 0{where}")
    found = _compare_classes(a, b, classes, pairs, near, size, block_shape, room, steps[2:])
    ids_a, ids_b, voxels = pairs
    same = int(voxels[ids_a == ids_b].sum())
    return Agreement(found, a.size - left_out, same - left_out, near)


def _compare_classes(
    a: NDArray[Any],
    b: NDArray[Any],
    classes: NDArray[np.int64],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    near: float,
    spacing: Spacing,
    block_shape: Sequence[int] | None,
    room: Workspace,
    steps: Sequence[Run],
) -> tuple[ClassAgreement, ...]:
    """Compare all classes, whose voxels `pairs` count; each pass over the volumes is for all."""
    surfaces = distances_of_classes(
        lambda box: read_ids(a, box),
        lambda box: read_ids(b, box),
        a.shape,
        classes,
        spacing,
        near,
        steps[0],
        block_shape=block_shape,
        workspace=room.renewed(),  # what it takes is free again before the next
    )
    objects = count_objects(a, b, classes, block_shape, room.renewed(), steps[1:])
    counts = zip(*_voxels_of_classes(*pairs, classes), *objects, strict=True)
    return tuple(
        ClassAgreement(value, in_a, in_b, common, apart, objects_a, objects_b, matched)
        for value, apart, (in_a, in_b, common, objects_a, objects_b, matched) in zip(
            classes.tolist(), surfaces, counts, strict=True
        )
    )


def _compared(
    one: VolumeLike,
    other: VolumeLike,
    ignore: VolumeLike | None,
    only_where_one_is: bool,
    block_shape: Sequence[int],
    room: Workspace,
    run: Run,
) -> tuple[NDArray[Any], NDArray[Any], int]:
    """Read both into the workspace, 0 where they aren't compared; count the voxels that are so.

    They are read once: a file may take long to be read, and both are looked at many times.
    """
    skipped = None
    if ignore is not None:
        skipped = checked_labels(ignore, "voxels to ignore")
        check_same_shape(skipped, one.shape, "volume of voxels to ignore")
    a, b = room.empty(one.shape, _small(one)), room.empty(one.shape, _small(other))

    def read(block: Block) -> int:
        left = read_ids(one, block.core, "labels A")
        right = read_ids(other, block.core, "labels B")
        left_out = np.zeros(left.shape, np.bool_)
        if skipped is not None:
            left_out |= read_ids(skipped, block.core, "voxels to ignore") != 0
        if only_where_one_is:
            left_out |= left == 0
        left[left_out] = right[left_out] = 0
        a[block.core], b[block.core] = left, right
        return int(np.count_nonzero(left_out))

    left_out = sum(room.releasing(run).blocks(read, split_blocks(one.shape, block_shape)))
    return a, b, left_out


def _small(labels: VolumeLike) -> np.dtype[Any]:
    """Return the type that labels are kept in: no more bytes than they have anyway."""
    dtype = np.dtype(labels.dtype)
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    return dtype.newbyteorder("=") if dtype.kind == "u" and dtype.itemsize <= 2 else np.dtype("i4")


def _voxels_of_classes(
    ids_a: NDArray[np.int64],
    ids_b: NDArray[np.int64],
    voxels: NDArray[np.int64],
    classes: NDArray[np.int64],
) -> tuple[list[int], list[int], list[int]]:
    """Count the voxels of each class in the one, in the other, and in both."""
    return (
        sum_by_class(ids_a, voxels, classes),
        sum_by_class(ids_b, voxels, classes),
        sum_by_class(np.where(ids_a == ids_b, ids_a, 0), voxels, classes),
    )
