"""A complete small sample in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._parameters import PhantomParameters
from .phantom import Phantom
from .strokes import example_strokes

__all__ = ["Sample", "make_phantom"]


@dataclass(frozen=True, eq=False)
class Sample:
    """A tomogram with its ground truth and example annotations.

    Attributes
    ----------
    image : ndarray of uint16, shape (planes, rows, columns)
        The noisy tomogram.
    labels : ndarray of uint8
        Class of every voxel.
    instances : ndarray of uint16
        Organelle of every voxel: 0 none, 1 the nucleus.
    strokes : ndarray of uint8
        Sparse annotations, 0 elsewhere.
    spacing : tuple of float
        Voxel size along (plane, row, column).
    unit : str
        Unit of `spacing`.
    """

    image: NDArray[np.uint16]
    labels: NDArray[np.uint8]
    instances: NDArray[np.uint16]
    strokes: NDArray[np.uint8]
    spacing: tuple[float, float, float]
    unit: str = "nm"


def make_phantom(
    shape: tuple[int, int, int] = (128, 256, 256),
    seed: int = 0,
    *,
    strokes_per_class: int = 12,
    workers: int = 2,
    **parameters: Any,
) -> Sample:
    """Make a sample that fits into memory.

    Parameters
    ----------
    shape : tuple of int
        Voxels along (plane, row, column).
    seed : int
        Chooses the cell, the noise and the strokes.
    strokes_per_class : int
        Strokes of every class.
    workers : int
        Threads.
    **parameters
        Further fields of `PhantomParameters`.

    Returns
    -------
    Sample

    Examples
    --------
    >>> from supervox.sample_data import make_phantom
    >>> sample = make_phantom((64, 64, 64), seed=3)
    >>> sample.image.shape
    (64, 64, 64)
    """
    phantom = Phantom(PhantomParameters(shape=shape, seed=seed, **parameters))
    image = np.empty(phantom.shape, dtype=np.uint16)
    phantom.fill_image(image, workers=workers)
    labels, instances = phantom.classes_and_instances((slice(None),) * 3)
    strokes = example_strokes(labels, strokes_per_class, seed)
    return Sample(image, labels, instances, strokes, phantom.spacing)
