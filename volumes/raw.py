"""Raw values without a header: shape and type are stated in the address."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .address import Address
from .axes import arrange
from .calibration import Calibration
from .errors import VolumeError
from .file_values import FileValues
from .volume import Volume

_NAME = "RAW"
_OWN = ("shape", "dtype", "order", "offset")


def open_raw(address: Address) -> Volume:
    """Open a raw file as its address says.

    The settings are ``shape=ZxYxX`` and ``dtype=uint16``, and where it isn't so
    ``order=big`` and ``offset=512`` (bytes before the first value).
    """
    said = address.settings
    size = address.path.stat().st_size
    if address.inner is not None or not {"shape", "dtype"} <= said.keys():
        raise VolumeError(
            f"{address.path}: a raw file ({size} bytes) doesn't say what it holds; say it, for "
            f"instance '{address.path.name}::shape=600x1000x1000,dtype=uint16' "
            "(planes x rows x columns; order=big and offset=BYTES where needed)"
        )
    shape = _shape(said["shape"], address)
    dtype = _dtype(said["dtype"], said.get("order", "little"), address)
    offset = _offset(said, address)
    expected = offset + math.prod(shape) * dtype.itemsize
    if size < expected:
        raise VolumeError(
            f"{address.path}: has {size} bytes, but shape={said['shape']} of {dtype.name} needs "
            f"{expected}; check the shape and the type"
        )
    notes = (f"the file has {size - expected} bytes more than it was said to",)
    rest = {key: value for key, value in said.items() if key not in _OWN}
    source = FileValues(address.path, dtype, offset, shape)
    named = list("zyx") if len(shape) == 3 else None
    data = arrange(source, named, Address(address.path, None, rest), _NAME)
    return Volume.make(data, Calibration(), address, _NAME, notes=notes if size > expected else ())


def _shape(text: str, address: Address) -> tuple[int, ...]:
    """Return the lengths in ``600x1000x1000``."""
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)+", text):
        raise VolumeError(
            f"{address.path}: the shape is written like 600x1000x1000 (planes, rows, columns), "
            f"not {text!r}"
        )
    return tuple(int(length) for length in text.split("x"))


def _dtype(text: str, order: str, address: Address) -> np.dtype[Any]:
    """Return the type of the values in the file."""
    if order not in ("little", "big"):
        raise VolumeError(f"{address.path}: the order is little or big, not {order!r}")
    try:
        dtype = np.dtype(text)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "iuf":
        raise VolumeError(
            f"{address.path}: {text!r} is no type of numbers; say uint8, int16, uint16, float32..."
        )
    return dtype.newbyteorder(">" if order == "big" else "<")


def _offset(said: Mapping[str, str], address: Address) -> int:
    """Return the number of bytes before the values."""
    text = said.get("offset", "0")
    if not text.isdecimal():
        raise VolumeError(f"{address.path}: the offset is a number of bytes, not {text!r}")
    return int(text)
