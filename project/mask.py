"""The mask of a project: where its volume has no data; kept whole, and verified when it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, Slices, VolumeLike, Workspace
from supervox.features import GappedVolume, mask_has_data

from .array_parts import Part, PartDamaged, Parts
from .errors import ProjectError
from .layout import MASK
from .references import MaskReference

if TYPE_CHECKING:
    from .project import Project

VOXELS = "voxels"  # the array in the part
SLAB_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Mask:
    """Which voxels of a volume have data.

    Attributes
    ----------
    voxels : array-like of uint8, (Z, Y, X)
        1 where there is data, 0 elsewhere; of the whole volume. Masks with the same digest are the
        same.
    reference : MaskReference
    """

    voxels: VolumeLike = field(compare=False, repr=False)
    reference: MaskReference

    @classmethod
    def of(cls, values: VolumeLike, name: str, *, run: Run = Run()) -> Mask:
        """Make a mask of numbers; all but 0 and NaN is data.

        Parameters
        ----------
        values : array-like, (Z, Y, X), any real dtype
            Read slab by slab, now and whenever voxels of the mask are read.
        name : str
            Of its file or layer, for people.
        run : Run
            Of the look at all voxels.

        Raises
        ------
        ProjectError
            If it is 0 everywhere.
        Cancelled
            If the run is to stop.
        """
        voxels = _ZeroOrOne(values)
        digest, left_out = blake2b(repr(voxels.shape).encode(), digest_size=16), 0
        for slab in _slabs(voxels, run):
            digest.update(slab.data)
            left_out += slab.size - int(np.count_nonzero(slab))
        if left_out == np.prod(voxels.shape):
            raise ProjectError(f"{name}: is 0 everywhere, which leaves nothing to segment")
        return cls(voxels, MaskReference(digest.hexdigest(), name, left_out))

    def within(self, box: Slices | None) -> VolumeLike:
        """Return the voxels in a box; all if there is none."""
        return self.voxels if box is None else np.asarray(self.voxels[box])


class _ZeroOrOne:
    """Numbers as a mask: 1 where they stand for data."""

    def __init__(self, values: VolumeLike) -> None:
        self._values = values
        self.shape, self.dtype = tuple(values.shape), np.dtype(np.uint8)

    def __getitem__(self, key: Any, /) -> NDArray[np.uint8]:
        return mask_has_data(np.asarray(self._values[key])).astype(np.uint8)


def keep_mask(project: Project, mask: Mask | None, *, run: Run = Run()) -> bool:
    """Make a mask that of a project, or leave it without one; return whether it had another.

    What was prepared with another one isn't used any more.

    Parameters
    ----------
    project : Project
    mask : Mask or None
        Of the whole volume.
    run : Run
        Of the writing.

    Raises
    ------
    ProjectError
        If it can't be written, or is for a volume of another shape.
    Cancelled
        If the run is to stop; all is as it was then.
    """
    old, new = project.settings.mask, mask.reference if mask is not None else None
    if mask is not None and tuple(mask.voxels.shape) != project.settings.volume.shape:
        raise ProjectError(f"{mask.reference.name}: is no mask of the volume of {project.folder}")
    parts = Parts(project.folder / MASK)
    if old == new and (new is None or _find(parts, new) is not None):
        return False
    project.check_writable()
    earlier = parts.generations(MASK)
    if mask is not None:
        parts.write(
            MASK,
            asdict(mask.reference),
            lambda writer: writer.write(VOXELS, mask.voxels, run=run),
            keep=1 + len(earlier),  # the old one is needed until the settings name the new one
        )
    project.settings = replace(project.settings, mask=new)
    for generation in earlier:
        parts.remove(MASK, generation)
    told = {"mask": "none"} if new is None else {"mask": new.name, "left_out": new.left_out}
    project.history.note("masked", **told)
    return old != new


def load_mask(
    project: Project, *, workspace: Workspace | None = None, run: Run = Run()
) -> Mask | None:
    """Read the mask of a project; None if it has none.

    Parameters
    ----------
    project : Project
    workspace : Workspace, optional
        Where its voxels go; into memory by default.
    run : Run
        Of the reading.

    Raises
    ------
    ProjectError
        If it is damaged.
    Cancelled
        If the run is to stop.
    """
    reference = project.settings.mask
    if reference is None:
        return None
    parts, room = Parts(project.folder / MASK), workspace or Workspace()
    part = _find(parts, reference)
    try:
        if part is None:
            raise PartDamaged("it is missing, or damaged")
        shape, run = project.settings.volume.shape, room.releasing(run)
        voxels = part.read(VOXELS, np.uint8, shape, empty=room.empty, run=run)
    except PartDamaged as error:
        raise ProjectError(
            f"{parts.folder}: the mask {reference.name} can't be read: {error}; give it again, or "
            "take it away"
        ) from error
    return Mask(voxels, reference)


def mask_for(
    project: Project, data: VolumeLike, workspace: Workspace | None = None
) -> VolumeLike | None:
    """Return the mask for what is segmented of a project, if there is one to heed.

    Parameters
    ----------
    project : Project
    data : array-like, (Z, Y, X)
        The box of the volume, or all of it; where it has gaps, the mask is in them.
    workspace : Workspace, optional

    Raises
    ------
    ProjectError
        If it is damaged.
    """
    if isinstance(data, GappedVolume):
        return None
    mask = load_mask(project, workspace=workspace)
    return None if mask is None else mask.within(project.settings.slices)


def _find(parts: Parts, reference: MaskReference) -> Part | None:
    """Return the newest part that is whole, and that mask."""
    for generation in parts.generations(MASK):
        with suppress(PartDamaged):
            part = parts.open(MASK, generation)
            if part.header.get("digest") == reference.digest:
                return part
    return None


def _slabs(voxels: VolumeLike, run: Run) -> Iterator[NDArray[np.uint8]]:
    planes = max(1, SLAB_BYTES // max(1, voxels.shape[1] * voxels.shape[2]))
    for start in range(0, voxels.shape[0], planes):
        run.check_stop()
        yield np.ascontiguousarray(voxels[start : start + planes])
        run.report(min(start + planes, voxels.shape[0]), voxels.shape[0])
