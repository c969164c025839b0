"""Distances between the surfaces of two bodies: mean, 95 %, and how much of them agrees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from supervox.execution import Block, Run, VolumeLike, Workspace, read_block, split_blocks

from ._surface_voxels import at_surface
from .checks import Spacing, slab_shape
from .distances import distances_to

PERCENT = 95.0
FEW = 0.02  # of all voxels


@dataclass(frozen=True)
class SurfaceDistances:
    """How far apart two surfaces are.

    Attributes
    ----------
    mean : float
        Mean distance of all surface voxels of both to the nearest one of the other.
    percentile_95 : float
        The larger of the 95 % quantiles of the distances from either to the other.
    largest : float
        Hausdorff distance: the largest of all.
    f_score : float
        Boundary F-score: harmonic mean of the shares of both surfaces within the tolerance.
    """

    mean: float = math.nan
    percentile_95: float = math.nan
    largest: float = math.nan
    f_score: float = math.nan


def surface_distances(
    one: VolumeLike,
    other: VolumeLike,
    spacing: Spacing,
    tolerance: float,
    run: Run = Run(),
    *,
    block_shape: Sequence[int] | None = None,
    workspace: Workspace | None = None,
) -> SurfaceDistances:
    """Measure between the surfaces of two bodies.

    Parameters
    ----------
    one, other : array-like of bool, (Z, Y, X)
        Read block by block.
    spacing : tuple of 3 float
    tolerance : float
        In the unit of the spacing, for the boundary F-score.
    run : Run
    block_shape : sequence of 3 int, optional
        Voxels that are worked on at a time; the result doesn't depend on it.
    workspace : Workspace, optional
        Where surfaces and distances lie; in memory by default.

    Returns
    -------
    SurfaceDistances
        All NaN where one of them has no surface. A surface voxel shares a face with a voxel that is
        outside; the border of the array is no surface. Distances are between centres.
    """
    room = workspace or Workspace()
    steps = run.steps([1, 1, 4, 4])
    surfaces = [
        _Surface.of(body, room, block_shape, part)
        for body, part in zip((one, other), steps, strict=False)
    ]
    if not all(surface.voxels for surface in surfaces):
        return SurfaceDistances()
    ways = []
    for (mine, theirs), part in zip((surfaces, surfaces[::-1]), steps[2:], strict=True):
        ways.append(np.sort(_to_surface(mine, theirs, spacing, room, part)))
    shares = [float((way <= tolerance).mean()) for way in ways]
    both = sum(shares)
    return SurfaceDistances(
        float(np.concatenate(ways).mean()),
        max(float(np.percentile(way, PERCENT)) for way in ways),
        max(float(way[-1]) for way in ways),
        2 * shares[0] * shares[1] / both if both else 0.0,
    )


@dataclass(frozen=True, eq=False)
class _Surface:
    """The voxels at the surface of a body.

    Attributes
    ----------
    there : bool, (Z, Y, X)
    voxels : int
        How many they are.
    """

    there: NDArray[np.bool_]
    voxels: int

    @classmethod
    def of(
        cls, body: VolumeLike, room: Workspace, block_shape: Sequence[int] | None, run: Run
    ) -> _Surface:
        """Find them."""
        shape = tuple(body.shape)
        there: NDArray[np.bool_] = room.empty(shape, np.bool_)

        def look(block: Block) -> int:
            around = np.ascontiguousarray(read_block(body, block.padded), np.bool_)
            found = np.empty(around.shape, np.bool_)
            at_surface(around, found)
            inner = tuple(
                slice(core.start - padded.start, core.stop - padded.start)
                for core, padded in zip(block.core, block.padded, strict=True)
            )
            there[block.core] = found[inner]
            return int(np.count_nonzero(found[inner]))

        blocks = split_blocks(shape, block_shape or slab_shape(shape), (1, 1, 1))
        return cls(there, sum(room.releasing(run).blocks(look, blocks)))

    def slabs(self) -> list[Block]:
        """Return blocks of whole planes: what they have follows one another in raster order."""
        return split_blocks(self.there.shape, slab_shape(self.there.shape))

    def places(self, spacing: Spacing) -> NDArray[np.float64]:
        """Return where they are, (N, 3), in raster order."""
        found = [
            np.argwhere(self.there[block.core]) + [part.start for part in block.core]
            for block in self.slabs()
        ]
        places: NDArray[np.float64] = np.concatenate(found) * spacing
        return places


def _to_surface(
    mine: _Surface, theirs: _Surface, spacing: Spacing, room: Workspace, run: Run
) -> NDArray[np.float64]:
    """Return the distance of each voxel of one surface to the nearest of another.

    Few voxels are looked up in a tree; for many, the distances of all voxels cost less.
    """
    shape = mine.there.shape
    if mine.voxels + theirs.voxels > mine.there.size * FEW:
        inside = partial(_within, theirs.there)
        away = distances_to(shape, inside, spacing, workspace=room, run=room.releasing(run))
        parts = [away[block.core][mine.there[block.core]] for block in mine.slabs()]
        return np.concatenate(parts).astype(np.float64)
    run.check_stop()
    tree = cKDTree(theirs.places(spacing))
    found: NDArray[np.float64] = tree.query(mine.places(spacing), workers=run.n_threads)[0]
    run.report(1, 1)
    return found


def _within(inside: NDArray[np.bool_], block: Block) -> NDArray[np.bool_]:
    return inside[block.core]
