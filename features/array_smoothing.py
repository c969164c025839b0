"""Gaussian smoothing on arrays of any module with NumPy's functions: that of a device.

The taps are added in the order of the compiled code, one operation at a time, so the results are
the same to the bit wherever float32 is rounded as IEEE 754 says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Array = Any  # of the module `xp`


def smooth_array(
    xp: Any, source: Array, kernels: Sequence[Array], start: Sequence[int], stop: Sequence[int]
) -> Array:
    """Smooth a source and return the window [start, stop) of the result; see `smooth_window`."""
    for axis in range(3):
        kernel, size = [float(weight) for weight in kernels[axis]], source.shape[axis]
        reach, n = len(kernel) - 1, stop[axis] - start[axis]
        index = xp.arange(start[axis] - reach, stop[axis] + reach) % (2 * size)
        padded = xp.take(source, xp.where(index < size, index, 2 * size - 1 - index), axis=axis)
        total = kernel[0] * _along(padded, axis, reach, n)
        for tap in range(1, reach + 1):
            before, after = (_along(padded, axis, reach + k, n) for k in (-tap, tap))
            total += kernel[tap] * (before + after)
        source = total
    return source


def _along(array: Array, axis: int, start: int, n: int) -> Array:
    """Return n planes, rows or columns of an array."""
    return array[tuple(slice(start, start + n) if k == axis else slice(None) for k in range(3))]
