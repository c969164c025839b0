"""The image in the order in which most files are written: by planes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Workers

from .phantom import Box, Phantom

__all__ = ["plane_slabs"]


def plane_slabs(
    phantom: Phantom,
    planes: int = 16,
    *,
    directory: str | os.PathLike[str] | None = None,
    workers: Workers = 2,
) -> Iterator[tuple[Box, NDArray[np.uint16]]]:
    """Image in slabs of consecutive planes, by way of a temporary file.

    Parameters
    ----------
    phantom : Phantom
        What to image.
    planes : int
        Planes per slab.
    directory : path, optional
        Where to keep the temporary file, which is as large as the image and vanishes in the
        end; the system's place for such files by default.
    workers : int or Run
        See `Phantom.fill_image`; all the work is done before the first slab.

    Yields
    ------
    box : tuple of slice
        Where the slab lies.
    slab : ndarray of uint16

    Raises
    ------
    ValueError
        If `planes` is below 1.
    """
    if planes < 1:
        raise ValueError(f"planes must be at least 1, got {planes}")
    total, rows, columns = phantom.shape
    with TemporaryFile(dir=directory) as file:
        image: NDArray[np.uint16] = np.memmap(file, dtype=np.uint16, mode="w+", shape=phantom.shape)
        phantom.fill_image(image, workers=workers)
        for first in range(0, total, planes):
            last = min(first + planes, total)
            box = (slice(first, last), slice(0, rows), slice(0, columns))
            yield box, np.array(image[first:last])
