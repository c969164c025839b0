"""Writing OME-Zarr 0.5: a pyramid, with voxel size, unit, origin, names and colours of classes."""

from typing import Any

import zarr

from .arrays import Array
from .calibration import unit_name
from .formats import WriteRequest
from .pyramid import Level, coarser_levels, fill_level
from .volume import VolumeClass

_CHUNK = (16, 256, 256)


class _ZarrSink:
    """Appends planes to the finest level of a pyramid, and makes the others of it at the end."""

    preferred_planes = _CHUNK[0]

    def __init__(self, request: WriteRequest) -> None:
        self._group = zarr.open_group(str(request.path), mode="w-", zarr_format=3)
        self._request = request
        self._levels = coarser_levels(request.shape[-3:], request.spacing)
        self._group.attrs.update(_attributes(request, self._levels))
        self._array = self._new_level(0, request.shape)
        self._done = 0

    def _new_level(self, number: int, shape: tuple[int, ...]) -> zarr.Array[Any]:
        """Make the array of a level."""
        leading = (1,) * (len(shape) - 3)
        return self._group.create_array(
            str(number),
            shape=shape,
            dtype=self._request.dtype,
            chunks=tuple(
                min(chunk, length) for chunk, length in zip((*leading, *_CHUNK), shape, strict=True)
            ),
            compressors=None if self._request.kind == "image" else "auto",
            # Where labels have nothing there is no chunk; of anything else one was lost.
            config={"write_empty_chunks": self._request.kind != "labels"},
            dimension_names=list("czyx"[-len(shape) :]),
        )

    def write(self, planes: Array) -> None:
        """Append planes (n, Y, X) or (C, n, Y, X)."""
        stop = self._done + planes.shape[-3]
        self._array[..., self._done : stop, :, :] = planes
        self._done = stop

    def close(self) -> None:
        """Make the coarser levels, if all planes were given."""
        if self._done < self._request.shape[-3]:
            return
        finer = self._array
        for number, level in enumerate(self._levels, 1):
            coarser = self._new_level(number, (*self._request.shape[:-3], *level.shape))
            fill_level(finer, coarser, level, self._request.kind, _CHUNK[0])
            finer = coarser


def create_zarr(request: WriteRequest) -> _ZarrSink:
    """Make an OME-Zarr group."""
    return _ZarrSink(request)


def _attributes(request: WriteRequest, levels: list[Level]) -> dict[str, Any]:
    """Return the group's metadata, as OME-Zarr 0.5 has it."""
    leading = len(request.shape) - 3
    unit = {"unit": unit_name(request.unit)} if request.unit and request.spacing else {}
    axes: list[dict[str, str]] = [{"name": "c", "type": "channel"}] * leading
    axes += [{"name": axis, "type": "space", **unit} for axis in "zyx"]
    ome: dict[str, Any] = {
        "version": "0.5",
        "multiscales": [
            {
                "name": request.kind,
                "axes": axes,
                "datasets": [
                    {"path": str(n), "coordinateTransformations": _steps(request, total)}
                    for n, total in enumerate([(1, 1, 1), *(level.total for level in levels)])
                ],
                "type": "mode" if request.kind == "labels" else "mean",
            }
        ],
    }
    if request.kind == "labels":
        ome["image-label"] = _image_label(request.classes)
    attributes: dict[str, Any] = {"ome": ome}
    if request.classes:
        attributes["supervox"] = {"classes": [item.as_json() for item in request.classes]}
    return attributes


def _steps(request: WriteRequest, total: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return voxel size and origin of a level, of so many voxels of the finest along each axis."""
    one, nowhere = ([value] * (len(request.shape) - 3) for value in (1.0, 0.0))
    sizes = request.spacing or (1.0, 1.0, 1.0)
    origin = request.origin if request.spacing else (0.0, 0.0, 0.0)
    scale = [size * n for size, n in zip(sizes, total, strict=True)]
    shift = [
        place + (n - 1) / 2 * size for place, size, n in zip(origin, sizes, total, strict=True)
    ]
    steps: list[dict[str, Any]] = [{"type": "scale", "scale": one + scale}]
    if any(shift):
        steps.append({"type": "translation", "translation": nowhere + shift})
    return steps


def _image_label(classes: tuple[VolumeClass, ...]) -> dict[str, Any]:
    """Return the classes as OME-Zarr viewers look for them."""
    label: dict[str, Any] = {}
    colours = [
        {"label-value": item.value, "rgba": [*bytes.fromhex(item.colour.lstrip("#")), 255]}
        for item in classes
        if item.colour
    ]
    if colours:
        label["colors"] = colours
    if classes:
        label["properties"] = [{"label-value": item.value, "name": item.name} for item in classes]
    return label
