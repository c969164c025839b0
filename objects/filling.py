"""Painted things filled between their slices: each by itself, whatever the slices lack."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike, Workers

from .checks import Spacing, check_same_shape, checked_image, checked_labels, checked_spacing
from .errors import ObjectsError
from .image_guide import REACH, RIM, by_image
from .painted_things import Stretch, find_pieces, find_stretches
from .slice_depths import TOO_FEW, axes_across, depths_between


@dataclass(frozen=True, eq=False)
class Between:
    """What lies between painted slices of things.

    Attributes
    ----------
    voxels : int64, (P,)
        Raster indices in the volume, ascending.
    classes : int32, (P,)
        The class of each.
    slices : tuple of int
        Those that are filled, ascending.
    left : int
        Voxels that lie in things as well, but are to stay as they are.
    """

    voxels: NDArray[np.int64] = field(repr=False)
    classes: NDArray[np.int32] = field(repr=False)
    slices: tuple[int, ...] = ()
    left: int = 0


def fill_between(
    painted: VolumeLike,
    *,
    axis: int = 0,
    image: VolumeLike | None = None,
    keep: VolumeLike | None = None,
    computed: VolumeLike | None = None,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    at: int | None = None,
    workers: Workers = None,
) -> Between:
    """Fill what lies between the painted slices of each thing, of all classes at once.

    Unlike for `interpolate_slices`, a slice may lack things: each is filled between those slices
    where it is painted itself, and what is painted on one slice only goes nowhere.

    Parameters
    ----------
    painted : array-like of integers, (Z, Y, X)
        0 = nothing painted.
    axis : {0, 1, 2}
        Slices are planes, or lie across rows or columns.
    image : array-like, (Z, Y, X), optional
        Has a say in where things end: see Notes of `interpolate_slices`.
    keep : array-like of bool, (Z, Y, X), optional
        Voxels that stay as they are, besides those that are painted: those of locked classes.
    computed : array-like of bool, (Z, Y, X), optional
        Voxels of `painted` that nobody painted, as those that `clean` changed: nothing is filled
        between pieces that mostly consist of them.
    spacing : sequence of 3 float
    at : int, optional
        Fill only the gaps that this slice lies in or at the end of; all by default.
    workers : int or Run, optional
        Threads; or a `Run`, which also shows progress and stops.

    Raises
    ------
    ObjectsError
        If nothing is painted on two slices with others between, or there is no such axis or slice,
        or the shapes differ.
    """
    painted, order = checked_labels(painted), axes_across(axis)
    if at is not None and not 0 <= at < painted.shape[axis]:
        raise ObjectsError(f"there is no slice {at}: there are 0 to {painted.shape[axis] - 1}")
    image = None if image is None else checked_image(image, painted.shape)
    for volume, what in (
        (keep, "volume of voxels to keep"),
        (computed, "volume of computed voxels"),
    ):
        if volume is not None:
            check_same_shape(volume, painted.shape, what)
    size, run = checked_spacing(spacing), Run.of(workers)
    step: Spacing = (size[order[0]], size[order[1]], size[order[2]])
    looking, filling = run.steps([1, 3])
    stretches = find_stretches(find_pieces(painted, axis, computed, looking), step)
    if at is not None:
        stretches = [s for s in stretches if s.slices[0] <= at <= s.slices[1]]
    if not stretches:
        raise ObjectsError(f"nothing to fill: {TOO_FEW}")
    work = _Filling(painted, image, keep, order, step)
    parts: list[_Filled] = []
    some = 2 * filling.n_threads
    for first in range(0, len(stretches), some):
        parts += filling.latched().parallel(work.fill, stretches[first : first + some])
        filling.report(len(parts), len(stretches))
    voxels = np.concatenate([part.voxels for part in parts])
    depths = np.concatenate([part.depths for part in parts])
    values = np.repeat(
        [stretch.value for stretch in stretches], [part.voxels.size for part in parts]
    )
    order_of = np.lexsort((values, -depths, voxels))  # of several things in a voxel, the deepest
    voxels, values = voxels[order_of], values[order_of]
    is_first = np.concatenate([[True], voxels[1:] != voxels[:-1]])[: voxels.size]
    slices = sorted(
        {k for stretch in stretches for k in range(stretch.slices[0] + 1, stretch.slices[1])}
    )
    return Between(
        voxels[is_first],
        values[is_first].astype(np.int32),
        tuple(slices),
        sum(part.left for part in parts),
    )


@dataclass(frozen=True, eq=False)
class _Filled:
    """The voxels of a stretch, and how deep they lie in the thing."""

    voxels: NDArray[np.int64]
    depths: NDArray[np.float32]
    left: int


class _Filling:
    """Fills stretches, each in a box of its own.

    Parameters
    ----------
    painted, image, keep
        As for `fill_between`.
    order : tuple of 3 int
        Axes of the volume, the one across the slices first.
    step : tuple of 3 float
        The voxel size along them.
    """

    def __init__(
        self,
        painted: VolumeLike,
        image: VolumeLike | None,
        keep: VolumeLike | None,
        order: tuple[int, int, int],
        step: Spacing,
    ) -> None:
        self._painted, self._image, self._keep = painted, image, keep
        self._order, self._step = order, step
        z, y, x = (painted.shape[k] for k in order)
        self._shape = z, y, x

    def fill(self, stretch: Stretch) -> _Filled:
        """Fill a stretch."""
        (i, j), finest = stretch.slices, min(self._step)
        rim = [math.ceil((REACH + RIM) * finest / edge) for edge in self._step[1:]]
        ends = zip(stretch.box, rim, self._shape[1:], strict=True)
        rows, columns = (
            slice(max(part.start - k, 0), min(part.stop + k, n)) for part, k, n in ends
        )
        depth = depths_between(*stretch.masks((rows, columns)), j - i, self._step)
        if self._image is not None:
            image = self._read(self._image, (slice(i, j + 1), rows, columns))
            depth = by_image(depth, image.astype(np.float64), self._step)
        box = slice(i + 1, j), rows, columns
        inside = depth[1:-1] > 0
        inside &= self._read(self._painted, box) == 0
        left = 0
        if self._keep is not None:
            kept = inside & self._read(self._keep, box).astype(bool)
            left = int(np.count_nonzero(kept))
            inside &= ~kept
        places = np.nonzero(inside)
        whole = [axis + part.start for axis, part in zip(places, box, strict=True)]
        back = [whole[self._order.index(axis)] for axis in range(3)]
        voxels = np.ravel_multi_index(back, self._painted.shape).astype(np.int64)
        return _Filled(voxels, depth[1:-1][inside].astype(np.float32), left)

    def _read(self, volume: VolumeLike, box: tuple[slice, slice, slice]) -> NDArray[np.generic]:
        """Read a box of slices."""
        part = [box[self._order.index(axis)] for axis in range(3)]
        found = np.asarray(volume[part[0], part[1], part[2]])
        return found.transpose(self._order)
