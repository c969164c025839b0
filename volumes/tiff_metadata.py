"""What a TIFF file says about its voxels: ImageJ's lines, OME's XML, and when to believe tags."""

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import tifffile

from .calibration import Calibration, calibrate, convert_length, unit_symbol, usable
from .volume import VolumeClass, classes_from_json

_RESOLUTION_UNITS = {3: "cm", 4: "mm", 5: "um"}


def calibration_of(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, image: int, planes: int
) -> Calibration:
    """Return voxel size and origin.

    Resolution tags alone say nothing (most programs write 72 dots per inch, or 1): they count only
    beside ImageJ's metadata, or a z spacing that `tifffile` wrote.
    """
    if file.ome_metadata:
        return _ome(file.ome_metadata, image, planes)
    stated: Mapping[str, Any] = file.imagej_metadata or {}
    if not stated and file.shaped_metadata:
        stated = file.shaped_metadata[0]
    return _lines(stated, series.keyframe, planes)


def _lines(stated: Mapping[str, Any], page: Any, planes: int) -> Calibration:
    """Return what ImageJ's ``key=value`` lines say, with the resolution tags beside them.

    Rows and planes may have a unit of their own.
    """
    told = _unescape(stated.get("unit"))
    unit = unit_symbol(told) or _RESOLUTION_UNITS.get(int(page.resolutionunit))
    depth = stated.get("spacing")
    offsets = [_number(stated.get(f"{axis}origin")) for axis in "zyx"]
    if depth is None and (unit is None or not stated) and not any(offsets):
        return Calibration()
    row, column = _from_tag(page, "YResolution"), _from_tag(page, "XResolution")
    if column is None:
        return Calibration()
    own = {axis: _unescape(stated.get(f"{axis}unit")) for axis in "yz"}
    if depth is None:
        # ImageJ leaves out a spacing of 1; a single plane's thickness means nothing.
        depth = 1.0 if planes > 1 else None
    sizes = (depth, row or column, column)
    origin = [
        0.0 - offset * float(size or 0) if usable(size) else 0.0
        for offset, size in zip(offsets, sizes, strict=True)
    ]
    return calibrate(sizes, (own["z"] or unit, own["y"] or unit, unit), origin, planes=planes)


def _unescape(unit: Any) -> Any:
    """Undo ImageJ's way of writing letters that aren't ASCII."""
    return unit.replace("\\u00B5", "µ") if isinstance(unit, str) else unit


def _from_tag(page: Any, name: str) -> float | None:
    """Return the size of a pixel from a resolution tag."""
    tag = page.tags.get(name)
    if tag is None:
        return None
    dots, length = tag.value
    return length / dots if dots else 0.0


def _number(value: Any) -> float:
    """Return a number from metadata, 0 where there is none."""
    return float(value) if isinstance(value, int | float) else 0.0


def _ome(xml: str, image: int, planes: int) -> Calibration:
    """Return what OME's XML says about one of its images."""
    pixels = [item for item in ElementTree.fromstring(xml).iter() if item.tag.endswith("}Pixels")]
    if not pixels:
        return Calibration()
    chosen = pixels[min(image, len(pixels) - 1)]
    sizes: dict[str, Any] = {axis: chosen.get(f"PhysicalSize{axis}") for axis in "ZYX"}
    # OME's unit is the micrometre where it isn't stated.
    units = {axis: chosen.get(f"PhysicalSize{axis}Unit", "µm") for axis in "ZYX"}
    first = next((item for item in chosen if item.tag.endswith("}Plane")), None)
    origin = [0.0, 0.0, 0.0]
    if first is not None:
        for i, axis in enumerate("ZYX"):
            source = unit_symbol(first.get(f"Position{axis}Unit"))
            target = unit_symbol(units[axis])
            if source and target:
                origin[i] = convert_length(float(first.get(f"Position{axis}", "0")), source, target)
    stated = ([sizes[axis] for axis in "ZYX"], [units[axis] for axis in "ZYX"])
    return calibrate(*stated, origin, planes=planes)


def classes_of(file: tifffile.TiffFile) -> tuple[VolumeClass, ...]:
    """Return the classes that we wrote."""
    text: Any = (file.imagej_metadata or {}).get("supervox")
    if file.ome_metadata:
        descriptions = [
            item.text
            for item in ElementTree.fromstring(file.ome_metadata).iter()
            if item.tag.endswith("}Description")
        ]
        text = descriptions[0] if descriptions else None
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return ()
    return classes_from_json(found.get("classes")) if isinstance(found, dict) else ()


def files_of(xml: str) -> set[str]:
    """Return the names of the files over which OME's XML spreads its images."""
    found = ElementTree.fromstring(xml).iter()
    return {name for item in found if (name := item.get("FileName") or item.get("MetadataFile"))}
