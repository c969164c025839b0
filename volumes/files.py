"""The doors of this room: open a volume, create one slab by slab, write one at once."""

import logging
import math
import os
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from .address import Address
from .arrays import ArraySource
from .atomic import temporary_beside
from .checks import (
    check_inside,
    check_replaceable,
    checked_dtype,
    checked_origin,
    checked_shape,
    checked_spacing,
    checked_unit,
)
from .errors import VolumeError, reading
from .formats import Format, Kind, WriteRequest
from .outside import check_ordinary
from .registry import format_of
from .volume import Volume, VolumeClass
from .writer import VolumeWriter

_logger = logging.getLogger(__name__)
_SLAB_BYTES = 64 * 2**20


def open_volume(path: str | os.PathLike[str]) -> Volume:
    """Open a volume of any known format, reading no more than its header.

    Parameters
    ----------
    path
        A file or a Zarr folder; after ``::`` what to take inside it, for instance
        ``scan.h5::/entry/data``, ``cell.zarr::1`` (a pyramid level), ``stack.tif::c=0`` (a
        channel) or ``stack.tif::axes=zyx`` (what its axes are).

    Returns
    -------
    Volume
        Its `data` is sliced lazily.

    Raises
    ------
    VolumeError
        If it can't be opened; the message says why and what to do.
    """
    address = Address.parse(path)
    file = address.path
    entry = _existing(address)
    if entry.open is None:
        raise VolumeError(f"{file}: {entry.name} files are only written, not read")
    with reading(file, entry.name):
        if not file.is_dir():
            with file.open("rb") as handle:
                if not handle.read(1):
                    raise VolumeError(f"{file}: the file is empty; copy or export it again")
        try:
            volume = entry.open(address)
        except MemoryError as error:  # no header needs that much
            raise VolumeError(
                f"{file}: says that something in it is larger than the memory; it is damaged: copy "
                "or export it again"
            ) from error
    for note in volume.notes:
        _logger.warning("%s: %s", file, note)
    return volume


def _existing(address: Address) -> Format:
    """Return the format of a file that must be there."""
    file = address.path
    try:
        exists, is_folder = file.exists(), file.is_dir()
        check_ordinary(file)
    except OSError as error:
        raise VolumeError(f"{file}: can't be reached ({error.strerror})") from error
    if not exists:
        hint = (
            f"; the folder {file.parent} doesn't exist either" if not file.parent.exists() else ""
        )
        raise VolumeError(f"{file}: there is no such file{hint}; check the path")
    entry = format_of(address)
    if is_folder and not entry.is_folder:
        raise VolumeError(f"{file}: is a folder, but {entry.name} volumes are files; give a file")
    if not is_folder and entry.is_folder:
        raise VolumeError(f"{file}: is a file, but {entry.name} volumes are folders")
    return entry


def create_volume(
    path: str | os.PathLike[str],
    shape: Sequence[int],
    dtype: npt.DTypeLike,
    *,
    spacing: Sequence[float] | None = None,
    unit: str | None = None,
    origin: Sequence[float] | None = None,
    kind: Kind = "labels",
    classes: Sequence[VolumeClass] = (),
) -> VolumeWriter:
    """Prepare a new file, to be given its planes in order.

    ``with create_volume(...) as writer: writer[z0:z1] = planes``. The file appears under its name
    only when all planes were given and the ``with`` block ended without an exception; until then
    an old file of that name stays as it is.

    Parameters
    ----------
    path
        Where to; the ending says the format. ``new.h5::/name`` names the dataset.
    shape
        (Z, Y, X), or (C, Z, Y, X) for probabilities; their slabs are ``(C, planes, Y, X)``.
    dtype
        Type of the values. Booleans become uint8.
    spacing
        Voxel size along (z, y, x); None if it isn't known. Ones without a unit say as little, and
        are read back as not stated.
    unit
        Its unit, for instance ``"nm"``. MRC files are in angstrom, and read back in nm.
    origin
        Position of the first voxel, in the same unit; kept only beside a spacing.
    kind
        ``"labels"``, ``"image"`` or ``"probabilities"``; images are not compressed.
    classes
        Names and colours of the labels' values, or of the probabilities' channels; kept where the
        format can.

    Raises
    ------
    VolumeError
        If the format can't hold this, or the place can't be written to.
    """
    address = Address.parse(path)
    file = address.path
    entry = format_of(address)
    if entry.create is None:
        raise VolumeError(
            f"{file}: {entry.name} files can be read, not written; use another ending"
        )
    check_inside(address, entry)
    if not file.parent.is_dir():
        raise VolumeError(f"{file}: the folder {file.parent} doesn't exist; make it first")
    if file.exists():
        check_replaceable(address, entry)
    request = WriteRequest(
        path=temporary_beside(file),
        target=address,
        shape=checked_shape(file, entry, shape, kind),
        dtype=checked_dtype(address, entry, dtype),
        spacing=checked_spacing(file, spacing),
        unit=checked_unit(file, unit),
        origin=checked_origin(file, origin),
        kind=kind,
        classes=tuple(classes),
    )
    return VolumeWriter(entry, request)


def write_volume(
    path: str | os.PathLike[str],
    data: ArraySource,
    *,
    spacing: Sequence[float] | None = None,
    unit: str | None = None,
    origin: Sequence[float] | None = None,
    kind: Kind = "labels",
    classes: Sequence[VolumeClass] = (),
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a whole array, or anything that is sliced like one, in slabs.

    Parameters
    ----------
    path
        Where to; the ending says the format.
    data
        Something with ``shape``, ``dtype`` and slices: an array, a `Volume`'s data, a Zarr array.
        A 2D array is one plane. Probabilities have their class axis first.
    spacing, unit, origin, kind, classes
        As for `create_volume`.
    progress
        Called as ``progress(planes done, planes in all)``; what it raises ends the writing, and
        nothing is left of the file.

    Raises
    ------
    VolumeError
        If the format can't hold this, or the place can't be written to.
    """
    shape = (1, *data.shape) if len(data.shape) == 2 else data.shape
    writer = create_volume(
        path,
        shape,
        data.dtype,
        spacing=spacing,
        unit=unit,
        origin=origin,
        kind=kind,
        classes=classes,
    )
    with writer:
        step = _planes_at_a_time(writer, getattr(data, "chunks", None))
        for start in range(0, shape[-3], step):
            planes = slice(start, min(start + step, shape[-3]))
            slab = np.asarray(data[:, planes] if len(shape) == 4 else _planes(data, planes))
            writer[planes] = slab
            if progress is not None:
                progress(planes.stop, shape[-3])


def _planes_at_a_time(writer: VolumeWriter, chunks: object) -> int:
    """Return how many planes to copy at once: whole chunks of both files, where they fit."""
    shape = writer.shape
    plane_bytes = max(1, math.prod(shape) // shape[-3] * writer.dtype.itemsize)
    most = max(1, _SLAB_BYTES // plane_bytes)
    step = writer.preferred_planes
    depth = chunks[-3] if isinstance(chunks, tuple) and len(chunks) == len(shape) else 1
    both = math.lcm(step, depth) if isinstance(depth, int) and depth > 0 else step
    step = both if both <= most else max(step, depth if isinstance(depth, int) else 1)
    return step * max(1, most // step)


def _planes(data: ArraySource, planes: slice) -> npt.NDArray[np.generic]:
    """Take planes of 3D data, or the only plane of 2D data."""
    return np.asarray(data[...])[np.newaxis] if len(data.shape) == 2 else np.asarray(data[planes])
