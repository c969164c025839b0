"""What a file format is to us: its name and endings, what it carries, how to open and make it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from .address import Address
from .arrays import Array
from .calibration import Triple
from .volume import Volume, VolumeClass

Kind = Literal["labels", "image", "probabilities"]
Carried = Literal["spacing", "unit", "origin", "probabilities", "classes"]


@dataclass(frozen=True)
class WriteRequest:
    """Everything that a new file is to hold except its values.

    Parameters
    ----------
    path
        The file or folder to make: a temporary name in the folder of `target`.
    target
        Its final name, with the dataset to make in it.
    shape
        (Z, Y, X), or (C, Z, Y, X) for probabilities.
    dtype
        Type of the values.
    spacing, unit, origin
        Voxel size along (z, y, x) or None if it isn't known; its unit; place of the first voxel.
    kind
        What the values are; labels and probabilities are compressed.
    classes
        Names and colours of the values.
    """

    path: Path
    target: Address
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    spacing: Triple | None
    unit: str | None
    origin: Triple
    kind: Kind
    classes: tuple[VolumeClass, ...]


class Sink(Protocol):
    """Where a format's planes go, slab after slab."""

    preferred_planes: int

    def write(self, planes: Array) -> None:
        """Append planes: (n, Y, X), or (C, n, Y, X) for probabilities."""

    def close(self) -> None:
        """Finish the file; after an exception, just let go of it."""


@dataclass(frozen=True)
class Format:
    """One file format.

    Parameters
    ----------
    name
        What people call it.
    extensions
        Endings of its names, lower case, with the dot.
    description
        One line for documentation.
    open
        Opens a volume for reading; None if we only write it.
    create
        Makes a new file; None if we only read it.
    carries
        What its files can hold besides values.
    dtypes
        Types of values that it can hold.
    inside
        What may stand behind ``::`` in its addresses.
    is_folder
        Whether a volume is a folder rather than a file.
    recognises
        Says whether a folder is one of this format whatever its name.
    needs
        The package of the extra ``formats`` that it needs, if it needs one.
    is_mesh
        Whether its files hold the surfaces of labels rather than voxels.
    write_settings
        What may be set behind ``::`` for a new file.
    writes_inner
        Whether a new file's volume may be named behind ``::``.
    """

    name: str
    extensions: tuple[str, ...]
    description: str
    open: Callable[[Address], Volume] | None
    create: Callable[[WriteRequest], Sink] | None
    carries: frozenset[Carried] = frozenset()
    dtypes: frozenset[str] = frozenset()
    inside: str = ""
    is_folder: bool = False
    recognises: Callable[[Path], bool] | None = None
    needs: str = ""
    is_mesh: bool = False
    write_settings: frozenset[str] = frozenset()
    writes_inner: bool = False
