"""Labels and Image layers as files of the engine's formats, with all that they can carry."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from supervox.volumes import Address, Format, VolumeClass, VolumeError, create_volume, format_of

from .layer_fields import Place, classes_of_layer, coloured_classes

Array = npt.NDArray[Any]
Fields = Mapping[str, Any]

_SLAB_BYTES = 64 * 2**20
_LABEL_TYPES = (np.uint8, np.uint16, np.int32)
_MOST_NAMED = 255  # classes; more are objects, counted and not named


def write_labels(path: str, data: Any, fields: dict[str, Any]) -> list[str]:
    """Write a Labels layer, with the names and colours of its classes.

    Parameters
    ----------
    path
        Where to; the ending says the format.
    data
        What the layer shows: an array, or anything that is sliced like one; it is read in slabs.
    fields
        The layer's other fields.

    Returns
    -------
    list of str
        The path.

    Raises
    ------
    VolumeError
        If the format can't hold this, or the place can't be written to.
    """
    source = _Planes(path, data, fields)
    entry = format_of(Address.parse(path))
    classes = classes_of_layer(fields)
    dtype = source.dtype
    if classes is None or dtype.name not in entry.dtypes:
        values = reduce(np.union1d, (np.unique(slab) for _, slab in source.slabs()))
        dtype = _label_type(entry, dtype, values)
        if classes is None:
            classes = _visible_classes(fields, values)
    return _write(path, source, dtype, fields, "labels", classes)


def write_image(path: str, data: Any, fields: dict[str, Any]) -> list[str]:
    """Write an Image layer.

    Parameters
    ----------
    path, data, fields
        As for `write_labels`.

    Returns
    -------
    list of str
        The path.

    Raises
    ------
    VolumeError
        If it is a colour picture, the format can't hold it, or the place can't be written to.
    """
    if fields.get("rgb"):
        raise VolumeError(
            f"{path}: the layer is a colour picture, and volumes hold one value a voxel; split it "
            "into its channels first (right-click on the layer, 'Split RGB')"
        )
    source = _Planes(path, data, fields)
    return _write(path, source, source.dtype, fields, "image", ())


class _Planes:
    """A layer's values as planes, rows and columns, read slab by slab."""

    def __init__(self, path: str, data: Any, fields: Fields) -> None:
        self._data = data[0] if fields.get("multiscale") else data
        self._flat = self._data.ndim == 2
        if self._data.ndim not in (2, 3):
            raise VolumeError(
                f"{path}: the layer has {self._data.ndim} axes, and a volume has planes, rows and "
                "columns; take a part of it as a layer first"
            )
        self.shape: tuple[int, ...] = (1,) * self._flat + tuple(self._data.shape)
        self.dtype: np.dtype[Any] = np.dtype(self._data.dtype)

    def slabs(self) -> Iterator[tuple[slice, Array]]:
        """Go through the planes, as many at a time as are read quickly and fit into memory."""
        if self._flat:
            yield slice(0, 1), np.asarray(self._data[:, :])[np.newaxis]
            return
        chunks = getattr(self._data, "chunks", None)
        first = chunks[0] if chunks else 1
        depth = max(first) if isinstance(first, tuple) else first  # dask has a size for each chunk
        plane_bytes = max(1, math.prod(self.shape[1:]) * self.dtype.itemsize)
        step = depth * max(1, _SLAB_BYTES // (plane_bytes * depth))
        for start in range(0, self.shape[0], step):
            planes = slice(start, min(start + step, self.shape[0]))
            yield planes, np.asarray(self._data[planes])


def _write(
    path: str,
    source: _Planes,
    dtype: np.dtype[Any],
    fields: Fields,
    kind: Literal["labels", "image"],
    classes: Sequence[VolumeClass],
) -> list[str]:
    """Write the planes with the layer's place in space."""
    place = Place.of_layer(fields)
    writer = create_volume(
        path,
        source.shape,
        dtype,
        spacing=place.spacing,
        unit=place.unit,
        origin=place.origin,
        kind=kind,
        classes=classes,
    )
    with writer:
        for planes, slab in source.slabs():
            writer[planes] = slab.astype(writer.dtype, copy=False)
    return [str(Path(path))]


def _label_type(entry: Format, dtype: np.dtype[Any], values: Array) -> np.dtype[Any]:
    """Return the layer's type if the format has it, else the smallest that holds all labels."""
    if dtype.name in entry.dtypes:
        return dtype
    for candidate in _LABEL_TYPES:
        limits = np.iinfo(candidate)
        fits = limits.min <= values.min() and values.max() <= limits.max
        if fits and np.dtype(candidate).name in entry.dtypes:
            return np.dtype(candidate)
    return dtype


def _visible_classes(fields: Fields, values: Array) -> tuple[VolumeClass, ...]:
    """Return the labels that there are as classes, in the colours that they are shown in."""
    labels = [int(value) for value in values if value > 0]
    return coloured_classes(fields, labels) if len(labels) <= _MOST_NAMED else ()
