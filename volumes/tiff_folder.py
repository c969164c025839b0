"""Folders of TIFF slices, one plane a file, in the natural order of their names.

Files among which OME's metadata spread one image are opened as that image.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from .address import Address
from .arrays import Array
from .axes import arrange
from .calibration import Calibration
from .errors import VolumeError
from .outside import check_outside
from .tiff_metadata import files_of
from .tiff_reading import has_alpha, open_in_file
from .volume import Volume

_NAME = "TIFF slices"
_ENDINGS = (".tif", ".tiff")


def is_tiff_folder(path: Path) -> bool:
    """Say whether a folder holds TIFF files."""
    return bool(_slices(path))


def open_tiff_folder(address: Address) -> Volume:
    """Open a folder as one volume; a file is read when its plane is sliced.

    Raises
    ------
    VolumeError
        If the files differ in shape or type, or one holds anything but one grey picture.
    """
    paths = _slices(address.path)
    if not paths:
        raise VolumeError(f"{address.path}: holds no TIFF files")
    spread = _first_of_many(paths)
    if spread is not None:
        return open_in_file(spread, address)
    if address.inner is not None:
        raise VolumeError(f"{address.path}: is one volume, there is no {address.inner!r} in it")
    pages = [_look(path) for path in paths]
    for path, page in zip(paths, pages, strict=True):
        if page != pages[0]:
            raise VolumeError(
                f"{path}: is {_shown(page)}, but {paths[0].name} is {_shown(pages[0])}; the slices "
                "of a volume are alike: take out what doesn't belong to it"
            )
    shape, dtype = pages[0]
    source = _Slices(paths, (shape[0], shape[1]), dtype)
    alpha = ("their transparency (alpha) is left out",) if len(shape) == 3 else ()
    return Volume.make(
        arrange(source, None, address, _NAME),
        Calibration(),
        address,
        _NAME,
        notes=_gaps(paths) + alpha,
        metadata={"first": paths[0].name, "last": paths[-1].name},
    )


def _slices(folder: Path) -> list[Path]:
    """Return the TIFF files of a folder; ``slice10`` comes after ``slice9``."""
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _ENDINGS and not path.name.startswith(".") and path.is_file()
    ]
    for path in found:
        if path.is_symlink():
            check_outside(folder, path, "a plane in")
    return sorted(found, key=lambda path: (_natural(path.stem.lower()), path.name))


def _first_of_many(paths: list[Path]) -> Path | None:
    """Return the file by which an image that OME's XML spreads over these files is opened.

    None if they are plain slices, or each is an image by itself.
    """
    here = {path.name: path for path in paths}
    with tifffile.TiffFile(paths[0]) as file:
        named = files_of(file.ome_metadata) if file.is_ome and file.ome_metadata else set()
    if not named - {paths[0].name}:
        return None
    # Micro-Manager's others name the one that has the metadata, and say nothing else
    others = [name for name in named if name in here]
    return here[others[0]] if len(named) == 1 and others else paths[0]


def _natural(text: str) -> list[tuple[str, int]]:
    """Return a key that sorts numbers in a text by their value."""
    parts = re.split(r"(\d+)", text)
    return [
        (words, int(number)) for words, number in zip(parts[::2], [*parts[1::2], "-1"], strict=True)
    ]


def _look(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and type of the one picture of a file; grey may have transparency."""
    try:
        with tifffile.TiffFile(path) as file:
            pages, page = len(file.pages), file.pages.first
            shape, dtype = tuple(page.shape), page.dtype
            is_grey = len(shape) == 2 or (len(shape) == 3 and shape[2] == 2 and has_alpha(page))
    except (tifffile.TiffFileError, OSError, ValueError) as error:
        raise VolumeError(f"{path}: can't be read as TIFF ({error}); copy it again") from error
    if pages != 1 or not is_grey or dtype is None:
        what = f"{pages} pictures" if pages != 1 else "a colour picture"
        raise VolumeError(
            f"{path}: holds {what}, but in a folder of slices a file is one grey picture; give one "
            "file, or a folder of nothing but slices"
        )
    return shape, dtype


def _shown(page: tuple[tuple[int, ...], np.dtype[Any]]) -> str:
    """Write shape and type for a message."""
    shape, dtype = page
    return f"{shape[0]} x {shape[1]} {dtype}{' with alpha' if len(shape) == 3 else ''}"


def _gaps(paths: list[Path]) -> tuple[str, ...]:
    """Say where numbers are missing in the names: a plane was perhaps not copied."""
    numbers = [re.findall(r"\d+", path.stem) for path in paths]
    if not all(numbers):
        return ()
    counted = [int(found[-1]) for found in numbers]
    for here, after, path in zip(counted, counted[1:], paths, strict=False):
        if after - here > 1 and len(counted) > 2 and _is_rule(counted):
            return (f"slices are missing after {path.name}",)
    return ()


def _is_rule(numbers: list[int]) -> bool:
    """Say whether most numbers follow the one before: a count, and not times or positions."""
    steps = np.diff(numbers)
    return bool((steps == 1).sum() * 2 > len(steps))


class _Slices:
    """Planes, rows and columns of which each plane is a file."""

    def __init__(self, paths: list[Path], shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        self._paths = paths
        self.shape = (len(paths), *shape)
        self.dtype = dtype
        self.chunks = (1, *shape)

    def __getitem__(self, key: tuple[slice, slice, slice]) -> Array:
        chosen = self._paths[key[0]]
        empty = np.empty((len(chosen), *self.shape[1:]), self.dtype)[:, key[1], key[2]]
        for plane, path in zip(empty, chosen, strict=True):
            picture = tifffile.imread(path, key=0)
            plane[...] = (picture if picture.ndim == 2 else picture[..., 0])[key[1:]]
        return empty
