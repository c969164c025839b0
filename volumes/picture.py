"""Pictures of one plane: PNG, JPEG and BMP, read at once."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from .address import Address
from .axes import arrange
from .calibration import Calibration
from .errors import VolumeError
from .volume import Volume

_NAME = "Picture"
_GREY = ("L", "I", "I;16", "I;16B", "I;16L", "F")  # Pillow's words for one number a pixel
_MOST_PIXELS = 2**30


def open_picture(address: Address) -> Volume:
    """Open a picture; its dots per inch say how it is printed, not how large a voxel is."""
    if address.inner is not None:
        raise VolumeError(f"{address.path}: is one picture, there is no {address.inner!r} in it")
    with address.path.open("rb") as file:
        try:
            picture = _opened(file)
        except Image.DecompressionBombError as error:
            raise VolumeError(
                f"{address.path}: has more than {_MOST_PIXELS:,} pixels; save it as TIFF"
            ) from error
        values, notes = _values(picture)
    axes = "yxs"[: values.ndim]
    data = arrange(values, axes, address, _NAME)
    metadata = {"flavour": picture.format}
    return Volume.make(data, Calibration(), address, _NAME, notes=notes, metadata=metadata)


def _opened(file: Any) -> Image.Image:
    """Read a picture, if it isn't too large; Pillow's own limit is below that of large scans."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        picture = Image.open(file)
        if picture.width * picture.height > _MOST_PIXELS:
            raise Image.DecompressionBombError
        picture.load()
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    return picture


def _values(picture: Image.Image) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """Return grey values (Y, X), or colours (Y, X, S); transparency is left out."""
    if picture.mode in _GREY:
        return np.asarray(picture), ()
    if picture.mode == "1":
        return np.asarray(picture, np.uint8), ()
    notes = ("its transparency (alpha) is left out",) if picture.has_transparency_data else ()
    if picture.mode in ("LA", "La"):
        return np.asarray(picture.getchannel(0)), notes
    colours = np.asarray(picture.convert("RGB"))
    if (colours == colours[..., :1]).all():  # a grey picture that was saved as a coloured one
        return np.ascontiguousarray(colours[..., 0]), notes
    return colours, notes
