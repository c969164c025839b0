"""The synthetic tomogram, made block by block."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, Workers

from ._anatomy import Anatomy, build_anatomy
from ._optics import Microscope
from ._parameters import PhantomParameters
from ._tissue import absorption_block, class_block

__all__ = ["Phantom", "Writable"]

Box = tuple[slice, slice, slice]

_GREY_OF_NOTHING = 50_000.0
_GREYS_PER_ABSORPTION = 45_000.0
_DRIFT = 0.02
_ROWS = 32


class Writable(Protocol):
    """Anything with a shape that takes boxes: a NumPy array, a memory map, Zarr, HDF5."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Extent along each axis."""

    def __setitem__(self, key: Any, value: Any, /) -> None:
        """Store a box."""


class Phantom:
    """A cell in vitreous ice, as a cryo soft X-ray tomogram shows it.

    Labels and instances of any box are computed on the spot. The image comes in slabs of whole
    plane-by-column sections, because the missing wedge joins the voxels of such a section and
    of no others. Neither depends on how the field is divided.

    Parameters
    ----------
    parameters : PhantomParameters, optional
        What to show; the same parameters give the same bytes.

    Examples
    --------
    >>> from supervox.sample_data import Phantom, PhantomParameters
    >>> phantom = Phantom(PhantomParameters(shape=(64, 64, 64)))
    >>> phantom.labels((slice(0, 4), slice(0, 64), slice(10, 20))).shape
    (4, 64, 10)
    """

    def __init__(self, parameters: PhantomParameters | None = None) -> None:
        self.parameters = parameters or PhantomParameters()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along (plane, row, column)."""
        return self.parameters.shape

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size along (plane, row, column) in nanometres."""
        return (self.parameters.spacing_nm,) * 3

    @cached_property
    def anatomy(self) -> Anatomy:
        """The shapes in the field."""
        return build_anatomy(self.parameters)

    @cached_property
    def microscope(self) -> Microscope:
        """The filters between sample and image."""
        return Microscope.of(self.parameters)

    def classes_and_instances(self, box: Box) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """`labels` and `instances` of a box in one pass.

        Parameters
        ----------
        box : tuple of slice
            Planes, rows and columns, without steps.

        Returns
        -------
        labels : ndarray of uint8
            Ids of `CLASSES`, never 0.
        instances : ndarray of uint16
            Organelle ids: 0 none, 1 the nucleus.
        """
        origin, shape = _resolve(box, self.shape)
        return class_block(self.anatomy, origin, shape, self.parameters.spacing_um)

    def labels(self, box: Box) -> NDArray[np.uint8]:
        """Class of every voxel of a box; see `classes_and_instances`."""
        return self.classes_and_instances(box)[0]

    def instances(self, box: Box) -> NDArray[np.uint16]:
        """Which organelle every voxel of a box belongs to; see `classes_and_instances`."""
        return self.classes_and_instances(box)[1]

    def absorption(self, box: Box) -> NDArray[np.float32]:
        """Compute the true absorption per micrometre of a box, before the microscope.

        Parameters
        ----------
        box : tuple of slice
            As in `classes_and_instances`.

        Returns
        -------
        ndarray of float32
        """
        origin, shape = _resolve(box, self.shape)
        block: NDArray[np.float32] = absorption_block(
            self.anatomy, origin, shape, self.parameters.spacing_um
        )
        return block

    def _slab(self, first: int, last: int) -> NDArray[np.uint16]:
        """Image of the rows from `first` up to `last`."""
        planes, rows, columns = self.shape
        halo = self.microscope.halo
        sample = absorption_block(
            self.anatomy,
            (0, first - halo, 0),
            (planes, last - first + 2 * halo, columns),
            self.parameters.spacing_um,
        )
        seen = self.microscope.observe(sample, first)
        seen += (_DRIFT * (np.arange(first, last) / rows - 0.5)).astype(np.float32)[:, None]
        seen += (_DRIFT * (np.arange(columns) / columns - 0.5)).astype(np.float32)
        seen *= -_GREYS_PER_ABSORPTION
        seen += _GREY_OF_NOTHING
        return np.clip(np.rint(seen, out=seen), 0, 65535, out=seen).astype(np.uint16)

    def image_slabs(
        self, rows: int = _ROWS, workers: int = 2
    ) -> Iterator[tuple[Box, NDArray[np.uint16]]]:
        """Image in slabs of consecutive rows, in order, with bounded memory.

        Parameters
        ----------
        rows : int
            Rows per slab. Thin slabs need less memory and more time.
        workers : int
            Slabs computed at the same time, each in a thread.

        Yields
        ------
        box : tuple of slice
            Where the slab lies.
        slab : ndarray of uint16
            Dark where much is absorbed.

        Raises
        ------
        ValueError
            If `rows` or `workers` is below 1.
        """
        if rows < 1 or workers < 1:
            raise ValueError(f"rows and workers must be at least 1, got {rows} and {workers}")
        planes, total, columns = self.shape
        starts = deque(range(0, total, rows))
        _ = self.anatomy, self.microscope
        pending: deque[tuple[int, int, Future[NDArray[np.uint16]]]] = deque()
        with ThreadPoolExecutor(workers) as pool:
            try:
                while starts or pending:
                    while starts and len(pending) <= workers:
                        first = starts.popleft()
                        last = min(first + rows, total)
                        pending.append((first, last, pool.submit(self._slab, first, last)))
                    first, last, slab = pending.popleft()
                    yield (slice(0, planes), slice(first, last), slice(0, columns)), slab.result()
            finally:
                for _, _, slab in pending:
                    slab.cancel()

    def fill_image(
        self,
        out: Writable,
        *,
        rows: int = _ROWS,
        workers: Workers = 2,
    ) -> None:
        """Write the image into anything that takes boxes.

        Parameters
        ----------
        out : array_like of shape `shape`
            NumPy array, memory map, Zarr or HDF5 array. Slabs of rows are written one after
            the other: chunks along the rows should divide `rows`.
        rows : int
            See `image_slabs`.
        workers : int or Run
            Slabs computed at the same time; or a `Run`, which also shows progress and is asked
            whether to stop before each slab.

        Raises
        ------
        ValueError
            If `out` has another shape.
        Cancelled
            If the run is to stop; `out` is then partly written.
        """
        if tuple(out.shape) != self.shape:
            raise ValueError(f"out must have the phantom's shape {self.shape}, got {out.shape}")
        run = Run.of(workers)
        for box, slab in self.image_slabs(rows, run.n_threads):
            run.check_stop()
            out[box] = slab
            run.report(box[1].stop, self.shape[1])


def _resolve(box: Box, shape: tuple[int, int, int]) -> tuple[Any, Any]:
    """First voxel and extent of a box within a field."""
    if len(box) != 3:
        raise ValueError(f"a box is three slices (planes, rows, columns), got {box}")
    if any(part.step not in (None, 1) for part in box):
        raise ValueError(f"a box must have no steps, got {box}")
    ranges = [part.indices(size) for part, size in zip(box, shape, strict=True)]
    origin = tuple(first for first, _, _ in ranges)
    return origin, tuple(max(0, last - first) for first, last, _ in ranges)
