"""Distances between the surfaces of two bodies: mean, 95 %, and how much of them agrees."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, Slices, VolumeLike, Workspace, read_block, split_blocks

from ._surface_voxels import at_surface, count_nearest, distances_by_cells, find_boxes, mark_cells
from .checks import Spacing, slab_shape
from .distances import distances_to

PERCENT = 95.0
NEAR = 256  # voxels around one that are looked at first
FEW = 0.02  # of all voxels: so many may be looked up one by one
_CELL = 8  # voxels of the finest axis
_CHUNK = 4096  # voxels that are looked up between two questions whether to stop

Read = Callable[[Slices], NDArray[np.int32]]


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

    @classmethod
    def of(cls, ways: Sequence[NDArray[np.float64]], tolerance: float) -> SurfaceDistances:
        """Sum up the distances from each surface to the other, ascending, neither empty."""
        shares = [float((way <= tolerance).mean()) for way in ways]
        both = sum(shares)
        return cls(
            float(np.concatenate(ways).mean()),
            max(float(np.percentile(way, PERCENT)) for way in ways),
            max(float(way[-1]) for way in ways),
            2 * shares[0] * shares[1] / both if both else 0.0,
        )


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

    def reading(body: VolumeLike) -> Read:
        return lambda box: np.asarray(read_block(body, box), np.bool_).astype(np.int32)

    (found,) = distances_of_classes(
        reading(one),
        reading(other),
        one.shape,
        np.ones(1, np.int64),
        spacing,
        tolerance,
        run,
        block_shape=block_shape,
        workspace=workspace,
    )
    return found


def distances_of_classes(
    one: Read,
    other: Read,
    shape: Sequence[int],
    classes: NDArray[np.int64],
    spacing: Spacing,
    tolerance: float,
    run: Run = Run(),
    *,
    block_shape: Sequence[int] | None = None,
    workspace: Workspace | None = None,
) -> list[SurfaceDistances]:
    """Measure between the surfaces of each class of two volumes of labels.

    Parameters
    ----------
    one, other : callable
        Return the labels of a box, int32.
    shape : sequence of 3 int
        Voxels of both.
    classes : int64, (C,)
        All that there are, ascending.
    spacing, tolerance, run, block_shape, workspace
        As for `surface_distances`.

    Returns
    -------
    list of SurfaceDistances
        One for each class, as `surface_distances` has it.
    """
    # Strategy: where segmentations agree, most surface voxels lie on the other surface, and nearly
    # all of them near it. So all classes at once look around their surface voxels, the nearest
    # place first, and count the distances. Only what is farther off is looked up class by class.
    room = workspace or Workspace()
    steps = run.steps([1, 1, 4, 4, 4])
    dtype = np.dtype(np.uint8) if classes[-1] < 256 else np.dtype(np.int32)
    surfaces = [
        _surfaces(read, shape, dtype, room, block_shape, part)
        for read, part in zip((one, other), steps, strict=False)
    ]
    both = (surfaces, surfaces[::-1])
    ways = [
        _Way.near(mine, theirs, classes, spacing, room, block_shape, part)
        for (mine, theirs), part in zip(both, steps[2:], strict=False)
    ]
    sizes = np.array([way.sizes for way in ways])
    parts = steps[4].steps([1] * 2 * classes.size)
    found = []
    for c in range(classes.size):
        if not sizes[:, c].all():
            found.append(SurfaceDistances())
            continue
        away = [
            way.distances(c, room, part)
            for way, part in zip(ways, parts[2 * c : 2 * c + 2], strict=True)
        ]
        found.append(SurfaceDistances.of(away, tolerance))
    return found


def _surfaces(
    read: Read,
    shape: Sequence[int],
    dtype: np.dtype[Any],
    room: Workspace,
    block_shape: Sequence[int] | None,
    run: Run,
) -> NDArray[Any]:
    """Return the classes of the voxels at their surfaces; 0 elsewhere."""
    out = room.empty(shape, dtype)

    def look(block: Block) -> None:
        around = read(block.padded)
        found = np.empty(around.shape, np.int32)
        at_surface(around, found)
        out[block.core] = found[block.inner]

    blocks = split_blocks(shape, block_shape or slab_shape(shape), (1, 1, 1))
    for _ in room.releasing(run).blocks(look, blocks):
        pass
    return out


@dataclass(frozen=True, eq=False)
class _Way:
    """From the surface voxels of one volume to the nearest of their class in another.

    Attributes
    ----------
    theirs : integers, (Z, Y, X)
        Classes of the surface voxels of the other.
    classes : int64, (C,)
    spacing : tuple of 3 float
    steps : _Steps
        That were looked along.
    counts : int64, (C, N)
        Voxels that each step leads from to the nearest.
    missed : list of int64 arrays
        Raster indices of the other voxels of each class, ascending.
    boxes : list of tuple of 3 slice
        Around the surface of each class in the other; none if nothing was missed.
    """

    theirs: NDArray[Any]
    classes: NDArray[np.int64]
    spacing: Spacing
    steps: _Steps
    counts: NDArray[np.int64]
    missed: list[NDArray[np.int64]]
    boxes: list[Slices]

    @classmethod
    def near(
        cls,
        mine: NDArray[Any],
        theirs: NDArray[Any],
        classes: NDArray[np.int64],
        spacing: Spacing,
        room: Workspace,
        block_shape: Sequence[int] | None,
        run: Run,
    ) -> _Way:
        """Look around all surface voxels."""
        steps = _Steps.around(NEAR, spacing, mine.shape)

        def look(block: Block) -> tuple[NDArray[np.int64], ...]:
            low, high = np.array([(core.start, core.stop) for core in block.core]).T.copy()
            found: tuple[NDArray[np.int64], ...] = count_nearest(
                mine, theirs, classes, steps.steps, low, high
            )
            return found

        counts = np.zeros((classes.size, len(steps.steps)), np.int64)
        owners, places = [], []
        blocks = split_blocks(mine.shape, block_shape or slab_shape(mine.shape))
        for counted, owner, place in room.releasing(run).blocks(look, blocks):
            counts += counted
            owners.append(owner)
            places.append(place)
        owner, place = np.concatenate(owners), np.concatenate(places)
        order = np.lexsort((place, owner))
        starts = np.searchsorted(owner[order], np.arange(1, classes.size))
        missed = np.split(place[order], starts)
        boxes = _boxes_of(theirs, classes, room, run.silent()) if place.size else []
        return cls(theirs, classes, spacing, steps, counts, missed, boxes)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many surface voxels each class has, (C,)."""
        sizes: NDArray[np.int64] = self.counts.sum(axis=1) + [way.size for way in self.missed]
        return sizes

    def distances(self, c: int, room: Workspace, run: Run) -> NDArray[np.float64]:
        """Return the distances of all surface voxels of a class to the nearest, ascending."""
        near = np.repeat(self.steps.lengths, self.counts[c])
        if not self.missed[c].size:
            return near
        return np.concatenate([near, np.sort(self._far(c, room, run))])

    def _far(self, c: int, room: Workspace, run: Run) -> NDArray[np.float64]:
        """Return the distances of the voxels that have none near by, in any order.

        A few are looked up one by one. For many, the distances of all voxels of the box around them
        cost less.
        """
        places, value = self.missed[c], int(self.classes[c])
        if places.size > FEW * self.theirs.size:
            return self._from_all(places, c, room, run)
        edge = np.array([max(1, round(_CELL * min(self.spacing) / s)) for s in self.spacing])
        cells = np.zeros(-(-np.array(self.theirs.shape) // edge), np.bool_)
        box = self.boxes[c]
        first = np.array([part.start for part in box])
        inside = self.theirs[box]
        for slab in split_blocks(inside.shape, slab_shape(inside.shape)):
            run.check_stop()
            at = first + [part.start for part in slab.core]
            mark_cells(inside[slab.core], value, edge, at, cells)

        def look_up(chunk: NDArray[np.int64]) -> NDArray[np.float64]:
            found: NDArray[np.float64] = distances_by_cells(
                chunk, self.theirs, value, cells, edge, self.spacing
            )
            return found

        chunks = np.array_split(places, -(-places.size // _CHUNK))
        away = np.concatenate(run.parallel(look_up, chunks))
        run.report(1, 1)
        return away

    def _from_all(
        self, places: NDArray[np.int64], c: int, room: Workspace, run: Run
    ) -> NDArray[np.float64]:
        """Return the distances of some voxels, after those of all voxels around them."""
        mine = np.stack(np.unravel_index(places, self.theirs.shape), axis=1)
        value, box = int(self.classes[c]), _box_around(self.boxes[c], mine)
        inside = self.theirs[box]
        away = distances_to(
            inside.shape,
            lambda block: inside[block.core] == value,
            self.spacing,
            workspace=room.renewed(),
            run=room.releasing(run),
        )
        at = mine - [part.start for part in box]
        found: NDArray[np.float64] = away[tuple(at.T)].astype(np.float64)
        return found


def _boxes_of(
    volume: NDArray[Any], classes: NDArray[np.int64], room: Workspace, run: Run
) -> list[Slices]:
    """Return the box of the voxels of each class, in one pass over the volume."""
    low = np.full((classes.size, 3), np.iinfo(np.int64).max)
    high = np.full((classes.size, 3), -1)

    def look(block: Block) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        first = np.array([core.start for core in block.core])
        found: tuple[NDArray[np.int64], NDArray[np.int64]] = find_boxes(
            volume[block.core], classes, first
        )
        return found

    blocks = split_blocks(volume.shape, slab_shape(volume.shape))
    for some_low, some_high in room.releasing(run).blocks(look, blocks):
        np.minimum(low, some_low, out=low)
        np.maximum(high, some_high, out=high)
    return [_as_box(*ends) for ends in zip(np.minimum(low, high + 1), high + 1, strict=True)]


def _box_around(box: Slices, places: NDArray[np.int64]) -> Slices:
    """Return the box around another and some places, (M, 3)."""
    low = np.minimum(places.min(axis=0), [part.start for part in box])
    high = np.maximum(places.max(axis=0) + 1, [part.stop for part in box])
    return _as_box(low, high)


def _as_box(low: NDArray[np.int64], high: NDArray[np.int64]) -> Slices:
    z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return z, y, x


@dataclass(frozen=True, eq=False)
class _Steps:
    """Steps from a voxel to all around it up to some distance, the shortest first.

    Attributes
    ----------
    steps : int64, (N, 3)
    lengths : float64, (N,)
    """

    steps: NDArray[np.int64]
    lengths: NDArray[np.float64]

    @classmethod
    def around(cls, n: int, spacing: Spacing, shape: Sequence[int]) -> _Steps:
        """Return about so many; they lead nowhere that such a volume has no voxels."""
        radius = (3 * n * math.prod(spacing) / (4 * math.pi)) ** (1 / 3)
        reach = [min(int(radius / size), m - 1) for size, m in zip(spacing, shape, strict=True)]
        axes = np.meshgrid(*(np.arange(-k, k + 1) for k in reach), indexing="ij")
        steps = np.stack([axis.reshape(-1) for axis in axes], axis=1)
        lengths = np.sqrt(np.square(steps * np.array(spacing)).sum(axis=1))
        order = np.argsort(lengths, kind="stable")
        order = order[lengths[order] <= radius]
        return cls(np.ascontiguousarray(steps[order]), lengths[order])
