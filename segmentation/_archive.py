"""Arrays and JSON in one file: written complete or not at all, read without running anything.

The files are NumPy's ``.npz``, so that anybody can look into them with `numpy.load`. Reading is
stricter than NumPy's: whatever is not exactly what `write_archive` writes is refused.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.volumes import appearing

HEADER = "header"
MOST_BYTES = 2**32  # that a file may unpack to
MOST_RATIO, ALWAYS_BYTES = 40, 2**26  # likewise, of its own size; but so much in any case


def write_archive(
    path: str | os.PathLike[str], header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write a file; it appears under its name only when it is complete.

    Parameters
    ----------
    path : path
    header : mapping
        What JSON can hold.
    arrays : mapping of str to array
        Numbers, by any names but "header".

    Raises
    ------
    OSError
        If the file can't be written.
    """
    whole: dict[str, Any] = {HEADER: np.array(json.dumps(header))}
    whole |= {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    with appearing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **whole)  # given a name, NumPy would add an ending


def read_archive(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what `write_archive` wrote.

    Returns
    -------
    header : dict
    arrays : dict of str to array

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it can't be read, or is something else.
    """
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise ValueError("it is no ordinary file")
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("it is no archive of arrays")
            with zipfile.ZipFile(file) as archive:
                members = _read_members(archive)
        text = members.pop(HEADER, None)
        if text is None or text.dtype.kind != "U" or text.shape:
            raise ValueError("it has no header")
        header = json.loads(str(text))
    except FileNotFoundError:
        raise
    except ValueError as error:
        raise ValueError(str(error)) from error
    except Exception as error:  # damage makes zipfile, zlib and NumPy raise nearly anything
        reason = str(error) or type(error).__name__
        raise ValueError(f"it can't be read ({reason})") from error
    if not isinstance(header, dict):
        raise ValueError("its header is damaged")
    return header, members


def _read_members(archive: zipfile.ZipFile) -> dict[str, NDArray[Any]]:
    """Read all arrays; zipfile compares them with their checksums before anything is believed."""
    packed = sum(info.compress_size for info in archive.infolist())
    most = min(MOST_BYTES, max(ALWAYS_BYTES, MOST_RATIO * packed))
    if sum(info.file_size for info in archive.infolist()) > most:
        raise ValueError("it is larger than anything that supervox writes")
    return {
        info.filename.removesuffix(".npy"): _parse_array(archive.read(info))
        for info in archive.infolist()
    }


def _parse_array(data: bytes) -> NDArray[Any]:
    """Read an array of numbers or text of the ``.npy`` format, version 1."""
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("it was written by another program")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    size = len(data) - stream.tell()
    if by_columns or dtype.kind not in "biufU" or math.prod(shape) * dtype.itemsize != size:
        raise ValueError("an array in it is damaged")
    return np.frombuffer(data, dtype, offset=stream.tell()).reshape(shape).copy()
