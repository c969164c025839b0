"""Eigenvalues of symmetric 3 x 3 tensors in closed form, without trigonometry.

With the mean eigenvalue q taken out and the rest scaled by p, the eigenvalues of the tensor are
q + p t, where t solves t^3 - 3 t - 2 r = 0 with r in [-1, 1] (O. K. Smith, Commun. ACM 4, 1961,
168). The usual cos(acos(r) / 3) neither vectorises nor keeps its digits where two eigenvalues meet
(r near 1 or -1, which is every sheet and every tube). Here the root of largest magnitude, which is
never a double one, comes from a polynomial for its distance to 2; the other two follow from a
quadratic whose discriminant is that distance: accurate to float32's rounding everywhere.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

# Columns that one call treats: the length of the scratch rows is a constant so that LLVM knows how
# they lie to each other and vectorises without checking for overlap.
CHUNK = 128
# d / u, where d = 1 - cos(acos(1 - u) / 3): least squares on [0, 1], relative error below 4e-8.
_P0, _P1, _P2, _P3 = 0.1111111079, 0.0164613158, 0.0042592462, 0.0014192514
_P4, _P5, _P6, _P7 = 0.0002405748, 0.0006408160, -0.0003914894, 0.0002337684
DISTANCE = (_P0, _P1, _P2, _P3, _P4, _P5, _P6, _P7)
TINY = 1e-30  # keeps the tensor 0 finite


@njit(nogil=True, cache=True, error_model="numpy")
def eigenvalues_of_rows(tensor, found, n):  # type: ignore[no-untyped-def]
    """Fill `found` (3, CHUNK) with the sorted eigenvalues of `tensor` (6, CHUNK), n columns.

    The rows of `tensor` are zz, yy, xx, zy, zx, yx; those of `found` begin with the largest.
    Computed in float64: the determinant of nearly parallel rows needs the digits.
    """
    # Strategy: straight-line arithmetic without branches, a column an iteration, so that the loop
    # vectorises; see the module's docstring for the formula.
    for i in range(n):
        zz, yy, xx = np.float64(tensor[0, i]), np.float64(tensor[1, i]), np.float64(tensor[2, i])
        zy, zx, yx = np.float64(tensor[3, i]), np.float64(tensor[4, i]), np.float64(tensor[5, i])
        q = (zz + yy + xx) * (1.0 / 3.0)
        zz -= q
        yy -= q
        xx -= q
        squares = zz * zz + yy * yy + xx * xx + 2.0 * (zy * zy + zx * zx + yx * yx)
        squares = squares * (1.0 / 6.0) + TINY
        # 1 / sqrt(squares): float32 is four times as fast, one Newton step doubles its digits
        inverse = np.float64(np.float32(1) / math.sqrt(np.float32(squares)))
        inverse *= 1.5 - 0.5 * squares * inverse * inverse
        p = squares * inverse
        det = zz * (yy * xx - yx * yx) - zy * (zy * xx - yx * zx) + zx * (zy * yx - yy * zx)
        r = 0.5 * det * inverse * inverse * inverse
        u = max(1.0 - abs(r), 0.0)
        high = _P4 + u * (_P5 + u * (_P6 + u * _P7))
        d = u * (_P0 + u * (_P1 + u * (_P2 + u * (_P3 + u * high))))
        far = 2.0 * p * (1.0 - d)
        half_gap = p * math.sqrt(np.float32(3.0 * max(d * (2.0 - d), 0.0)))
        sign = 1.0 if r >= 0.0 else -1.0
        alone = q + sign * far
        middle = q - 0.5 * sign * far
        found[0, i] = max(alone, middle + half_gap)
        found[1, i] = middle + sign * half_gap
        found[2, i] = min(alone, middle - half_gap)
