"""Profiles against distance: intensities and shares of classes by depth, in equal steps."""

from __future__ import annotations

import math
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
from .reshaping import SLACK
from .scale import Calibrated
from .table import Column, ObjectTable

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
    labels, body = checked_labels(labels), list(dict.fromkeys(body))
    if not body:
        raise ObjectsError("a profile needs the classes of the body whose surface it begins at")
    scale, run = Calibrated.of(spacing, unit), Run.of(workers)
    if not 0 < step < math.inf:
        raise ObjectsError(f"shells must have a thickness above 0, not {step:g}")
    images = {
        name: checked_image(image, labels.shape, f"image {name!r}")
        for name, image in (channels or {}).items()
    }
    steps = run.steps([4.0, 2.0, 1.0])
    depth = depth_below(labels, body, scale, workspace=workspace, run=steps[0])
    deepest = float(depth.max())
    if not np.isfinite(deepest):
        raise ObjectsError("the body fills the whole volume: it has no surface to measure from")
    n = int(_shells_of(np.array(deepest), step)) + 1
    if n > _MOST_STEPS:
        raise ObjectsError(f"a step of {step:g} makes {n:,} shells: give a larger one")
    found = _summed(labels, tuple(body), depth, step, n, images, (steps[1], steps[2]))
    there = [k for k, voxels in zip(body, found.voxels.sum(axis=1), strict=True) if voxels]
    check_classes_there(body, there, "the body")
    return _table(found, step, body, list(images), names or {}, scale)


@dataclass(frozen=True)
class _Shells:
    """Voxels of each class in each shell, and what each channel has there."""

    voxels: NDArray[np.int64]  # (classes, shells)
    mean: NDArray[np.float64]  # (channels, shells)
    deviation: NDArray[np.float64]  # (channels, shells)


def _shells_of(depth: NDArray[np.floating], step: float) -> NDArray[np.int64]:
    """Return the shell of each depth; one that is at a border but for rounding is behind it."""
    shells: NDArray[np.int64] = (depth.astype(np.float64) / step * SLACK).astype(np.int64)
    return shells


def _summed(
    labels: VolumeLike,
    body: tuple[int, ...],
    depth: NDArray[np.float32],
    step: float,
    n: int,
    images: Mapping[str, VolumeLike],
    runs: tuple[Run, Run],
) -> _Shells:
    """Add up over the shells, twice: means first, then how far values are from these.

    The blocks are always the same, and so is the order of their sums.
    """
    blocks = split_blocks(labels.shape, slab_shape(labels.shape))
    bins = {"minlength": n}

    def shells(block: Block) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        deep = depth[block.core]
        inside = deep > 0
        return inside, _shells_of(deep[inside], step)

    def known(
        image: VolumeLike, block: Block, inside: NDArray[np.bool_], shell: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        values = read_block(image, block.core)[inside].astype(np.float64)
        is_known = np.isfinite(values)
        return shell[is_known], values[is_known]

    def first(block: Block) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        inside, shell = shells(block)
        ids = read_ids(labels, block.core)[inside]
        voxels = np.stack([np.bincount(shell[ids == k], **bins) for k in body])
        sums = np.zeros((len(images), 2, n))
        for c, image in enumerate(images.values()):
            at, values = known(image, block, inside, shell)
            sums[c] = np.bincount(at, **bins), np.bincount(at, values, **bins)
        return voxels, sums

    total, sums = np.zeros((len(body), n), np.int64), np.zeros((len(images), 2, n))
    for voxels, some in runs[0].blocks(first, blocks):
        total += voxels
        sums += some
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums[:, 1] / sums[:, 0]

    def second(block: Block) -> NDArray[np.float64]:
        inside, shell = shells(block)
        squares = np.zeros((len(images), n))
        for c, image in enumerate(images.values()):
            at, values = known(image, block, inside, shell)
            squares[c] = np.bincount(at, np.square(values - mean[c][at]), **bins)
        return squares

    squares = np.zeros((len(images), n))
    for some in runs[1].blocks(second, blocks if images else []):
        squares += some
    with np.errstate(invalid="ignore", divide="ignore"):
        return _Shells(total, mean, np.sqrt(squares / sums[:, 0]))


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
            text = f"mean of {name} in the shell"
            columns.append(Column(f"mean_{name}", found.mean[c], "", text))
            text = f"standard deviation of {name} in the shell (of the population)"
            columns.append(Column(f"sd_{name}", found.deviation[c], "", text))
    return ObjectTable(tuple(columns))
