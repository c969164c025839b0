"""NIfTI-1 and -2: in millimetres, with our unit and the classes in an extension of the header."""

import gzip
import json
import warnings
from typing import Any

import numpy as np

from .address import Address
from .arrays import Array
from .axes import arrange
from .calibration import Calibration, calibrate, convert_length, unit_symbol
from .errors import VolumeError, needing
from .formats import WriteRequest
from .orientation import Orientation, orient
from .stored_values import StoredValues
from .volume import Volume, classes_from_json

_NAME = "NIfTI"
_COMMENT = 6  # the code of an extension that holds text
_LONGEST = 2**15 - 1  # lengths are 16-bit numbers
_TO_LPS = np.array([-1.0, -1.0, 1.0])  # NIfTI's space is right-anterior-superior


def open_nifti(address: Address) -> Volume:
    """Open a NIfTI file; .nii is mapped, .nii.gz unpacked at the first look."""
    with needing("nibabel", address.path, _NAME):
        import nibabel
    if address.inner is not None:
        raise VolumeError(f"{address.path}: is one volume, there is no {address.inner!r} in it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers that are odd but readable
        image: Any = nibabel.load(address.path)
    header, shape = image.header, tuple(int(length) for length in image.shape)
    if len(shape) < 3:
        shape += (1,) * (3 - len(shape))
    orientation = _orientation(image.affine, shape[:3])
    own = _own(header)
    flipped = [len(shape) - 1 - i for i in range(3) if orientation.backwards[i]]
    packed = "gzip" if address.path.name.lower().endswith(".gz") else None
    scale = (float(image.dataobj.slope), float(image.dataobj.inter))
    block = StoredValues(
        address.path,
        int(image.dataobj.offset),
        shape[::-1],
        header.get_data_dtype(),
        packed=packed,
        flipped=flipped,
        scale=None if scale == (1.0, 0.0) else scale,
    )
    _check_size(block, int(image.dataobj.offset), packed, address)
    letters = [*orientation.letters, *"tcefg"[: len(shape) - 3]]
    return Volume.make(
        arrange(block, letters[::-1], address, _NAME),
        _calibration(header, orientation, own.get("unit")),
        address,
        _NAME,
        notes=orientation.notes,
        classes=classes_from_json(own.get("classes")),
        metadata={"description": bytes(header["descrip"]).decode("latin-1").strip("\0 ")},
    )


def _orientation(affine: Array, lengths: tuple[int, ...]) -> Orientation:
    """Return how the axes lie in space."""
    steps = affine[:3, :3].T * _TO_LPS
    return orient(steps, affine[:3, 3] * _TO_LPS, lengths)


def _check_size(block: StoredValues, offset: int, packed: str | None, address: Address) -> None:
    found = address.path.stat().st_size
    if packed is None and found < offset + block.nbytes:
        raise VolumeError(
            f"{address.path}: is cut short, it has {found} bytes of the {offset + block.nbytes} "
            "that its header promises; copy it again"
        )


def _own(header: Any) -> dict[str, Any]:
    """Return what we put beside the header."""
    for extension in header.extensions:
        if extension.get_code() == _COMMENT:
            try:
                found = json.loads(bytes(extension.content).rstrip(b"\0 "))
            except ValueError:
                continue
            if isinstance(found, dict) and isinstance(found.get("supervox"), dict):
                own: dict[str, Any] = found["supervox"]
                return own
    return {}


def _calibration(header: Any, orientation: Orientation, own_unit: object) -> Calibration:
    """Return voxel size and origin, in our unit where we wrote the file."""
    stated = {"mm": "mm", "meter": "m", "micron": "um"}.get(header.get_xyzt_units()[0])
    unit = unit_symbol(own_unit) if stated else None

    def convert(length: float) -> float:
        length = convert_length(length, stated, unit) if stated and unit else length
        return float(f"{length:.7g}")  # the header has 32 bits for it

    return calibrate(
        [convert(size) for size in orientation.sizes],
        (unit or stated,) * 3,
        [convert(value) for value in orientation.origin],
    )


class _NiftiSink:
    """Writes planes behind the header; x varies fastest in both."""

    preferred_planes = 1

    def __init__(self, request: WriteRequest) -> None:
        self._stored = request.dtype.newbyteorder("<")
        header = _header(request)
        self._file = request.path.open("xb")
        packed = request.target.path.name.lower().endswith(".gz")
        # no time and no name in it: the same bytes twice
        self._values: Any = gzip.GzipFile("", "wb", 6, self._file, 0) if packed else self._file
        header.write_to(self._values)
        self._values.write(bytes(int(header["vox_offset"]) - self._values.tell()))

    def write(self, planes: Array) -> None:
        """Append planes (n, Y, X)."""
        self._values.write(planes.astype(self._stored, copy=False).tobytes())

    def close(self) -> None:
        """Close the file."""
        with self._file:
            self._values.close()


def create_nifti(request: WriteRequest) -> _NiftiSink:
    """Make a NIfTI-1 file."""
    return _NiftiSink(request)


def _header(request: WriteRequest) -> Any:
    """Return the header, with lengths in mm."""
    path = request.target.path
    with needing("nibabel", path, _NAME):
        import nibabel
    if max(request.shape) > _LONGEST:
        raise VolumeError(
            f"{path}: {_NAME} holds at most {_LONGEST} voxels along an axis, not "
            f"{max(request.shape)}; use another format"
        )
    make: Any = nibabel.Nifti1Header  # it has no types
    header = make(endianness="<")
    header.set_data_dtype(request.dtype)
    header.set_data_shape(request.shape[::-1])
    unit = request.unit if request.spacing else None
    sizes, origin = (
        [convert_length(value, unit, "mm") if unit else value for value in lengths[::-1]]
        for lengths in (request.spacing or (1.0, 1.0, 1.0), request.origin)
    )
    affine = np.diag([*(_TO_LPS * sizes), 1.0])
    affine[:3, 3] = _TO_LPS * (origin if request.spacing else (0.0, 0.0, 0.0))
    header.set_zooms(sizes)
    header.set_sform(affine, code="scanner")
    header.set_qform(affine, code="scanner")
    header.set_xyzt_units("mm" if unit else "unknown")
    if request.kind == "labels":
        header.set_intent("label")
    own = {"unit": unit, "classes": [item.as_json() for item in request.classes]}
    content = json.dumps({"supervox": own}).encode()
    header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", content))
    header["vox_offset"] = 352 + header.extensions.get_sizeondisk()
    return header
