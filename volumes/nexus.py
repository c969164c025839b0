"""NeXus conventions: which dataset a file is about, and what its axes say of the voxels."""

import re
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from .calibration import Calibration, calibrate_coordinates


def text_of(value: Any) -> str:
    """Return an attribute as text, empty if it is none.

    Some writers write a text as an array of one text, and clients should be prepared for that.
    """
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").rstrip("\0")
    return value if isinstance(value, str) else ""


def _number_of(value: Any) -> int | None:
    """Return an attribute as a whole number; it may be a text, or an array of one."""
    text = text_of(value) or str(np.ravel(value)[0] if np.size(value) == 1 else "")
    try:
        return int(text)
    except ValueError:
        return None


def _names_of(value: Any) -> list[str]:
    """Return the names of axes: an array of texts, or in the old way ``z:y:x`` or ``[z,y,x]``."""
    if np.size(value) != 1:
        return [text_of(name) for name in np.ravel(value)]
    return [name for name in re.split(r"[\s:,]+", text_of(value).strip("[] ")) if name]


def _get(group: h5py.Group, name: str) -> Any:
    """Return a member, or None if it isn't there or its link leads nowhere."""
    try:
        return group[name] if name else None
    except (KeyError, OSError, ValueError, RuntimeError):
        return None


def default_signal(group: h5py.Group) -> h5py.Dataset | str | None:
    """Follow ``@default`` down to the group with a ``@signal``, and return that dataset.

    A spectrum or a single picture may well be what a file shows first: it isn't what we are for.

    Returns
    -------
    h5py.Dataset, str or None
        The full name, if it can't be followed.
    """
    for _ in range(16):  # a file's defaults may go in a circle
        name = text_of(group.attrs.get("signal"))
        signal = _get(group, name)
        if name and signal is None:
            return f"{(group.name or '').rstrip('/')}/{name}"
        if signal is None:
            signal = _old_signal(group)
        if isinstance(signal, h5py.Dataset) and signal.ndim >= 3:
            return signal
        below = _get(group, text_of(group.attrs.get("default")))
        if not isinstance(below, h5py.Group):
            return None
        group = below
    return None


def _old_signal(group: h5py.Group) -> h5py.Dataset | None:
    """Return the one dataset of an NXdata group that is itself marked with ``signal=1``."""
    if text_of(group.attrs.get("NX_class")) != "NXdata":
        return None
    members = [item for name in group if isinstance(item := _get(group, name), h5py.Dataset)]
    marked = [item for item in members if _number_of(item.attrs.get("signal")) == 1]
    return marked[0] if len(marked) == 1 else None


def marked_signals(datasets: Sequence[h5py.Dataset]) -> list[h5py.Dataset]:
    """Return those that are the ``@signal`` of their group, or are marked so in the old way.

    Before ``@default`` there was ``signal=1`` on the dataset itself.
    """
    return [
        item
        for item in datasets
        if text_of(item.parent.attrs.get("signal")) == item.name.rpartition("/")[2]
        or _number_of(item.attrs.get("signal")) == 1
    ]


def _axes_of(dataset: h5py.Dataset, group: h5py.Group) -> list[str]:
    """Return the names of the datasets that hold the axes' values.

    They are named by the group, in the old way by the dataset, or each says by ``axis=1`` which
    one it is.
    """
    for item in (group, dataset):
        if "axes" in item.attrs and len(names := _names_of(item.attrs["axes"])) == dataset.ndim:
            return names
    numbered: dict[int, str] = {}
    for name in group if len(group) > dataset.ndim else ():
        item = _get(group, name)
        if isinstance(item, h5py.Dataset) and item.ndim == 1 and "axis" in item.attrs:
            number = _number_of(item.attrs["axis"])
            if number is not None and _number_of(item.attrs.get("primary", 1)) == 1:
                numbered.setdefault(number, name)
    return [numbered.get(number, "") for number in range(1, dataset.ndim + 1)]


def axes_calibration(dataset: h5py.Dataset) -> Calibration:
    """Return voxel size and origin from the evenly spaced ``@axes`` of the dataset's NXdata."""
    if dataset.ndim < 3:
        return Calibration()
    group = dataset.parent  # which takes HDF5 a while to find
    names = _axes_of(dataset, group)
    axes = []
    for name, length in zip(names[-3:], dataset.shape[-3:], strict=True):
        axis = _get(group, name)
        if not isinstance(axis, h5py.Dataset) or axis.shape != (length,) or length < 2:
            return Calibration()
        axes.append((axis[()], text_of(axis.attrs.get("units"))))
    return calibrate_coordinates(axes)
