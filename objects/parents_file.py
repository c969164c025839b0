"""Labels of what objects lie in, such as cells: a file that a project names, opened if it is there.

A project keeps where the file is, and nothing of what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np
from supervox.execution import Run, Slices, VolumeLike, read_block, split_blocks
from supervox.volumes import Address, Volume, VolumeError, open_labels, refuse_image, times

from .checks import read_ids, slab_shape
from .errors import ObjectsError


@dataclass(frozen=True)
class OpenedParents:
    """What was found of the labels that are asked for.

    Attributes
    ----------
    labels : array-like of integers, (Z, Y, X), optional
        Of the part that objects are found in; None where there are none.
    address : str
        Where they were found.
    digest : str
        The same only where the same ids are.
    why_not : str
        Why there are none, though they are asked for; empty otherwise.
    volume : Volume, optional
        Their file, which is open.
    """

    labels: VolumeLike | None = field(default=None, repr=False)
    address: str = ""
    digest: str = ""
    why_not: str = ""
    volume: Volume | None = field(default=None, repr=False)


NO_PARENTS = OpenedParents()


@contextmanager
def open_parents(
    address: str,
    shape: Sequence[int],
    box: Slices | None = None,
    beside: Path | None = None,
    run: Run = Run(),
) -> Iterator[OpenedParents]:
    """Open the labels that a project asks for, and look whether they are ids.

    Parameters
    ----------
    address : str
        Of `Asked`; empty where none are asked for.
    shape : sequence of 3 int
        Of the whole image.
    box : tuple of 3 slice, optional
        The part that objects are found in.
    beside : Path, optional
        Folder where a file of the same name is taken if it isn't where it was: that of the image,
        which may have moved with it.
    run : Run

    Yields
    ------
    OpenedParents
        Without labels, and why, where they aren't there, or are none of the image.

    Raises
    ------
    Cancelled
        If the run is to stop.
    """
    if not address:
        yield NO_PARENTS
        return
    with ExitStack() as stack:
        try:
            found = _open(Address.parse(address), shape, box, beside, run, stack)
        except (ObjectsError, VolumeError) as error:
            found = OpenedParents(why_not=str(error))
        yield found


def _open(
    asked: Address,
    shape: Sequence[int],
    box: Slices | None,
    beside: Path | None,
    run: Run,
    stack: ExitStack,
) -> OpenedParents:
    """Open labels for as long as a stack lasts."""
    places = [asked.path, *([] if beside is None else [beside / asked.path.name])]
    path = next((path for path in places if path.exists()), None)
    if path is None:
        raise ObjectsError(f"{asked.path.name} isn't in {asked.path.parent} any more")
    place = asked.at(path)
    volume = stack.enter_context(open_labels(str(place)))
    if tuple(volume.shape) != tuple(shape):
        has = f"{times(volume.shape)} voxels, the image {times(shape)}"
        raise ObjectsError(f"{path.name} has {has}")
    refuse_image(volume, "labels of what objects lie in")
    labels = volume.data if box is None else np.asarray(read_block(volume.data, box))
    digest = blake2b(digest_size=16)
    for block in split_blocks(labels.shape, slab_shape(labels.shape)):
        run.check_stop()
        digest.update(read_ids(labels, block.core, f"labels of {path.name}").tobytes())
    return OpenedParents(labels, str(place), digest.hexdigest(), volume=volume)
