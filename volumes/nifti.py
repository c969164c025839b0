"""NIfTI-1 and -2: in millimetres, with our unit and the classes in an extension of the header."""

import gzip
import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .address import Address
from .arrays import Array
from .axes import arrange
from .calibration import Calibration, calibrate, convert_length, times, unit_symbol
from .errors import VolumeError, complaints_of, needing
from .formats import WriteRequest
from .orientation import Orientation, orient, wants_stored
from .stored_values import StoredValues, opened
from .volume import Volume, classes_from_json

_NAME = "NIfTI"
_COMMENT = 6  # the code of an extension that holds text
_LONGEST = 2**15 - 1  # lengths are 16-bit numbers
_UNITS = {1: "m", 2: "mm", 3: "um"}  # the lowest bits of the field
_SECOND = 540  # length of the header of NIfTI-2
_SAME_SIZE = 1e-2  # by what two statements of a voxel's size may differ
_SAME_PLACE = 0.1  # voxels
_TO_LPS = np.array([-1.0, -1.0, 1.0])  # NIfTI's space is right-anterior-superior


def open_nifti(address: Address) -> Volume:
    """Open a NIfTI file; .nii is read where it is sliced, .nii.gz unpacked at the first look."""
    with needing("nibabel", address.path, _NAME):
        import nibabel
    if address.inner is not None:
        raise VolumeError(f"{address.path}: is one volume, there is no {address.inner!r} in it")
    with warnings.catch_warnings(), complaints_of("nibabel.global") as complaints:
        warnings.simplefilter("ignore")  # of headers that are odd but readable
        image: Any = nibabel.load(address.path)
    header, shape = image.header, tuple(int(length) for length in image.shape)
    if len(shape) < 3:
        shape += (1,) * (3 - len(shape))
    as_stored, address = wants_stored(address)
    orientation = _orientation(image.affine, shape[:3], as_stored=as_stored)
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
    bits = _stated_bits(address.path, packed, header)
    spare = block.spare_bytes()
    letters = [*orientation.letters, *"tcefg"[: len(shape) - 3]]
    data = arrange(block, letters[::-1], address, _NAME)
    return Volume.make(
        data,
        _calibration(header, orientation, own.get("unit"), data.shape[0]),
        address,
        _NAME,
        notes=(*orientation.notes, *_doubts(header, image.affine, bits, complaints, spare)),
        classes=classes_from_json(own.get("classes")),
        metadata={"description": bytes(header["descrip"]).decode("latin-1").strip("\0 ")},
        turned=orientation.turned,
    )


def _orientation(affine: Array, lengths: tuple[int, ...], *, as_stored: bool) -> Orientation:
    """Return how the axes lie in space."""
    steps = affine[:3, :3].T * _TO_LPS
    return orient(steps, affine[:3, 3] * _TO_LPS, lengths, as_stored=as_stored)


def _doubts(
    header: Any, affine: Array, stated_bits: int, complaints: list[str], spare: int
) -> tuple[str, ...]:
    """Say what of the header is odd, and where two of its statements disagree."""
    notes = tuple(dict.fromkeys(complaints))
    bits = 8 * header.get_data_dtype().itemsize
    if stated_bits != bits:
        notes += (
            f"the header says that a value has {stated_bits} bits, but by its type it has {bits}; "
            "the type is taken",
        )
    if spare:
        notes += (f"the file has {spare} bytes more than its header says",)
    if header["sform_code"] > 0 and header["qform_code"] > 0:
        other = header.get_qform()
        least = _SAME_PLACE * float(np.linalg.norm(affine[:3, :3], axis=0).min())
        if np.any(np.abs(affine - other) > 1e-3 * np.abs(other) + least):
            notes += (
                "the header says twice how the volume lies in space, and the two disagree; the "
                "one called sform is taken",
            )
    zooms = [float(size) for size in header["pixdim"][1 : 1 + min(3, int(header["dim"][0]))]]
    lengths = [math.hypot(*(float(part) for part in affine[:3, i])) for i in range(len(zooms))]
    if not all(map(_alike, lengths, zooms)):
        notes += (
            f"the header says twice how large a voxel is, {times(lengths)} and {times(zooms)} "
            "(x, y, z); the first, which says how it lies in space, is taken",
        )
    return notes


def _stated_bits(path: Path, packed: str | None, header: Any) -> int:
    """Return the bits of a value as the file has them; `nibabel` corrects them without a word."""
    with opened(path, packed) as values:
        beginning = values.read(76)
    at = 14 if header["sizeof_hdr"] == _SECOND else 72
    return int.from_bytes(beginning[at : at + 2], "little" if header.endianness == "<" else "big")


def _alike(size: float, other: float) -> bool:
    """Say whether two statements of a voxel's size are the same."""
    return math.isclose(size, abs(other), rel_tol=_SAME_SIZE)


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


def _calibration(
    header: Any, orientation: Orientation, own_unit: object, planes: int
) -> Calibration:
    """Return voxel size and origin, in our unit where we wrote the file."""
    stated = _UNITS.get(int(header["xyzt_units"]) & 7)
    unit = unit_symbol(own_unit) if stated else None

    def convert(length: float) -> float:
        length = convert_length(length, stated, unit) if stated and unit else length
        return float(f"{length:.7g}")  # the header has 32 bits for it

    return calibrate(
        [convert(size) for size in orientation.sizes],
        (unit or stated,) * 3,
        [convert(value) for value in orientation.origin],
        planes=planes,
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
