"""Distances from every voxel to the nearest of some voxels: exact, with spacing, on all threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, Workspace, split_blocks

from ._distance import along_lines, along_rows, take_roots
from .checks import Spacing

# From the centre of a voxel to: the centre of another; its nearest face, edge or corner; or from
# any of its own points to any of the other's.
Kind = Literal["centres", "surface", "gap"]
_GROWN: dict[Kind, int] = {"centres": 0, "surface": 1, "gap": 2}
_LINE_BYTES = 2**20  # of lines that are worked on at a time

Inside = Callable[[Block], NDArray[np.bool_]]


def distances_to(
    shape: Sequence[int],
    inside: Inside,
    spacing: Spacing,
    kind: Kind = "centres",
    *,
    workspace: Workspace | None = None,
    run: Run = Run(),
) -> NDArray[np.float32]:
    """Return the distance of every voxel to the nearest of those that are inside.

    Parameters
    ----------
    shape : sequence of 3 int
    inside : callable
        Returns for a block of whole planes which of its voxels are.
    spacing : tuple of 3 float
    kind : {"centres", "surface", "gap"}
        Between the centres of both voxels; from the centre of the one to the surface of the other;
        or between the surfaces of both, which is 0 where they touch.
    workspace : Workspace, optional
        Where the distances lie.
    run : Run

    Returns
    -------
    float32, of the shape
        0 inside; infinite if there is nothing inside.
    """
    grown = _GROWN[kind]
    out: NDArray[np.float32] = (workspace or Workspace()).empty(shape, np.float32)
    passes = run.steps([1, 2, 2, 1])
    planes = split_blocks(shape, (1, shape[1], shape[2]))

    def rows(block: Block) -> None:
        along_rows(inside(block)[0], spacing[2], grown, out[block.core][0])

    def columns(block: Block) -> None:
        _along(out[block.core], 1, spacing[1], grown)

    def depths(block: Block) -> None:
        _along(out[block.core], 0, spacing[0], grown)

    for _ in passes[0].blocks(rows, planes):
        pass
    for _ in passes[1].blocks(columns, planes):
        pass
    bars = split_blocks(shape, (shape[0], 1, shape[2]))
    for _ in passes[2].blocks(depths, bars):
        pass
    for _ in passes[3].blocks(lambda block: take_roots(out[block.core]), planes):
        pass
    return out


def distances_within(inside: NDArray[np.bool_], spacing: Spacing) -> NDArray[np.float32]:
    """Return the distance of each voxel of a small array to the nearest that is inside.

    It is that of `distances_to` between centres, on the caller's thread.
    """
    out = np.empty(inside.shape, np.float32)
    rows = inside.shape[0] * inside.shape[1], inside.shape[2]
    there = np.ascontiguousarray(inside).reshape(rows)
    along_rows(there, spacing[2], _GROWN["centres"], out.reshape(rows))
    for z in range(len(out)):
        _along(out[z : z + 1], 1, spacing[1], _GROWN["centres"])
    _along(out, 0, spacing[0], _GROWN["centres"])
    take_roots(out)
    return out


def _along(values: NDArray[np.float32], axis: int, step: float, grown: int) -> None:
    """Work along an axis of a block, on a copy of some lines at a time that lies in order."""
    if values.shape[axis] == 1:
        return
    lines = np.moveaxis(values, axis, -1)
    flat = lines.reshape(-1, values.shape[axis]) if lines.flags.c_contiguous else None
    if flat is not None:
        along_lines(flat, step, grown)
        return
    width = max(16, _LINE_BYTES // (4 * values.shape[axis]))
    for i in range(lines.shape[0]):
        for start in range(0, lines.shape[1], width):
            part = lines[i, start : start + width]
            copy = np.ascontiguousarray(part)
            along_lines(copy, step, grown)
            part[...] = copy
