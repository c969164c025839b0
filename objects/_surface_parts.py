"""Kernel that finds which orientations a surface has from how often lines cross it."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

_STEPS = 60  # of Newton's method; some ten are needed
_ENOUGH = 1e-8  # of what a further step would gain, for a surface of about 1
_SHORTEST = 1e-6  # share of a step that is still tried


@nb.njit(nogil=True, cache=True)
def smoothest_total(
    seen: NDArray[np.float64],
    response: NDArray[np.float64],
    expected: NDArray[np.float64],
    trust: float,
) -> float:
    """Return the area of the surface whose orientations are spread as evenly as what was seen lets.

    Parameters
    ----------
    seen : float64, (D,)
        Projections of the surface along D directions, for a surface of about 1.
    response : float64, (M, D)
        Projections of a piece of each of M orientations, of area 1.
    expected : float64, (M,)
        Areas of the pieces where nothing is known; their sum is 1.
    trust : float
        Error of what was seen.

    Returns
    -------
    float

    Notes
    -----
    The areas a minimise ``sum(a log(a / expected) - a) + |response^T a - seen|^2 / (2 trust^2)``.
    So they are ``expected * exp(response @ t)``, where t minimises the convex function
    ``sum(a) - seen . t + trust^2 |t|^2 / 2``, by Newton's method with steps cut in half.
    """
    pieces, directions = response.shape
    t = np.zeros(directions)
    areas = expected.copy()
    value = areas.sum()
    for _ in range(_STEPS):
        slope = trust * trust * t - seen
        curve = np.zeros((directions, directions))
        for j in range(pieces):
            for d in range(directions):
                part = areas[j] * response[j, d]
                slope[d] += part
                for e in range(d + 1):
                    curve[d, e] += part * response[j, e]
        for d in range(directions):
            curve[d, d] += trust * trust
        step = _solve(curve, slope)
        gain = (slope * step).sum()
        if gain < _ENOUGH:
            break
        share = 1.0
        while share > _SHORTEST:
            tried = t - share * step
            there = trust * trust * (tried * tried).sum() / 2 - (seen * tried).sum()
            for j in range(pieces):
                exponent = 0.0
                for d in range(directions):
                    exponent += response[j, d] * tried[d]
                areas[j] = expected[j] * math.exp(min(exponent, 100.0))
                there += areas[j]
            if there <= value - 1e-4 * share * gain:
                break
            share /= 2
        t, value = tried, there
    return float(areas.sum())


@nb.njit(nogil=True, cache=True)
def _solve(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve a positive definite system, of which the lower half is given, by Cholesky's method."""
    n = right.size
    low = matrix.copy()
    for i in range(n):
        for j in range(i + 1):
            rest = low[i, j]
            for k in range(j):
                rest -= low[i, k] * low[j, k]
            low[i, j] = math.sqrt(rest) if i == j else rest / low[j, j]
    out = right.copy()
    for i in range(n):
        for k in range(i):
            out[i] -= low[i, k] * out[k]
        out[i] /= low[i, i]
    for back in range(n):
        i = n - 1 - back
        for k in range(i + 1, n):
            out[i] -= low[k, i] * out[k]
        out[i] /= low[i, i]
    return out
