"""Zeiss (Xradia) X-ray microscopes: .txm reconstructions, .txrm tilt series, .xrm pictures.

They are OLE2 compound files with one stream an image. `olefile` reads them plane by plane; the
package txrm2tiff, from whose tables the names and type numbers are, reads all of them at once and
brings SciPy, an XML library and Pillow for what isn't needed here.
"""

import threading
from typing import Any

import numpy as np

from .address import Address
from .arrays import Array
from .axes import arrange
from .calibration import Calibration, calibrate
from .errors import VolumeError, needing
from .volume import Volume

_NAME = "Zeiss TXRM"
_IMAGES_A_FOLDER = 100
_TYPES = {2: "i1", 3: "u1", 4: "<i2", 5: "<u2", 6: "<i4", 7: "<u4", 10: "<f4", 11: "<f8"}
_DIGITS = 7  # that 32 bits hold


def open_txrm(address: Address) -> Volume:
    """Open a Zeiss file; a plane is read when it is sliced."""
    with needing("olefile", address.path, _NAME):
        import olefile
    if not olefile.isOleFile(address.path):
        raise VolumeError(f"{address.path}: isn't a {_NAME} file; export it again")
    ole = olefile.OleFileIO(address.path)
    try:
        source = _Images(ole, address)
        reconstructed = address.path.suffix.lower() == ".txm"
        return Volume.make(
            arrange(source, None, address, _NAME),
            _calibration(ole, is_volume=reconstructed),
            address,
            _NAME,
            notes=() if reconstructed else _notes(ole, source.shape[0]),
            metadata={"images": source.shape[0]},
            release=ole.close,
        )
    except BaseException:
        ole.close()
        raise


def _notes(ole: Any, images: int) -> tuple[str, ...]:
    """Say what a person who expects a reconstruction should know."""
    notes: tuple[str, ...] = ()
    if images > 1:
        notes += ("is a tilt series: its planes are projections, not sections",)
    if ole.exists("ReferenceData/Image"):
        notes += ("the reference image in it is not applied",)
    return notes


def _read(ole: Any, name: str, dtype: str) -> Any:
    """Return the first number of a stream, or None if it isn't there."""
    if not ole.exists(name):
        return None
    content = ole.openstream(name).read()
    size = np.dtype(dtype).itemsize
    return np.frombuffer(content[:size], dtype)[0] if len(content) >= size else None


def _calibration(ole: Any, *, is_volume: bool) -> Calibration:
    """Return the voxel size: reconstructions have cubes, projections no distance."""
    size = _read(ole, "ImageInfo/PixelSize", "<f4")
    if size is None or not is_volume:
        return Calibration()
    return calibrate([float(f"{size:.{_DIGITS}g}")] * 3, ("um",) * 3)


class _Images:
    """Planes, rows and columns of which each plane is a stream of the file."""

    def __init__(self, ole: Any, address: Address) -> None:
        columns, rows, images, code = (
            _read(ole, f"ImageInfo/{name}", "<i4")
            for name in ("ImageWidth", "ImageHeight", "NoOfImages", "DataType")
        )
        if not (columns and rows and images):
            raise VolumeError(f"{address.path}: holds no images; export it again")
        if code is not None and code not in _TYPES:
            raise VolumeError(f"{address.path}: has values of the unknown type {code}")
        self._ole, self._path = ole, address.path
        self._lock = threading.Lock()
        self.shape = (int(images), int(rows), int(columns))
        self.chunks = (1, *self.shape[1:])
        self.dtype = np.dtype(_TYPES[code]) if code is not None else self._guess()
        missing = [n for n in range(self.shape[0]) if self._bytes(n) < self._plane_bytes]
        if missing:
            raise VolumeError(
                f"{address.path}: is cut short or was stopped, image {missing[0] + 1} of "
                f"{self.shape[0]} is missing; copy or export it again"
            )

    def __getitem__(self, key: tuple[slice, slice, slice]) -> Array:
        chosen = range(self.shape[0])[key[0]]
        planes = np.empty((len(chosen), *self.shape[1:]), self.dtype)[:, key[1], key[2]]
        for plane, number in zip(planes, chosen, strict=True):
            with self._lock:  # all streams share one file
                content = self._ole.openstream(_stream(number)).read(self._plane_bytes)
            plane[...] = np.frombuffer(content, self.dtype).reshape(self.shape[1:])[key[1:]]
        return planes

    @property
    def _plane_bytes(self) -> int:
        return self.shape[1] * self.shape[2] * self.dtype.itemsize

    def _bytes(self, number: int) -> int:
        name = _stream(number)
        return int(self._ole.get_size(name)) if self._ole.exists(name) else 0

    def _guess(self) -> np.dtype[Any]:
        """Return the type of old files, which don't state it, from the size of an image."""
        wide = self._bytes(0) >= self.shape[1] * self.shape[2] * 4
        return np.dtype("<f4" if wide else "<u2")


def _stream(number: int) -> str:
    """Return the name of an image's stream."""
    return f"ImageData{number // _IMAGES_A_FOLDER + 1}/Image{number + 1}"
