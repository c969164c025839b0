"""Zarr arrays and groups, versions 2 and 3, and OME-Zarr 0.4 and 0.5 pyramids."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zarr

from .address import Address
from .axes import arrange
from .calibration import Calibration, calibrate
from .errors import Candidate, VolumeError
from .volume import Volume, VolumeClass, classes_from_json
from .zarr_chunks import check_chunks
from .zarr_metadata import (
    array_letters,
    axes_of,
    coordinates_calibration,
    letters_of,
    pyramid_calibration,
)
from .zarr_store import MemberStore

_NAME = "Zarr"
_MARKS = ("zarr.json", ".zarray", ".zgroup")


def is_zarr(path: Path) -> bool:
    """Say whether a folder is a Zarr array or group."""
    return any((path / mark).is_file() for mark in _MARKS)


def open_zarr(address: Address) -> Volume:
    """Open an array, or a level of a pyramid: the finest unless another one is named."""
    if not is_zarr(address.path):
        raise VolumeError(
            f"{address.path}: has no Zarr metadata (zarr.json, .zarray or .zgroup); "
            "it may be copied in part: copy it again"
        )
    node = zarr.open(MemberStore(address.path), mode="r")
    if isinstance(node, zarr.Array):
        if address.inner is not None:
            raise VolumeError(f"{address.path}: is one array, there is no {address.inner!r} in it")
        return _plain(node, address)
    return _enter(node, (address.inner or "").strip("/"), address)


def _enter(group: zarr.Group, inner: str, address: Address) -> Volume:
    """Open what is named inside a group, or what the group is about."""
    pyramid = _multiscale(group)
    if pyramid is not None:
        return _level(group, pyramid, _level_path(pyramid, inner, address), address)
    return _inside(group, inner, address)


def _inside(group: zarr.Group, inner: str, address: Address) -> Volume:
    """Open what a group without a pyramid of its own holds."""
    if inner:
        name, _, rest = inner.partition("/")
        item = group.get(name)
        if isinstance(item, zarr.Array) and not rest:
            return _plain(item, address, group)
        if isinstance(item, zarr.Group):
            return _enter(item, rest, address)
        raise VolumeError(f"{address.path}: there is no {address.inner!r} in it; {_holds(group)}")
    pyramids = [item for _, item in group.groups() if _multiscale(item)]
    if len(pyramids) == 1:
        return _enter(pyramids[0], "", address)
    arrays = [array for _, array in group.arrays() if array.ndim >= 3]
    if len(arrays) == 1 and not pyramids:
        return _plain(arrays[0], address, group)
    raise VolumeError(
        f"{address.path}: pick one volume in it with '{address.path.name}::PATH'; {_holds(group)}",
        _candidates(group),
    )


def _candidates(group: zarr.Group) -> tuple[Candidate, ...]:
    """Return the arrays of three dimensions or more, and the finest levels of pyramids."""
    arrays = {name: array for name, array in group.arrays() if array.ndim >= 3}
    for name, item in group.groups():
        pyramid = _multiscale(item)
        level = pyramid and item.get(str(pyramid["datasets"][0]["path"]))
        if isinstance(level, zarr.Array):
            arrays[name] = level
    return tuple(
        Candidate(name, tuple(array.shape), str(array.dtype))
        for name, array in sorted(arrays.items())
    )


def _holds(group: zarr.Group) -> str:
    """Say what is in a group, for a message."""
    arrays = [f"{name} ({' x '.join(map(str, array.shape))})" for name, array in group.arrays()]
    groups = [f"{name}/" for name, _ in group.groups()]
    return f"it holds {', '.join(sorted(arrays) + sorted(groups)) or 'nothing'}"


def _plain(array: zarr.Array[Any], address: Address, group: zarr.Group | None = None) -> Volume:
    """Open an array with our attributes, xarray's, or none; in a group, or alone."""
    attributes = dict(array.attrs)
    letters = array_letters(array)
    classes = classes_from_json(attributes.get("classes"))
    array, notes = check_chunks(array, may_be_sparse=bool(classes))
    data = arrange(array, letters, address, _NAME)
    sizes = attributes.get("spacing")
    calibration = Calibration()
    if isinstance(sizes, list) and len(sizes) == 3:
        origin = attributes.get("origin")
        place = origin if isinstance(origin, list) else None
        units = (attributes.get("unit"),) * 3
        calibration = calibrate(sizes, units, place, planes=data.shape[0])
    elif group is not None:
        calibration = coordinates_calibration(group, array, letters)
    return Volume.make(
        data,
        calibration,
        address,
        _NAME,
        notes=notes,
        classes=classes,
        metadata={"zarr format": array.metadata.zarr_format},
    )


def _multiscale(group: zarr.Group) -> dict[str, Any] | None:
    """Return a group's first pyramid: OME-Zarr 0.5 has it under ``ome``, 0.4 at the top."""
    attributes: Mapping[str, Any] = group.attrs
    ome = attributes.get("ome")
    home = ome if isinstance(ome, dict) else attributes
    pyramids = home.get("multiscales")
    if not isinstance(pyramids, list) or not pyramids or not isinstance(pyramids[0], dict):
        return None
    pyramid: dict[str, Any] = pyramids[0]
    return pyramid if pyramid.get("datasets") else None


def _level_path(pyramid: Mapping[str, Any], inner: str, address: Address) -> str:
    """Return the path of the level that is named, by its path or by its number."""
    paths = [str(level["path"]) for level in pyramid["datasets"]]
    if not inner:
        return paths[0]
    if inner in paths or not inner.isdigit():
        return inner
    if int(inner) >= len(paths):
        raise VolumeError(
            f"{address.path}: has levels 0 to {len(paths) - 1}, not {inner}; pick one of them"
        )
    return paths[int(inner)]


def _level(group: zarr.Group, pyramid: Mapping[str, Any], path: str, address: Address) -> Volume:
    """Open one level of a pyramid."""
    array = group.get(path)
    if isinstance(array, zarr.Group):
        return _enter(array, "", address)
    if not isinstance(array, zarr.Array):
        raise VolumeError(
            f"{address.path}: the array {path!r} of the pyramid is missing; {_holds(group)}: "
            "copy it again"
        )
    exact = Address(address.path, address.inner or path, address.settings)
    axes = axes_of(pyramid, array.ndim)
    if len(axes) != array.ndim:
        names = ", ".join(str(axis.get("name")) for axis in axes)
        raise VolumeError(
            f"{exact}: has {array.ndim} axes, but its metadata name {len(axes)} ({names}); export "
            "it again"
        )
    classes = _label_classes(group)
    array, notes = check_chunks(array, may_be_sparse=bool(classes) or _is_label(group))
    data = arrange(array, letters_of(axes), exact, _NAME)
    return Volume.make(
        data,
        pyramid_calibration(pyramid, path, data.axes, data.shape[0]),
        exact,
        _NAME,
        notes=notes,
        classes=classes,
        metadata={
            "levels": len(pyramid["datasets"]),
            "zarr format": array.metadata.zarr_format,
        },
    )


def _is_label(group: zarr.Group) -> bool:
    """Say whether the metadata of a pyramid call it an image of labels."""
    ome = group.attrs.get("ome")
    return "image-label" in (ome if isinstance(ome, dict) else group.attrs)


def _label_classes(group: zarr.Group) -> tuple[VolumeClass, ...]:
    """Return the classes that we wrote beside the pyramid, or those of OME-Zarr's label images."""
    own = group.attrs.get("supervox")
    if isinstance(own, dict):
        return classes_from_json(own.get("classes"))
    attributes: Mapping[str, Any] = group.attrs
    ome = attributes.get("ome")
    label = (ome if isinstance(ome, dict) else attributes).get("image-label")
    if not isinstance(label, dict):
        return ()
    colours = {
        item.get("label-value"): _colour(item.get("rgba")) for item in _items(label, "colors")
    }
    names = {item.get("label-value"): item.get("name") for item in _items(label, "properties")}
    return classes_from_json(
        [
            {"value": value, "name": names.get(value) or f"class {value}", "colour": colour}
            for value, colour in (dict.fromkeys(names) | colours).items()
            if value != 0
        ]
    )


def _items(label: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a list of objects of somebody's metadata, without what isn't one."""
    found = label.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _colour(rgba: object) -> str | None:
    """Return ``[255, 128, 0, 255]`` as ``#ff8000``."""
    if not isinstance(rgba, list) or len(rgba) < 3:
        return None
    fits = all(isinstance(part, int) and 0 <= part <= 255 for part in rgba)
    return f"#{bytes(rgba[:3]).hex()}" if fits else None
