"""Where two segmentations differ: an overlay, and the places that differ, the largest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, VolumeLike, Workers, Workspace, split_blocks

from ._pairs import PAIR_BASE
from .checks import check_same_shape, checked_labels, read_ids, slab_shape
from .instances import Instances, find_objects
from .overlaps import count_overlaps
from .scale import Calibrated
from .shape import centres_of
from .shape_columns import AXES
from .sums import sum_objects
from .table import Column, ObjectTable

# What the overlay has for voxels: both say the same class, only one says one, or each another.
SAME, ONLY_A, ONLY_B, OTHER = 1, 2, 3, 4
OVERLAY_NAMES = {SAME: "both", ONLY_A: "only A", ONLY_B: "only B", OTHER: "another class"}


def overlay(
    one: VolumeLike,
    other: VolumeLike,
    class_id: int | None = None,
    *,
    ignore: VolumeLike | None = None,
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> NDArray[np.uint8]:
    """Show where two segmentations agree.

    Parameters
    ----------
    one, other : array-like of integers, (Z, Y, X)
        A and B; 0 is no class.
    class_id : int, optional
        Look at this class only.
    ignore : array-like of integers, optional
        Voxels that are not 0 here are left out, as for `compare`.
    workspace : Workspace, optional
        Where the overlay lies; in memory by default.
    workers : int or Run, optional

    Returns
    -------
    uint8, (Z, Y, X)
        0 where neither says anything, 1 where both say the same class, 2 where only A does, 3
        where only B does, 4 where each says another class.
    """
    one, other = _compared(one, other, ignore)
    room = workspace or Workspace()
    out: NDArray[np.uint8] = room.empty(one.shape, np.uint8)

    def look(block: Block) -> None:
        a, b = read_ids(one, block.core), read_ids(other, block.core)
        out[block.core] = said_by_both(a, b, class_id)

    for _ in room.releasing(Run.of(workers)).blocks(
        look, split_blocks(one.shape, slab_shape(one.shape))
    ):
        pass
    return out


def said_by_both(
    a: NDArray[Any], b: NDArray[Any], class_id: int | None = None
) -> NDArray[np.uint8]:
    """Return what an overlay has for labels of the same voxels, as `overlay` says.

    Parameters
    ----------
    a, b : array of integers
        Of any shape, the same for both.
    class_id : int, optional
        Look at this class only.

    Returns
    -------
    uint8
        Of the same shape.
    """
    if class_id is not None:
        a, b = a == class_id, b == class_id
    nothing, same, only_a, only_b, other = map(np.uint8, (0, SAME, ONLY_A, ONLY_B, OTHER))
    both = np.where(a == b, same, other)  # of bytes: all of a volume may be asked for
    said: NDArray[np.uint8] = np.where(b == 0, only_a, np.where(a == 0, only_b, both))
    return np.where((a == 0) & (b == 0), nothing, said)


def find_differences(
    one: VolumeLike,
    other: VolumeLike,
    *,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    unit: str | None = None,
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    ignore: VolumeLike | None = None,
    block_shape: Sequence[int] | None = None,
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> ObjectTable:
    """List the connected places where two segmentations differ, the largest first.

    Parameters
    ----------
    one, other : array-like of integers, (Z, Y, X)
        A and B.
    spacing, unit, origin
        Of a voxel; places and volumes are in its unit.
    ignore : array-like of integers, optional
        Voxels that are not 0 here are left out, as for `compare`.
    block_shape : sequence of 3 int, optional
        Voxels that are worked on at a time; the result doesn't depend on it.
    workspace : Workspace, optional
        Where the places are numbered; in memory by default.
    workers : int or Run, optional

    Returns
    -------
    ObjectTable
        A row for each place: what A and B say there, voxels, volume, and where it is.
    """
    one, other = _compared(one, other, ignore)
    scale, run = Calibrated.of(spacing, unit, origin), Run.of(workers)
    room = workspace or Workspace()
    run = room.releasing(run)
    steps = run.steps([1, 3, 3])
    a, b, _ = count_overlaps(
        tuple(one.shape),
        lambda block: read_ids(one, block.core),
        lambda block: read_ids(other, block.core),
        steps[0],
    )
    differ = a != b
    kinds = np.stack([a[differ], b[differ]], axis=1)
    coded = _Coded(one, other, kinds)
    found = find_objects(coded, block_shape=block_shape, workspace=room, workers=steps[1])
    return _table(found, kinds, scale, steps[2])


def _compared(
    one: VolumeLike, other: VolumeLike, ignore: VolumeLike | None
) -> tuple[VolumeLike, VolumeLike]:
    """Return two segmentations of the same voxels, 0 where they are not compared."""
    one, other = checked_labels(one, "labels A"), checked_labels(other, "labels B")
    check_same_shape(other, one.shape, "second segmentation", "first")
    if ignore is None:
        return one, other
    left_out = checked_labels(ignore, "voxels to ignore")
    check_same_shape(left_out, one.shape, "volume of voxels to ignore")
    return _Without(one, left_out), _Without(other, left_out)


class _Without:
    """Labels that are 0 where another volume is not, read block by block."""

    def __init__(self, labels: VolumeLike, left_out: VolumeLike) -> None:
        self._labels, self._left_out = labels, left_out
        self.shape, self.dtype = tuple(labels.shape), np.dtype(np.int32)

    def __getitem__(self, box: tuple[slice, slice, slice]) -> NDArray[np.int32]:
        values = read_ids(self._labels, box)
        values[read_ids(self._left_out, box, "voxels to ignore") != 0] = 0
        return values


class _Coded:
    """The kind of difference at each voxel, as a volume that is read block by block.

    Parameters
    ----------
    one, other : array-like of integers, (Z, Y, X)
    kinds : int64, (K, 2)
        Pairs of what the one and the other say, in order; the first has the number 1.
    """

    def __init__(self, one: VolumeLike, other: VolumeLike, kinds: NDArray[np.int64]) -> None:
        self._one, self._other = one, other
        self._keys = _keys_of(*kinds.T)
        self.shape, self.dtype = tuple(one.shape), np.dtype(np.int32)

    def __getitem__(self, box: tuple[slice, slice, slice]) -> NDArray[np.int32]:
        a, b = read_ids(self._one, box), read_ids(self._other, box)
        out, differ = np.zeros(a.shape, np.int32), a != b
        keys = _keys_of(a[differ].astype(np.int64), b[differ])
        out[differ] = np.searchsorted(self._keys, keys) + 1
        return out


def _keys_of(a: NDArray[np.int64], b: NDArray[Any]) -> NDArray[np.int64]:
    """Return a number for each pair of ids, in their order."""
    keys: NDArray[np.int64] = a * PAIR_BASE + b
    return keys


def _table(found: Instances, kinds: NDArray[np.int64], scale: Calibrated, run: Run) -> ObjectTable:
    sums = sum_objects(found, run=run)
    order = np.lexsort((np.arange(found.number), -sums.voxels))
    pairs = kinds[found.class_of[order] - 1] if found.number else kinds
    centres = centres_of(sums)[order] * scale.spacing + scale.origin
    voxels = sums.voxels[order]
    columns = [
        Column("rank", np.arange(1, found.number + 1), "", "1 for the largest difference"),
        Column("class_a", pairs[:, 0], "", "class in the first segmentation; 0 for none"),
        Column("class_b", pairs[:, 1], "", "class in the second segmentation; 0 for none"),
        Column("voxels", voxels, "", "voxels that differ there"),
        Column("volume", voxels * scale.voxel_volume, scale.power(3), "their volume"),
    ]
    for k, axis in enumerate(AXES):
        where = f"mean place along {axis}s, from the volume's origin"
        columns.append(Column(f"centre_{axis}", centres[:, k], scale.power(1), where))
    for k, axis in enumerate(AXES):
        where = f"first {axis} of it, counted from 0"
        columns.append(Column(f"first_{axis}", sums.low[order, k], "", where))
    for k, axis in enumerate(AXES):
        columns.append(Column(f"last_{axis}", sums.high[order, k], "", f"last {axis} of it"))
    return ObjectTable(tuple(columns))
