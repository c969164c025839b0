"""From a layer to what the engine segments: voxels, voxel size, and the box to work in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import VolumeLike
from supervox.napari_plugin.io.layer_fields import length_of, steps_of
from supervox.project import Mask
from supervox.volumes import Triple, VoxelSize, convert_length, unit_symbol

from .reading_units import reading_unit, unit_text

if TYPE_CHECKING:
    from napari.layers import Image, Labels, Layer

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Source:
    """What is to be segmented.

    Attributes
    ----------
    layer_id : str
        Of the image layer; another layer is another source.
    volume : array-like, (Z, Y, X) or (Y, X)
        All voxels of the layer.
    spacing : tuple of 3 float
        Voxel size along (plane, row, column), in `unit`.
    unit : str or None
        As files write it: "nm", "um"; None if it isn't known.
    box : tuple of 3 slice or None
        The part to work in; None for the whole volume.
    mask : Mask or None
        Where all voxels of the layer have data.
    channels : tuple of array-like
        Further images of the same voxels, whose features are used as well.
    channel_addresses : tuple of str
        Of their files.
    """

    layer_id: str
    volume: VolumeLike = field(compare=False, repr=False)
    version: int
    spacing: Triple
    unit: str | None
    box: Box | None = None
    mask: Mask | None = None
    channels: tuple[VolumeLike, ...] = field(default=(), compare=False, repr=False)
    channel_addresses: tuple[str, ...] = ()

    @property
    def is_flat(self) -> bool:
        """Whether the layer is a 2D image."""
        return len(self.volume.shape) == 2

    @property
    def full_shape(self) -> tuple[int, int, int]:
        """Voxels of the layer as (planes, rows, columns)."""
        z, y, x = (1, *self.volume.shape) if self.is_flat else self.volume.shape
        return z, y, x

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels of the part to work in."""
        if self.box is None:
            return self.full_shape
        z, y, x = (part.stop - part.start for part in self.box)
        return z, y, x

    @property
    def start(self) -> tuple[int, int, int]:
        """First voxel of the part to work in."""
        if self.box is None:
            return 0, 0, 0
        return self.box[0].start, self.box[1].start, self.box[2].start

    @property
    def voxel_size(self) -> VoxelSize:
        """The voxel size, and whether anybody knows it."""
        return VoxelSize.told(self.spacing, self.unit, "option")

    @property
    def is_quick(self) -> bool:
        """Whether parts are there at once: in memory, or in a file without chunks."""
        images = (self.volume, *self.channels)
        return all(getattr(image, "chunks", None) is None for image in images)

    @property
    def voxel_bytes(self) -> int:
        """Bytes of a voxel of all channels together."""
        return sum(np.dtype(image.dtype).itemsize for image in (self.volume, *self.channels))

    def work_volume(self) -> VolumeLike:
        """Return the voxels of the part to work in, as (Z, Y, X); read where they are sliced."""
        return CroppedVolume(self.volume, self.box)

    def work_channels(self) -> tuple[VolumeLike, ...]:
        """Return the further channels of the part to work in, (Z, Y, X) each."""
        return tuple(CroppedVolume(channel, self.box) for channel in self.channels)

    def work_mask(self) -> VolumeLike | None:
        """Return the mask of the part to work in, (Z, Y, X); None if there is none."""
        return None if self.mask is None else CroppedVolume(self.mask.voxels, self.box)

    def layer_part(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array of the part to work in (Z, Y, X) with as many axes as the layer."""
        return array[0] if self.is_flat else array


class CroppedVolume:
    """A 3D view of a layer's data: 2D images are one plane, a box is cut out, nothing is copied.

    Parameters
    ----------
    volume : array-like, (Z, Y, X) or (Y, X)
    box : tuple of 3 slice, optional
    """

    def __init__(self, volume: VolumeLike, box: Box | None = None) -> None:
        self._volume = volume
        self._is_flat = len(volume.shape) == 2
        full = (1, *volume.shape) if self._is_flat else volume.shape
        self._box = box or tuple(slice(0, n) for n in full)
        self.shape = tuple(part.stop - part.start for part in self._box)
        self.dtype = np.dtype(volume.dtype)

    def __getitem__(self, key: Any, /) -> NDArray[Any]:
        parts = key if isinstance(key, tuple) else (key,)
        parts = (*parts, *(slice(None) for _ in range(3 - len(parts))))
        places = [
            _shifted(part, axis.start, axis.stop - axis.start)
            for part, axis in zip(parts, self._box, strict=True)
        ]
        if not self._is_flat:
            return np.asarray(self._volume[tuple(places)])
        plane = np.asarray(self._volume[tuple(places[1:])])
        return plane if isinstance(places[0], int) else plane[np.newaxis][places[0]]


def _shifted(part: Any, start: int, size: int) -> Any:
    """Move an index or a slice within a box into the volume."""
    if isinstance(part, slice):
        first, last, step = part.indices(size)
        if step < 1:
            raise IndexError("volumes are sliced forwards only")
        return slice(first + start, max(first, last) + start, step)
    index = int(part)
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for an axis of {size} voxels")
    return index % size + start


def unusable(layer: Layer) -> str | None:
    """Say why a layer can't be segmented, and what to do; None if it can."""
    from napari.layers import Image

    if not isinstance(layer, Image):
        return f"{layer.name} is no image"
    if layer.rgb:
        return (
            f"{layer.name} is a colour image: split its channels (right click, Split RGB), and "
            "choose one"
        )
    data = finest_data(layer)
    if len(data.shape) not in (2, 3):
        return (
            f"{layer.name} has {len(data.shape)} axes: choose one time point or channel, as a "
            "layer with planes, rows and columns"
        )
    if np.dtype(data.dtype).kind not in "buif":
        return f"{layer.name} holds values of type {data.dtype}; real numbers are needed"
    if 0 in data.shape:
        return f"{layer.name} has no voxels"
    return None


def finest_data(layer: Image | Labels) -> VolumeLike:
    """Return a layer's data, of several resolutions the finest."""
    data: VolumeLike = layer.data[0] if layer.multiscale else layer.data
    return data


def world_steps(layer: Layer) -> list[list[float]]:
    """Return the step in the world from a voxel to the next along each axis of a layer."""
    return steps_of(layer.scale, layer.rotate, layer.shear, layer.affine.affine_matrix)


def spacing_of(layer: Layer) -> tuple[Triple, str | None]:
    """Read the voxel size of a layer and its unit; ones without a unit if it has none.

    It is the length of a step along each axis in the world, through all that a layer may have:
    scale, shear, rotation and affine. Axes in several units of length are given in that of the
    columns.
    """
    symbols = [unit_symbol(str(unit)) for unit in layer.units]
    unit = symbols[-1] if None not in symbols else None
    lengths = [
        length_of(
            [
                convert_length(part, symbol or unit, unit) if unit is not None else part
                for part, symbol in zip(step, symbols, strict=True)
            ]
        )
        or 1.0
        for step in world_steps(layer)
    ]
    if len(lengths) == 2:
        lengths = [lengths[0], *lengths]
    return (lengths[0], lengths[1], lengths[2]), unit


def checked_box(corners: NDArray[Any], shape: Sequence[int]) -> Box | None:
    """Make a box of voxels of two corners, clipped to the volume; None if it holds no voxel.

    Parameters
    ----------
    corners : float, (2, 3)
        First and last corner, in voxels.
    shape : sequence of 3 int
    """
    low = np.clip(np.floor(corners.min(axis=0) + 0.5).astype(int), 0, shape)
    high = np.clip(np.floor(corners.max(axis=0) + 0.5).astype(int), 0, shape)
    high = np.maximum(high, np.minimum(low + 1, shape))
    if (high <= low).any():
        return None
    z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return z, y, x


def placement(image: Image | Labels, start: Sequence[int]) -> dict[str, Any]:
    """Return the keywords that put a derived layer where its voxels lie in an image.

    Parameters
    ----------
    image : Layer
        What it is derived from.
    start : sequence of 3 int
        Voxel of the image at which the derived layer starts.
    """
    first = np.asarray(start[-image.ndim :], float)
    moved = np.asarray(image.affine.inverse(image.data_to_world(first)))
    return {
        "scale": image.scale,
        "translate": moved,
        "rotate": image.rotate,
        "shear": image.shear,
        "affine": image.affine,
        "units": image.units,
        "axis_labels": image.axis_labels,
    }


def length(voxels: float, spacing: Sequence[float], unit: str | None) -> str:
    """Write a length in voxels of the finest axis for a person, like "320 nm (8 voxels)"."""
    plain = f"{voxels:g} voxels"
    if unit is None:
        return plain
    size = voxels * min(spacing)
    read, factor = reading_unit(size, unit)
    return f"{_significant(size * factor)} {unit_text(read)} ({plain})"


def _significant(value: float) -> str:
    """Write a number with three digits, but never in powers of ten."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
