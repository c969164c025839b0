"""Solid noise: a smooth random function of position, the same wherever it is evaluated.

Texture and irregular outlines come from it. It needs no memory and no neighbours, so a block
of the phantom is the same whatever block it is evaluated in.

References
----------
.. [1] K. Perlin, "An image synthesizer", SIGGRAPH Computer Graphics 19(3), 287-296, 1985.
   :doi:`10.1145/325165.325247`
"""

from __future__ import annotations

import math

from numba import njit

__all__ = ["solid_noise", "step"]

_TO_UNIT_DEVIATION = 3.6  # the raw sum has a standard deviation of about 0.28


@njit(nogil=True, cache=True, inline="always")
def step(low: float, high: float, value: float) -> float:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@njit(nogil=True, cache=True)
def _corner(i: int, j: int, k: int, seed: int, z: float, y: float, x: float) -> float:
    """Product of the offset (z, y, x) with the random gradient of lattice corner (i, j, k)."""
    h = (i * 374761393 + j * 668265263 + k * 1103515245 + seed * 974634541) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 739982445) & 0xFFFFFFFF
    h = ((h ^ (h >> 12)) * 695872825) & 0xFFFFFFFF
    h ^= h >> 15
    unit = 1.0 / 511.5
    return (
        ((h & 1023) * unit - 1.0) * z
        + (((h >> 10) & 1023) * unit - 1.0) * y
        + (((h >> 20) & 1023) * unit - 1.0) * x
    )


@njit(nogil=True, cache=True)
def solid_noise(z: float, y: float, x: float, seed: int) -> float:
    """Gradient noise [1]_ of mean 0 and standard deviation about 1, varying over unit length."""
    i, j, k = math.floor(z), math.floor(y), math.floor(x)
    z -= i
    y -= j
    x -= k
    u = z * z * z * (z * (z * 6.0 - 15.0) + 10.0)
    v = y * y * y * (y * (y * 6.0 - 15.0) + 10.0)
    w = x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
    p, q, r = int(i), int(j), int(k)
    n00 = _corner(p, q, r, seed, z, y, x)
    n00 += w * (_corner(p, q, r + 1, seed, z, y, x - 1.0) - n00)
    n01 = _corner(p, q + 1, r, seed, z, y - 1.0, x)
    n01 += w * (_corner(p, q + 1, r + 1, seed, z, y - 1.0, x - 1.0) - n01)
    n10 = _corner(p + 1, q, r, seed, z - 1.0, y, x)
    n10 += w * (_corner(p + 1, q, r + 1, seed, z - 1.0, y, x - 1.0) - n10)
    n11 = _corner(p + 1, q + 1, r, seed, z - 1.0, y - 1.0, x)
    n11 += w * (_corner(p + 1, q + 1, r + 1, seed, z - 1.0, y - 1.0, x - 1.0) - n11)
    n00 += v * (n01 - n00)
    n10 += v * (n11 - n10)
    return _TO_UNIT_DEVIATION * (n00 + u * (n10 - n00))
