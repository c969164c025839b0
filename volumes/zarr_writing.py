"""Writing OME-Zarr 0.5: one level, with voxel size, unit, origin and the classes' names."""

from typing import Any

import zarr

from .arrays import Array
from .calibration import unit_name
from .formats import WriteRequest
from .volume import VolumeClass

_CHUNK = (16, 256, 256)


class _ZarrSink:
    """Appends planes to the only level of a pyramid."""

    preferred_planes = _CHUNK[0]

    def __init__(self, request: WriteRequest) -> None:
        group = zarr.open_group(str(request.path), mode="w-", zarr_format=3)
        group.attrs.update(_attributes(request))
        leading = (1,) * (len(request.shape) - 3)
        self._array = group.create_array(
            "0",
            shape=request.shape,
            dtype=request.dtype,
            chunks=tuple(
                min(chunk, length)
                for chunk, length in zip((*leading, *_CHUNK), request.shape, strict=True)
            ),
            compressors=None if request.kind == "image" else "auto",
            dimension_names=list("czyx"[-len(request.shape) :]),
        )
        self._done = 0

    def write(self, planes: Array) -> None:
        """Append planes (n, Y, X) or (C, n, Y, X)."""
        stop = self._done + planes.shape[-3]
        self._array[..., self._done : stop, :, :] = planes
        self._done = stop

    def close(self) -> None:
        """Nothing is left to do: every chunk is in its file."""


def create_zarr(request: WriteRequest) -> _ZarrSink:
    """Make an OME-Zarr group."""
    return _ZarrSink(request)


def _attributes(request: WriteRequest) -> dict[str, Any]:
    """Return the group's metadata, as OME-Zarr 0.5 has it."""
    leading = len(request.shape) - 3
    unit = {"unit": unit_name(request.unit)} if request.unit and request.spacing else {}
    axes: list[dict[str, str]] = [{"name": "c", "type": "channel"}] * leading
    axes += [{"name": axis, "type": "space", **unit} for axis in "zyx"]
    steps: list[dict[str, Any]] = [
        {"type": "scale", "scale": [1.0] * leading + list(request.spacing or (1.0, 1.0, 1.0))}
    ]
    if request.spacing and any(request.origin):
        steps.append({"type": "translation", "translation": [0.0] * leading + list(request.origin)})
    ome: dict[str, Any] = {
        "version": "0.5",
        "multiscales": [
            {
                "name": request.kind,
                "axes": axes,
                "datasets": [{"path": "0", "coordinateTransformations": steps}],
            }
        ],
    }
    if request.kind == "labels":
        ome["image-label"] = _image_label(request.classes)
    attributes: dict[str, Any] = {"ome": ome}
    if request.classes:
        attributes["supervox"] = {"classes": [item.as_json() for item in request.classes]}
    return attributes


def _image_label(classes: tuple[VolumeClass, ...]) -> dict[str, Any]:
    """Return the classes as OME-Zarr viewers look for them."""
    label: dict[str, Any] = {"version": "0.5"}
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
