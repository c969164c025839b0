"""Parts of a project that are arrays: Zarr groups that appear complete, and are verified.

A part NAME is the folder ``NAME-GENERATION.zarr``; the highest generation is the newest. Beside
what Zarr has, it holds ``part.json``: what the part is made from, and size and digest of every
file, since Zarr takes a chunk that is missing for an empty one.
"""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike
from supervox.volumes import appearing
from zarr.codecs import BloscCodec, Crc32cCodec

from .documents import digest_of_file, read_document, write_document
from .errors import writing

MANIFEST = "part.json"
CHUNK = (64, 128, 128)  # of volumes
ROWS_BYTES = 2**22  # of a chunk of a table
MOST_BYTES = 2**44  # that an array may claim to have
Shape = tuple[int, ...]


class PartDamaged(ValueError):
    """A part can't be used; the message says why."""


@dataclass(frozen=True)
class Part:
    """A part that was found whole.

    Attributes
    ----------
    path : Path
    header : dict
        What it is made from, and whatever else was noted with it.
    """

    path: Path
    header: dict[str, Any]

    def read(
        self,
        name: str,
        dtype: npt.DTypeLike,
        shape: Sequence[int | None],
        *,
        empty: Callable[[Shape, npt.DTypeLike], NDArray[Any]] = np.empty,
        run: Run = Run(),
    ) -> NDArray[Any]:
        """Read an array, block by block.

        Parameters
        ----------
        name : str
        dtype : dtype
            That it must have.
        shape : sequence of int or None
            That it must have; None: any number.
        empty : callable
            Makes the array, as `numpy.empty` does.
        run : Run
            Shows progress and stops, between slabs.

        Raises
        ------
        PartDamaged
            If there is no such array.
        """
        try:
            array = zarr.open_array(str(self.path / name), mode="r")
            found, kind = tuple(array.shape), np.dtype(str(array.dtype))
        except Exception as error:  # Zarr raises nearly anything
            raise PartDamaged(f"its {name} can't be read") from error
        fits = len(found) == len(shape) and all(
            b is None or a == b for a, b in zip(found, shape, strict=True)
        )
        if not fits or kind != dtype or math.prod(found) * kind.itemsize > MOST_BYTES:
            raise PartDamaged(f"its {name} is of another size or type")
        result = empty(found, kind)
        step = max(1, array.chunks[0]) if found else 1
        for start in range(0, found[0], step):
            run.check_stop()
            stop = min(start + step, found[0])
            try:
                result[start:stop] = array[start:stop]
            except Exception as error:  # as above
                raise PartDamaged(f"its {name} can't be read") from error
            run.report(stop, found[0])
        return result


class PartWriter:
    """Takes the arrays of a new part."""

    def __init__(self, group: zarr.Group) -> None:
        self._group = group

    def write(
        self,
        name: str,
        values: VolumeLike,
        *,
        run: Run = Run(),
    ) -> None:
        """Add an array, block by block; chunks of zeros take no place."""
        shape, dtype = tuple(values.shape), np.dtype(values.dtype)
        array = self._group.create_array(
            name,
            shape=shape,
            dtype=dtype,
            chunks=_chunks(shape, dtype),
            compressors=[
                BloscCodec(cname="zstd", clevel=3, shuffle="bitshuffle", typesize=dtype.itemsize),
                Crc32cCodec(),
            ],
            config={"write_empty_chunks": False},
        )
        step = array.chunks[0]
        for start in range(0, shape[0], step):
            run.check_stop()
            stop = min(start + step, shape[0])
            array[start:stop] = np.asarray(values[start:stop])
            run.report(stop, shape[0])


class Parts:
    """The parts in one folder of a project.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def generations(self, name: str) -> list[int]:
        """Return the generations of a part that there are, the newest first."""
        pattern = re.compile(rf"{re.escape(name)}-(\d+)\.zarr")
        if not self.folder.is_dir():
            return []
        matches = (pattern.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted((int(match[1]) for match in matches if match), reverse=True)

    def names(self) -> list[str]:
        """Return the names of the parts that there are."""
        if not self.folder.is_dir():
            return []
        matches = (re.fullmatch(r"(.+)-\d+\.zarr", path.name) for path in self.folder.iterdir())
        return sorted({match[1] for match in matches if match})

    def path(self, name: str, generation: int) -> Path:
        """Return the folder of a part."""
        return self.folder / f"{name}-{generation}.zarr"

    def open(self, name: str, generation: int) -> Part:
        """Open a part after comparing every file with its digest.

        Raises
        ------
        PartDamaged
            If anything is missing, damaged or too much.
        """
        path = self.path(name, generation)
        try:
            manifest = read_document(path / MANIFEST)
        except (OSError, ValueError) as error:
            reason = "is missing" if isinstance(error, FileNotFoundError) else f": {error}"
            raise PartDamaged(f"{MANIFEST} {reason}".replace(" :", ":")) from error
        files, header = manifest.get("files"), manifest.get("header")
        if not isinstance(files, dict) or not isinstance(header, dict):
            raise PartDamaged(f"{MANIFEST} says nothing of its files")
        there = _file_names(path)
        for file in sorted(files.keys() | there):
            if file not in there:
                raise PartDamaged(f"{file} is missing")
            if file not in files:
                raise PartDamaged(f"{file} does not belong to it")
            try:
                is_same = digest_of_file(path / file) == files[file]
            except OSError as error:
                raise PartDamaged(f"{file} can't be read ({error.strerror})") from error
            if not is_same:
                raise PartDamaged(f"{file} is damaged")
        return Part(path, header)

    def write(
        self,
        name: str,
        header: Mapping[str, Any],
        fill: Callable[[PartWriter], None],
        keep: int = 1,
    ) -> Path:
        """Write a new generation of a part, and remove old ones.

        Parameters
        ----------
        name : str
        header : mapping
            What JSON can hold.
        fill : callable
            Writes the arrays.
        keep : int
            How many generations may stay.

        Returns
        -------
        Path
            The new folder.

        Raises
        ------
        ProjectError
            If it can't be written; nothing is left of it, and what was there stays.
        """
        generations = self.generations(name)
        target = self.path(name, 1 + max(generations, default=0))
        with writing(target), appearing(target) as temporary:
            self.folder.mkdir(exist_ok=True)
            fill(PartWriter(zarr.open_group(str(temporary), mode="w-", zarr_format=3)))
            files = {file: digest_of_file(temporary / file) for file in _file_names(temporary)}
            write_document(temporary / MANIFEST, {"header": header, "files": files})
        for generation in generations[keep - 1 :]:
            self.remove(name, generation)
        return target

    def remove(self, name: str, generation: int) -> None:
        """Remove a part; half of one that stays behind doesn't verify, and is removed later."""
        shutil.rmtree(self.path(name, generation), ignore_errors=True)


def _chunks(shape: Shape, dtype: np.dtype[Any]) -> Shape:
    """Choose chunks: blocks of a volume, or some rows of a table."""
    if len(shape) == 3:
        return tuple(max(1, min(n, m)) for n, m in zip(shape, CHUNK, strict=True))
    width = max(1, math.prod(shape[1:]))
    rows = max(1, min(shape[0], ROWS_BYTES // (width * dtype.itemsize)))
    return (rows, *(max(1, n) for n in shape[1:]))


def _file_names(folder: Path) -> set[str]:
    """Return all files of a part but its manifest."""
    paths = (path for path in folder.rglob("*") if not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in paths} - {MANIFEST}
