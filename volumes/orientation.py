"""Which way the axes of a medical format run, and the same for all of them in our order.

Space is left-posterior-superior (LPS), as ITK and Slicer have it: x, y and z of a volume are its
columns, rows and planes, and a volume of ours lies in space without being turned. Files in which
axes are swapped or run backwards are read so that they do too; nothing is ever mirrored. A file
beside it that doesn't say how it lies (TIFF, HDF5) may be: `Volume.turned` tells a person of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from .address import Address
from .calibration import Triple
from .errors import VolumeError

_STRAIGHT = 1e-3  # what rounding may leave of an axis that isn't turned


class Orientation(NamedTuple):
    """How three axes lie in space.

    Attributes
    ----------
    letters : tuple of 3 str
        ``"x"``, ``"y"`` or ``"z"`` for each axis of the file.
    backwards : tuple of 3 bool
        Whether the axis runs against that direction.
    sizes : tuple of 3 float
        Voxel size along (z, y, x).
    origin : tuple of 3 float
        Place of the first voxel along (z, y, x), once backward axes are turned round.
    notes : tuple of str
        What had to be left out.
    """

    letters: tuple[str, ...]
    backwards: tuple[bool, ...]
    sizes: Triple
    origin: Triple
    notes: tuple[str, ...]

    @property
    def turned(self) -> str:
        """How what is read differs from the array in the file; nothing if it doesn't."""
        words = {"x": "columns", "y": "rows", "z": "planes"}
        pairs = zip(self.letters, self.backwards, strict=True)
        ends = " and ".join(words[letter] for letter, back in pairs if back)
        told = [f"{ends} are read from their end"] if ends else []
        if self.letters != ("x", "y", "z"):
            order = ", ".join(words[letter] for letter in self.letters)
            told.append(f"the axes of the file, the fastest first, are {order}")
        return "; ".join(told)


def wants_stored(address: Address) -> tuple[bool, Address]:
    """Say whether ``orientation=stored`` is asked for, and return the address without it.

    Raises
    ------
    VolumeError
        If anything else is asked of the orientation.
    """
    settings = dict(address.settings)
    wanted = settings.pop("orientation", None)
    if wanted not in (None, "stored"):
        raise VolumeError(
            f"{address.path}: the orientation is 'stored' (the array as it lies in the file) or "
            f"left out, not {wanted!r}"
        )
    return wanted is not None, Address(address.path, address.inner, settings)


def orient(
    steps: NDArray[np.float64],
    place: NDArray[np.float64],
    lengths: Sequence[int],
    *,
    as_stored: bool = False,
) -> Orientation:
    """Find out which axis is which.

    Parameters
    ----------
    steps : float64, (3, 3)
        Row i is the step in LPS space (x, y, z) from a voxel to the next along axis i.
    place : float64, (3,)
        Where the first voxel is, (x, y, z).
    lengths
        Number of voxels along each axis.
    as_stored
        Whether the axes are to stay as they are; the place is then unknown.
    """
    sizes = np.linalg.norm(steps, axis=1)
    if as_stored:
        x, y, z = (float(size) for size in sizes)
        return Orientation(("x", "y", "z"), (False,) * 3, (z, y, x), (0.0, 0.0, 0.0), ())
    cosines = steps / np.where(sizes > 0, sizes, 1)[:, np.newaxis]
    _, direction = linear_sum_assignment(-np.abs(cosines))  # each axis to another direction
    main = cosines[np.arange(3), direction]
    backwards = main < 0
    ends = np.where(backwards, np.array(lengths) - 1, 0)
    corner = place + ends @ steps
    notes: tuple[str, ...] = ()
    if np.abs(main).min() < 1 - _STRAIGHT:
        degrees = np.degrees(np.arccos(np.clip(np.abs(main).min(), 0, 1)))
        notes = (
            f"the volume lies in space at an angle of {degrees:.0f} degrees, which is ignored",
        )
    by_direction = np.empty(3)
    by_direction[direction] = sizes
    x, y, z = (float(size) for size in by_direction)
    left, back, up = (float(value) for value in corner)
    letters = tuple("xyz"[k] for k in direction)
    return Orientation(
        letters, tuple(bool(b) for b in backwards), (z, y, x), (up, back, left), notes
    )
