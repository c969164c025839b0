"""Profiles against distance: intensities and shares of classes by depth, in equal steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.execution import (
    Block,
    Run,
    VolumeLike,
    Workers,
    Workspace,
    read_block,
    split_blocks,
)

from .checks import checked_image, checked_labels, read_ids, slab_shape
from .contacts import column_parts
from .definitions import EDT
from .errors import ObjectsError
from .relations import check_classes_there, depth_below
from .scale import Calibrated
from .table import Column, ObjectTable

_BITS = 24  # of a value that are added up: sums of 2^28 voxels are exact then, in any order
_MOST_STEPS = 100_000


def profile(
    labels: VolumeLike,
    body: Sequence[int],
    *,
    step: float,
    channels: Mapping[str, VolumeLike] | None = None,
    names: Mapping[int, str] | None = None,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    unit: str | None = None,
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> ObjectTable:
    """Describe how a body changes from its surface inwards.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X)
    body : sequence of int
        Classes that together are the body, such as those of a cell.
    step : float
        Thickness of the shells, in the unit of the voxel size.
    channels : mapping of str to array-like, optional
        Images whose mean in each shell is wanted.
    names : mapping of int to str, optional
        Names of the classes.
    spacing, unit
        Of a voxel.
    workspace, workers
        As for `measure_objects`.

    Returns
    -------
    ObjectTable
        A row for each shell: its depths, voxels and volume, the share of each class of the body,
        and mean and standard deviation of each channel.

    Raises
    ------
    ObjectsError
        If the body has no surface, or a class isn't there, or the shapes differ.
    """
    labels = checked_labels(labels)
    scale, run = Calibrated.of(spacing, unit), Run.of(workers)
    if not step > 0:
        raise ObjectsError(f"shells must have a thickness above 0, not {step:g}")
    images = {
        name: checked_image(image, labels.shape, f"image {name!r}")
        for name, image in (channels or {}).items()
    }
    steps = run.steps([4.0, 1.0, 2.0])
    depth = depth_below(labels, body, scale, workspace=workspace, run=steps[0])
    deepest = float(depth.max())
    if not np.isfinite(deepest):
        raise ObjectsError("the body fills the whole volume: it has no surface to measure from")
    check_classes_there(body, body if deepest > 0 else (), "the body")
    n = int(deepest / step) + 1
    if n > _MOST_STEPS:
        raise ObjectsError(f"a step of {step:g} makes {n:,} shells: give a larger one")
    found = _summed(labels, tuple(body), depth, step, n, images, (steps[1], steps[2]))
    return _table(found, step, list(body), list(images), names or {}, scale)


@dataclass(frozen=True)
class _Shells:
    """Sums over shells: voxels of each class, and for each channel the values' moments."""

    voxels: NDArray[np.int64]  # (classes, shells)
    moments: NDArray[np.float64]  # (channels, 3, shells): number, sum, sum of squares


def _summed(
    labels: VolumeLike,
    body: tuple[int, ...],
    depth: NDArray[np.float32],
    step: float,
    n: int,
    images: Mapping[str, VolumeLike],
    runs: tuple[Run, Run],
) -> _Shells:
    """Add up over the shells; every sum is exact, so that its order doesn't matter."""
    blocks = split_blocks(labels.shape, slab_shape(labels.shape))
    largest = [_largest(image, blocks, runs[0].silent()) for image in images.values()]
    grain = [2.0 ** (np.ceil(np.log2(most)) - _BITS) if most > 0 else 1.0 for most in largest]

    def one(block: Block) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        ids, deep = read_ids(labels, block.core), depth[block.core]
        inside = deep > 0
        shell = (deep[inside] / np.float32(step)).astype(np.int64)
        ids = ids[inside]
        voxels = np.stack([np.bincount(shell[ids == k], minlength=n) for k in body])
        moments = np.zeros((len(images), 3, n))
        for c, image in enumerate(images.values()):
            values = read_block(image, block.core)[inside].astype(np.float64)
            known = np.isfinite(values)
            at, whole = shell[known], np.rint(values[known] / grain[c])
            moments[c, 0] = np.bincount(at, minlength=n)
            moments[c, 1] = np.bincount(at, whole, minlength=n)
            moments[c, 2] = np.bincount(at, np.rint(np.square(whole) / 2**_BITS), minlength=n)
        return voxels, moments

    total = _Shells(np.zeros((len(body), n), np.int64), np.zeros((len(images), 3, n)))
    for voxels, moments in runs[1].blocks(one, blocks):
        total.voxels[...] += voxels
        total.moments[...] += moments
    for c, size in enumerate(grain):
        total.moments[c, 1] *= size
        total.moments[c, 2] *= size * size * 2**_BITS
    return total


def _largest(image: VolumeLike, blocks: Sequence[Block], run: Run) -> float:
    """Return the largest absolute value that is a number."""

    def one(block: Block) -> float:
        values = np.abs(read_block(image, block.core).astype(np.float64))
        return float(values[np.isfinite(values)].max(initial=0.0))

    return max(run.blocks(one, blocks))


def _table(
    found: _Shells,
    step: float,
    body: Sequence[int],
    channels: Sequence[str],
    names: Mapping[int, str],
    scale: Calibrated,
) -> ObjectTable:
    n = found.voxels.shape[1]
    all_voxels = found.voxels.sum(axis=0)
    unit = scale.power(1)
    columns = [
        Column("depth_from", np.arange(n) * step, unit, "where the shell begins", EDT),
        Column("depth_to", np.arange(1, n + 1) * step, unit, "where the shell ends", EDT),
        Column("voxels", all_voxels, "", "voxels of the shell"),
        Column("volume", all_voxels * scale.voxel_volume, scale.power(3), "volume of the shell"),
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        for k, part in enumerate(column_parts(body, names).values()):
            text = f"share of the shell's voxels that class {body[k]} has"
            columns.append(Column(f"fraction_{part}", found.voxels[k] / all_voxels, "", text))
        for c, name in enumerate(channels):
            number, total, squares = found.moments[c]
            mean = total / number
            deviation = np.sqrt(np.maximum(squares / number - mean * mean, 0))
            columns.append(Column(f"mean_{name}", mean, "", f"mean of {name} in the shell"))
            text = f"standard deviation of {name} in the shell (of the population)"
            columns.append(Column(f"sd_{name}", deviation, "", text))
    return ObjectTable(tuple(columns))
