"""Splitting: objects that touch become several, by their shape or by the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, Slices, VolumeLike, Workers, Workspace, read_block

from .checks import checked_image, checked_spacing
from .errors import ObjectsError
from .instances import Instances, objects_of_ids
from .split_image import Boundaries, split_by_image
from .split_round import split_round
from .sums import sum_objects

Split = Literal["round", "image"]
SPLITS: tuple[Split, ...] = ("round", "image")
SPLIT_TEXTS: dict[Split, str] = {
    "round": "at necks between round things",
    "image": "where the image has boundaries",
}
_AT_ONCE = 16  # objects between two questions whether to stop


def split_objects(
    instances: Instances,
    how: Split,
    *,
    image: VolumeLike | None = None,
    boundaries: Boundaries = "bright",
    classes: Sequence[int] = (),
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> Instances:
    """Split objects that are several things which touch.

    Parameters
    ----------
    instances : Instances
    how : {"round", "image"}
        See `split_round` and `split_by_image` in this room.
    image : array-like, (Z, Y, X), optional
        What "image" looks at.
    boundaries : {"bright", "dark"}
        What lies between things in the image.
    classes : sequence of int
        Whose objects to split; all if there are none.
    spacing : sequence of 3 float
    workspace : Workspace, optional
        Where the ids lie; in memory by default.
    workers : int or Run, optional

    Returns
    -------
    Instances
        Numbered anew: dense, in raster order of their first voxels.

    Raises
    ------
    ObjectsError
        If there is no such way, or it lacks its image.
    """
    if how not in SPLITS:
        raise ObjectsError(f"objects are split {' or '.join(map(repr, SPLITS))}, not {how!r}")
    if how == "image":
        if image is None:
            raise ObjectsError("splitting by the image needs an image")
        image = checked_image(image, instances.ids.shape)
    size, run = checked_spacing(spacing), Run.of(workers)
    steps = run.steps([1, 8, 2])
    sums = sum_objects(instances, run=steps[0])
    chosen = np.ones(instances.number, np.bool_)
    if classes:
        chosen = np.isin(instances.class_of, list(classes))
    out: NDArray[np.uint32] = (workspace or Workspace()).empty(instances.ids.shape, np.uint32)
    out[...] = instances.ids
    todo = np.flatnonzero(chosen)

    def pieces_of(inside: NDArray[np.bool_], box: Slices) -> NDArray[np.int32]:
        if how == "image" and image is not None:
            values = read_block(image, box).astype(np.float32)
            return split_by_image(inside, values, size, boundaries)
        return split_round(inside, size)

    def some(start: int) -> list[tuple[int, Slices, NDArray[np.int32]]]:
        found = []
        for k in todo[start : start + _AT_ONCE].tolist():
            box = _box(sums.low[k], sums.high[k], instances.ids.shape)
            inside = instances.ids[box] == k + 1
            pieces = pieces_of(inside, box)
            if pieces.max() > 1:
                found.append((k, box, np.where(inside, pieces, 0).astype(np.int32)))
        return found

    # The first piece of each object keeps its number, the others get new ones.
    more: list[int] = []  # the old object of each new one
    starts = range(0, todo.size, _AT_ONCE)
    for found in steps[1].parallel(some, starts):
        for k, box, pieces in found:
            new = pieces > 1
            first = instances.number + len(more)
            out[box][new] = (pieces[new] + (first - 1)).astype(np.uint32)
            more += [k] * (int(pieces.max()) - 1)
    old = np.concatenate([np.arange(instances.number), np.array(more, np.int64)])
    return objects_of_ids(
        out, class_of=instances.class_of[old], workspace=workspace, workers=steps[2]
    )


def _box(
    low: NDArray[np.int64], high: NDArray[np.int64], shape: Sequence[int]
) -> tuple[slice, slice, slice]:
    """Return the box of an object, a voxel wider where the volume goes on."""
    z, y, x = (
        slice(max(0, int(a) - 1), min(n, int(b) + 2))
        for a, b, n in zip(low, high, shape, strict=True)
    )
    return z, y, x
