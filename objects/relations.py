"""How objects lie: nearest neighbours, parents, distances to classes, depth below a surface."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from supervox.execution import Block, Run, VolumeLike, Workspace, split_blocks

from ._gather import distance_from_centre
from .checks import check_same_shape, checked_labels, read_ids, slab_shape
from .definitions import EDT
from .distances import Inside, Kind, distances_to
from .errors import ObjectsError
from .instances import Instances
from .intensities import STATISTICS, describe_values, least_values
from .overlaps import count_overlaps
from .scale import Calibrated
from .shape import centres_of
from .shape_columns import defined
from .sums import ObjectSums
from .table import Column

AS_MUCH_AS = 4  # volumes may be looked at in all before the distances of all voxels cost less


def nearest_columns(instances: Instances, sums: ObjectSums, scale: Calibrated) -> list[Column]:
    """Return the nearest object of the same class, by centres: 0 and NaN if there is no other."""
    nearest, distance = nearest_of(centres_of(sums) * scale.spacing, instances.class_of)
    return [
        defined("nearest", nearest + 1),
        defined("nearest_distance", distance, scale.power(1)),
    ]


def nearest_of(
    centres: NDArray[np.float64], class_of: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the row of the nearest centre of the same class, -1 if there is none; and how far.

    Parameters
    ----------
    centres : float64, (N, 3)
        In physical units.
    class_of : integers, (N,)
    """
    nearest = np.full(class_of.size, -1, np.int64)
    distance = np.full(class_of.size, np.nan)
    for value in np.unique(class_of):
        members = np.flatnonzero(class_of == value)
        if members.size < 2:
            continue
        away, other = cKDTree(centres[members]).query(centres[members], k=2)
        itself = other[:, 0] == np.arange(members.size)  # two may have one centre
        nearest[members] = members[np.where(itself, other[:, 1], other[:, 0])]
        distance[members] = np.where(itself, away[:, 1], away[:, 0])
    return nearest, distance


def parent_columns(
    instances: Instances, sums: ObjectSums, parents: VolumeLike, run: Run
) -> tuple[list[Column], dict[int, int]]:
    """Return the parent of each object, and the voxels of each parent.

    Parameters
    ----------
    instances : Instances
    sums : ObjectSums
    parents : array-like of integers, (Z, Y, X)
        Ids of the parents, 0 where there is none.
    run : Run

    Raises
    ------
    ObjectsError
        If the parents are of another shape, or no ids.
    """
    parents = checked_labels(parents, "parents")
    check_same_shape(parents, instances.ids.shape, "volume of parents")
    ids = instances.signed
    own, parent, voxels = count_overlaps(
        ids.shape,
        lambda block: np.ascontiguousarray(ids[block.core]),
        lambda block: read_ids(parents, block.core, "parents"),
        run,
    )
    there, number = np.unique(parent, return_inverse=True)
    sizes = np.zeros(there.size, np.int64)
    np.add.at(sizes, number, voxels)
    inside = (own > 0) & (parent > 0)
    own, parent, voxels = own[inside] - 1, parent[inside], voxels[inside]
    order = np.lexsort((-parent, voxels, own))  # the last of each has most, then the lowest id
    of, share = np.zeros(instances.number, np.int64), np.zeros(instances.number)
    of[own[order]] = parent[order]
    share[own[order]] = voxels[order] / sums.voxels[own[order]]
    return (
        [defined("parent", of), defined("parent_share", share)],
        {k: size for k, size in zip(there.tolist(), sizes.tolist(), strict=True) if k},
    )


def class_mask(labels: VolumeLike, classes: Sequence[int], *, outside: bool = False) -> Inside:
    """Return a function that finds the voxels of some classes, or those of no such class."""
    wanted = np.asarray(list(classes), np.int32)

    def inside(block: Block) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.isin(read_ids(labels, block.core), wanted, invert=outside)
        return found

    return inside


def classes_of(labels: VolumeLike, run: Run = Run()) -> list[int]:
    """Return the classes that labels hold, in order.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X)
    run : Run
    """

    def look(block: Block) -> NDArray[np.int32]:
        return np.unique(read_ids(labels, block.core))

    found = run.blocks(look, split_blocks(labels.shape, slab_shape(labels.shape)))
    there = {value for values in found for value in values.tolist()}
    return sorted(there - {0})


def check_classes_there(wanted: Sequence[int], there: Sequence[int], what: str) -> None:
    """Refuse classes that the labels don't have.

    Raises
    ------
    ObjectsError
        If so; the message says which there are.
    """
    for value in wanted:
        if value not in there:
            shown = ", ".join(map(str, there)) or "none"
            raise ObjectsError(f"{what}: the labels have no class {value}; there are: {shown}")


def distance_columns(
    instances: Instances,
    sums: ObjectSums,
    labels: VolumeLike,
    value: int,
    name: str,
    scale: Calibrated,
    workspace: Workspace,
    block_shape: Sequence[int] | None,
    run: Run,
) -> list[Column]:
    """Return each object's distance to a class: from surface to surface, and from the centre."""
    unit, shape = scale.power(1), instances.ids.shape
    inside = class_mask(labels, [value])
    steps = run.steps([4, 1, 1])
    gap = distances_to(shape, inside, scale.spacing, "gap", workspace=workspace, run=steps[0])
    least = least_values(instances, gap, block_shape, steps[1])
    centres = np.rint(centres_of(sums)).astype(np.int64)
    z, y, x = centres.T
    gaps = gap[z, y, x].astype(np.float64)
    del gap
    away = _from_centres(centres, gaps, inside, shape, scale, workspace, steps[2])
    text = f"from the voxel at the object's centre to the surface of class {value}; 0 within it"
    return [
        Column(
            f"distance_{name}",
            least,
            unit,
            f"least distance between the object's surface and that of class {value}; 0 where both "
            "touch",
            EDT,
        ),
        Column(f"centre_distance_{name}", away, unit, text, EDT),
    ]


def _from_centres(
    centres: NDArray[np.int64],
    gaps: NDArray[np.float64],
    inside: Inside,
    shape: tuple[int, ...],
    scale: Calibrated,
    workspace: Workspace,
    run: Run,
) -> NDArray[np.float64]:
    """Return the distance from the centre of each voxel to the surface of a class.

    The gap between a centre's voxel and the class says how far to look: half a voxel farther. Where
    that is more to look at than the volume, the distances of all voxels are computed instead.
    """
    size = np.array(scale.spacing)
    out = np.full(len(centres), np.inf)
    known = np.where(np.isfinite(gaps), gaps, 0)[:, np.newaxis]
    reach = np.ceil((known + np.linalg.norm(size)) / size).astype(np.int64)
    low, high = np.maximum(centres - reach, 0), np.minimum(centres + reach + 1, shape)

    if np.prod(high - low, axis=1).sum() > AS_MUCH_AS * math.prod(shape):
        everywhere = distances_to(
            shape, inside, scale.spacing, "surface", workspace=workspace, run=run
        )
        z, y, x = centres.T
        found: NDArray[np.float64] = everywhere[z, y, x].astype(np.float64)
        return found

    def one(k: int) -> None:
        if np.isfinite(gaps[k]):
            z, y, x = (slice(int(a), int(b)) for a, b in zip(low[k], high[k], strict=True))
            box = Block(0, (z, y, x), (z, y, x))
            out[k] = distance_from_centre(inside(box), centres[k] - low[k], size)

    run.parallel(one, range(len(out)))
    return out


def depth_below(
    labels: VolumeLike,
    classes: Sequence[int],
    scale: Calibrated,
    kind: Kind = "surface",
    *,
    workspace: Workspace | None = None,
    run: Run = Run(),
) -> NDArray[np.float32]:
    """Return how deep each voxel lies below the surface of the body that some classes make up.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X)
    classes : sequence of int
        All classes of the body, such as those of a cell.
    scale : Calibrated
    kind : {"surface", "centres"}
        From the voxel's centre to the surface, or to the centre of the nearest voxel outside.
    workspace : Workspace, optional
    run : Run

    Returns
    -------
    float32, (Z, Y, X)
        0 outside; infinite if there is no outside. The border of the volume is no surface.
    """
    outside = class_mask(labels, classes, outside=True)
    return distances_to(labels.shape, outside, scale.spacing, kind, workspace=workspace, run=run)


def depth_columns(
    instances: Instances,
    sums: ObjectSums,
    labels: VolumeLike,
    classes: Sequence[int],
    scale: Calibrated,
    workspace: Workspace,
    block_shape: Sequence[int] | None,
    run: Run,
) -> list[Column]:
    """Return least, mean and largest depth of each object's voxels below a body's surface."""
    steps = run.steps([3, 1])
    depth = depth_below(labels, classes, scale, workspace=workspace, run=steps[0])
    found = describe_values(instances, sums, depth, block_shape, steps[1])
    body = ", ".join(map(str, classes))
    texts: Mapping[str, str] = {"minimum": "least", "mean": "mean", "maximum": "largest"}
    return [
        Column(
            f"depth_{text}",
            found[:, STATISTICS.index(name)],
            scale.power(1),
            f"{text} depth of its voxels below the surface of the body of class {body}",
            EDT,
        )
        for name, text in texts.items()
    ]
