"""Folders of TIFF slices, one plane a file, in the natural order of their names."""

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
    pages = [_look(path) for path in paths]
    for path, page in zip(paths, pages, strict=True):
        if page != pages[0]:
            raise VolumeError(
                f"{path}: is {_shown(page)}, but {paths[0].name} is {_shown(pages[0])}; the slices "
                "of a volume are alike: take out what doesn't belong to it"
            )
    shape, dtype = pages[0]
    source = _Slices(paths, shape, dtype)
    return Volume.make(
        arrange(source, None, address, _NAME),
        Calibration(),
        address,
        _NAME,
        notes=_gaps(paths),
        metadata={"first": paths[0].name, "last": paths[-1].name},
    )


def _slices(folder: Path) -> list[Path]:
    """Return the TIFF files of a folder; ``slice10`` comes after ``slice9``."""
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _ENDINGS and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(found, key=lambda path: (_natural(path.stem.lower()), path.name))


def _natural(text: str) -> list[tuple[str, int]]:
    """Return a key that sorts numbers in a text by their value."""
    parts = re.split(r"(\d+)", text)
    return [
        (words, int(number)) for words, number in zip(parts[::2], [*parts[1::2], "-1"], strict=True)
    ]


def _look(path: Path) -> tuple[tuple[int, int], np.dtype[Any]]:
    """Return the shape and type of the one picture of a file."""
    try:
        with tifffile.TiffFile(path) as file:
            pages, page = len(file.pages), file.pages.first
            shape, dtype = tuple(page.shape), page.dtype
    except (tifffile.TiffFileError, OSError, ValueError) as error:
        raise VolumeError(f"{path}: can't be read as TIFF ({error}); copy it again") from error
    if pages != 1 or len(shape) != 2 or dtype is None:
        what = f"{pages} pictures" if pages != 1 else "a colour picture"
        raise VolumeError(
            f"{path}: holds {what}, but in a folder of slices a file is one grey picture; give one "
            "file, or a folder of nothing but slices"
        )
    return (shape[0], shape[1]), dtype


def _shown(page: tuple[tuple[int, int], np.dtype[Any]]) -> str:
    """Write shape and type for a message."""
    (rows, columns), dtype = page
    return f"{rows} x {columns} {dtype}"


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
            plane[...] = tifffile.imread(path)[key[1:]]
        return empty
