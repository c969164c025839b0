"""Writing TIFF stacks page by page, for ImageJ where it can read them, else as OME-TIFF."""

import json
import uuid
from typing import Any

import numpy as np
import tifffile

from .arrays import Array
from .formats import WriteRequest

_CLASSIC_LIMIT = 2**32 - 2**25  # bytes; leaves room for the pages' tags
_IMAGEJ_DTYPES = {"uint8", "uint16", "int16", "float32"}
_IMAGEJ_UNITS = {"um": "micron"}
_OME_UNITS = {"um": "µm", "angstrom": "Å"}


class _TiffSink:
    """Appends pages; those of probabilities alternate between the classes.

    Uncompressed pages lie in one piece: ImageJ takes that for granted, and they can be mapped.
    """

    preferred_planes = 1

    def __init__(self, request: WriteRequest, *, ome: bool) -> None:
        big = _bytes(request) > _CLASSIC_LIMIT
        self._request = request
        self._description: bytes | None = (
            _ome_description(request) if ome else _imagej_description(request)
        )
        self._file = tifffile.TiffWriter(request.path, bigtiff=big, ome=False, shaped=False)

    def write(self, planes: Array) -> None:
        """Append planes (n, Y, X) or (C, n, Y, X)."""
        pages = planes if planes.ndim == 3 else planes.swapaxes(0, 1).reshape(-1, *planes.shape[2:])
        packed = self._request.kind != "image"
        for page in pages:
            self._file.write(
                page,
                photometric="minisblack",
                compression="zlib" if packed else None,
                contiguous=not packed,
                metadata=None,
                description=self._description,
                software=False,
                **_resolution(self._request),
            )
            self._description = None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def create_tiff(request: WriteRequest) -> _TiffSink:
    """Make a TIFF file that ImageJ understands, or an OME-TIFF where ImageJ's kind can't do it."""
    ome = request.dtype.name not in _IMAGEJ_DTYPES or _bytes(request) > _CLASSIC_LIMIT
    return _TiffSink(request, ome=ome)


def create_ome_tiff(request: WriteRequest) -> _TiffSink:
    """Make an OME-TIFF file."""
    return _TiffSink(request, ome=True)


def _bytes(request: WriteRequest) -> int:
    """Return the size that the values have at most."""
    return int(np.prod(request.shape, dtype=np.int64)) * request.dtype.itemsize


def _resolution(request: WriteRequest) -> dict[str, Any]:
    """Return the tags that give rows' and columns' size, in the unit of the description."""
    if request.spacing is None:
        return {}
    _, row, column = request.spacing
    return {"resolution": (1 / column, 1 / row), "resolutionunit": "NONE"}


def _classes(request: WriteRequest) -> str:
    """Return the classes as one line of JSON."""
    return json.dumps({"classes": [item.as_json() for item in request.classes]})


def _imagej_description(request: WriteRequest) -> bytes:
    """Return ImageJ's lines; its origin is in pixels and points the other way."""
    channels = request.shape[0] if len(request.shape) == 4 else 1
    extra: dict[str, Any] = {}
    if request.spacing is not None:
        extra["spacing"] = repr(request.spacing[0])
        if request.unit is not None:
            extra["unit"] = _IMAGEJ_UNITS.get(request.unit, request.unit)
        for axis, place, size in zip("zyx", request.origin, request.spacing, strict=True):
            if place:
                extra[f"{axis}origin"] = repr(-place / size)
    if request.classes:
        extra["supervox"] = _classes(request)
    planes, rows, columns = request.shape[-3:]
    text = tifffile.tifffile.imagej_description(
        (1, planes, channels, rows, columns, 1), rgb=False, **extra
    )
    return text.encode("ascii", "backslashreplace")


def _ome_description(request: WriteRequest) -> bytes:
    """Return OME's XML."""
    channels = request.shape[0] if len(request.shape) == 4 else 1
    planes, rows, columns = request.shape[-3:]
    extra: dict[str, Any] = {}
    if request.spacing is not None:
        unit = request.unit and _OME_UNITS.get(request.unit, request.unit)
        positions: dict[str, Any] = {}
        for axis, size, place in zip("ZYX", request.spacing, request.origin, strict=True):
            extra[f"PhysicalSize{axis}"] = size
            positions[f"Position{axis}"] = [place] * (planes * channels)
            extra[f"PhysicalSize{axis}Unit"] = unit or "pixel"
            positions[f"Position{axis}Unit"] = [unit or "pixel"] * (planes * channels)
        if any(request.origin):
            extra["Plane"] = positions
    if request.classes:
        extra["Description"] = _classes(request)
    axes = "ZCYX" if channels > 1 else "ZYX"
    shape = (planes, channels, rows, columns) if channels > 1 else (planes, rows, columns)
    content = f"{request.dtype} {request.shape} {extra}"
    number = uuid.uuid5(uuid.NAMESPACE_URL, content)  # not from the clock: same bytes twice
    xml = tifffile.OmeXml(software="supervox", UUID=f"urn:uuid:{number}")
    xml.addimage(
        request.dtype.name, shape, (planes * channels, 1, 1, rows, columns, 1), axes=axes, **extra
    )
    return xml.tostring().encode()
