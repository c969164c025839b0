"""TIFF stacks: plain, ImageJ, OME and BigTIFF.

An uncompressed stack in one piece is read where it is sliced, any other piece by piece where it is
sliced. A stack whose pages or values lie beyond the end of the file is refused when it is opened.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import zarr

from .address import Address
from .arrays import ArraySource
from .axes import arrange
from .errors import Candidate, VolumeError, complaints_of
from .file_values import FileValues
from .outside import check_outside
from .tiff_metadata import calibration_of, classes_of, files_of
from .volume import Volume

_LARGE_PIECE = 2**26  # bytes that a tile may have, however small its picture is
_NAME = "TIFF"
# What `tifffile` only logs and then goes on with fewer planes, or with zeros for them.
_LOSSES = ("invalid page offset", "invalid value offset", "out of range", "failed to reshape")


def open_tiff(address: Address) -> Volume:
    """Open an image of a TIFF file, the first unless another one is named."""
    return open_in_file(address.path, address)


def open_in_file(path: Path, address: Address) -> Volume:
    """Open what an address, of the file or of the folder that it is in, names in a TIFF file."""
    with complaints_of("tifffile") as complaints:
        file = tifffile.TiffFile(path)
        try:
            for name in files_of(file.ome_metadata) if file.is_ome and file.ome_metadata else ():
                check_outside(path, path.parent / name, "planes in")
            series = _choose(file, address)
            doubts = _check_complete(file, series, address, complaints)
            exact, notes = _without_alpha(series, address)
            data = arrange(_source(file, series), list(series.axes), exact, _NAME)
            return Volume.make(
                data,
                calibration_of(file, series, int(address.inner or 0), data.shape[0]),
                address,
                "OME-TIFF" if file.is_ome else _NAME,
                notes=(*complaints, *notes, *doubts),
                classes=classes_of(file),
                metadata={
                    "flavour": series.kind,
                    "axes": series.axes,
                    "compression": tifffile.COMPRESSION(series.keyframe.compression).name.lower(),
                    "big": file.is_bigtiff,
                },
                release=file.close,
            )
        except BaseException:
            file.close()
            raise


def _without_alpha(
    series: tifffile.TiffPageSeries, address: Address
) -> tuple[Address, tuple[str, ...]]:
    """Return an address that takes the grey values of a picture that has transparency beside them.

    Also say where values are numbers of colours.
    """
    page = series.keyframe
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
        return address, ("its values are numbers of the colours of a table, not intensities",)
    if not has_alpha(page) or "s" in address.settings:
        return address, ()
    settings = {**address.settings, "s": "0"}
    return Address(address.path, address.inner, settings), (
        "its transparency (alpha) is left out; 's=1' behind '::' would take it",
    )


def has_alpha(page: Any) -> bool:
    """Say whether a picture is grey, with transparency as second sample."""
    grey = (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE)
    alpha = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)
    return (
        page.photometric in grey
        and page.samplesperpixel == 2
        and len(page.extrasamples) == 1
        and page.extrasamples[0] in alpha
    )


def _choose(file: tifffile.TiffFile, address: Address) -> tifffile.TiffPageSeries:
    """Return the image that the address names, or the only one of more than a thumbnail's kind."""
    series = file.series
    if not series:
        raise VolumeError(f"{address.path}: holds no image")
    if address.inner is None:
        if len(series) == 1:
            return series[0]
        shown = ", ".join(
            f"{i} ({' x '.join(map(str, item.shape))})" for i, item in enumerate(series)
        )
        raise VolumeError(
            f"{address.path}: holds {len(series)} images, pick one with "
            f"'{address.path.name}::NUMBER': {shown}",
            tuple(
                Candidate(str(i), tuple(item.shape), str(item.dtype))
                for i, item in enumerate(series)
            ),
        )
    if not address.inner.isdigit() or int(address.inner) >= len(series):
        raise VolumeError(
            f"{address.path}: has images 0 to {len(series) - 1}, not {address.inner!r}"
        )
    return series[int(address.inner)]


def _check_complete(
    file: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    address: Address,
    complaints: list[str],
) -> tuple[str, ...]:
    """Refuse a file whose pages, or their values, aren't all there; say what was never written."""
    elsewhere = [text for text in complaints if "failed to read" in text]
    if elsewhere:
        raise VolumeError(
            f"{address.path}: refers to other files that can't be read ({elsewhere[0]}); "
            "keep them together"
        )
    size = file.filehandle.size
    lost = any(loss in text for text in complaints for loss in _LOSSES)
    pieces = unwritten = 0
    if series.dataoffset is not None:
        lost = lost or series.dataoffset + series.nbytes > size
    else:
        for page in series.pages:
            lost = lost or _is_lost(page, file, size)
            if lost:
                break
            counts = page.databytecounts  # type: ignore[union-attr]
            pieces, unwritten = pieces + len(counts), unwritten + counts.count(0)
    if lost:
        raise VolumeError(
            f"{address.path}: is cut short or damaged, not all of its planes are in the "
            f"file ({size} bytes); copy or export it again"
        )
    if not unwritten:
        return ()
    return (
        f"{unwritten} of the {pieces} pieces that its planes are stored in were never written, and "
        "count as empty",
    )


def _is_lost(page: Any, file: tifffile.TiffFile, size: int) -> bool:
    """Say whether a page is missing, or lies in part beyond the end of its file."""
    if page is None:
        return True
    if page.parent is not file:
        size = page.parent.filehandle.size
    return any(
        offset + count > size
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    )


def _source(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> ArraySource:
    """Return the values, which are read where they are sliced."""
    keyframe = series.keyframe
    if series.dataoffset is not None and keyframe.is_memmappable:
        dtype = np.dtype(series.dtype).newbyteorder(file.byteorder)
        return FileValues(Path(file.filehandle.path), dtype, series.dataoffset, series.shape)
    piece, plane = (
        math.prod(sizes) * np.dtype(series.dtype).itemsize
        for sizes in (keyframe.chunks, keyframe.shape)
    )
    if piece > max(_LARGE_PIECE, 4 * plane):
        raise VolumeError(
            f"{file.filehandle.path}: is damaged: the pieces that a plane is stored in would have "
            f"{piece} bytes each, the plane itself {plane}; copy or export it again"
        )
    opened = zarr.open(series.aszarr(level=0), mode="r")
    assert isinstance(opened, zarr.Array)
    return opened
