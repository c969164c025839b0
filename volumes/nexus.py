"""NeXus conventions: which dataset a file is about, and what its axes say of the voxels."""

from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from .calibration import Calibration, calibrate, unit_symbol

_EVEN = 1e-3  # steps along an axis may differ by this part


def _text(value: Any) -> str:
    """Return an attribute as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _get(group: h5py.Group, name: str) -> Any:
    """Return a member, or None if it isn't there or its link leads nowhere."""
    try:
        return group[name] if name else None
    except (KeyError, OSError, ValueError):
        return None


def default_signal(group: h5py.Group) -> h5py.Dataset | None:
    """Follow ``@default`` down to the group with a ``@signal``, and return that dataset.

    A spectrum or a single picture may well be what a file shows first: it isn't what we are for.
    """
    for _ in range(16):  # a file's defaults may go in a circle
        signal = _get(group, _text(group.attrs.get("signal")))
        if isinstance(signal, h5py.Dataset) and signal.ndim >= 3:
            return signal
        below = _get(group, _text(group.attrs.get("default")))
        if not isinstance(below, h5py.Group):
            return None
        group = below
    return None


def marked_signals(datasets: Sequence[h5py.Dataset]) -> list[h5py.Dataset]:
    """Return those that are the ``@signal`` of their group, or are marked so in the old way.

    Before ``@default`` there was ``signal=1`` on the dataset itself.
    """
    return [
        item
        for item in datasets
        if _text(item.parent.attrs.get("signal")) == item.name.rpartition("/")[2]
        or str(item.attrs.get("signal", "")) == "1"
    ]


def axes_calibration(dataset: h5py.Dataset) -> Calibration:
    """Return voxel size and origin from the evenly spaced ``@axes`` of the dataset's NXdata."""
    names = [_text(name) for name in np.ravel(dataset.parent.attrs.get("axes", []))]
    if len(names) != dataset.ndim or dataset.ndim < 3:
        return Calibration()
    steps: list[float] = []
    units: list[str | None] = []
    starts: list[float] = []
    for name, length in zip(names[-3:], dataset.shape[-3:], strict=True):
        axis = _get(dataset.parent, name)
        if not isinstance(axis, h5py.Dataset) or axis.shape != (length,) or length < 2:
            return Calibration()
        unit = unit_symbol(_text(axis.attrs.get("units")))
        values = np.asarray(axis[()], dtype=np.float64)
        gaps = np.diff(values)
        step = float(values[-1] - values[0]) / (length - 1)
        if unit is None or step <= 0 or not np.allclose(gaps, step, rtol=_EVEN, atol=0):
            return Calibration()
        steps.append(float(f"{step:.9g}"))  # without the noise of the division
        units.append(unit)
        starts.append(float(values[0]))
    return calibrate(steps, units, starts)
