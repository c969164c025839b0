"""Filters made of central differences of a smoothed block, compiled.

Each takes a smoothed array that is one voxel larger than its result on every side, and weights per
axis that already hold the scale normalisation and the voxel size. An axis that was left unfiltered
has weight 0: its derivatives are omitted, so serial sections are not mixed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .eigenvalues import CHUNK, eigenvalues_of_rows

Float32 = NDArray[np.float32]


def _inside(smooth: Float32) -> tuple[int, int, int]:
    return smooth.shape[0] - 2, smooth.shape[1] - 2, smooth.shape[2] - 2


def _weights(weights: Sequence[float]) -> Float32:
    return np.asarray(weights, np.float32)


def gradient(smooth: Float32, first: Sequence[float], out: Float32) -> None:
    """Compute the three derivatives ``first[axis] * (next - previous)``.

    Parameters
    ----------
    smooth : C-contiguous array of float32, (Z + 2, Y + 2, X + 2)
    first : sequence of 3 float
        Weight per axis: ``sigma / (2 * step)``.
    out : C-contiguous array of float32, (3, at least Z, Y, X)
        Receives the derivatives along planes, rows and columns.
    """
    _gradient(smooth, _weights(first), out)


def gradient_magnitude(smooth: Float32, first: Sequence[float]) -> Float32:
    """Return the length of the gradient."""
    out = np.empty(_inside(smooth), np.float32)
    _gradient_magnitude(smooth, _weights(first), out)
    return out


def laplacian(smooth: Float32, first: Sequence[float]) -> Float32:
    """Return the sum of the second derivatives; their weights are ``(2 * first)**2``."""
    out = np.empty(_inside(smooth), np.float32)
    _laplacian(smooth, (2 * _weights(first)) ** 2, out)
    return out


def hessian_eigenvalues(smooth: Float32, first: Sequence[float]) -> Float32:
    """Return the eigenvalues of the matrix of second derivatives.

    Parameters
    ----------
    smooth : C-contiguous array of float32, (Z + 2, Y + 2, X + 2)
    first : sequence of 3 float
        Weight per axis: ``sigma / (2 * step)``.

    Returns
    -------
    array of float32, (3, Z, Y, X)
        Largest first.
    """
    out = np.empty((3, *_inside(smooth)), np.float32)
    _hessian_eigenvalues(smooth, _weights(first), out)
    return out


def root_eigenvalues(tensor: Float32, planes: int, out: Float32, start: int) -> None:
    """Compute the square roots of the eigenvalues of a positive semidefinite tensor field.

    Parameters
    ----------
    tensor : C-contiguous array of float32, (6, at least `planes`, Y, X)
        Elements zz, yy, xx, zy, zx, yx.
    planes : int
        How many planes of it to look at.
    out : C-contiguous array of float32, (3, Z, Y, X)
        Receives the roots in as many planes from `start` on, largest first; what rounding made
        negative is 0.
    start : int
    """
    _root_eigenvalues(tensor, planes, out, start)


@njit(nogil=True, cache=True, error_model="numpy")
def _difference(before, after, weight, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = weight * (after[i] - before[i])


@njit(nogil=True, cache=True, error_model="numpy")
def _second_difference(before, here, after, weight, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = weight * ((after[i] - here[i]) - (here[i] - before[i]))


@njit(nogil=True, cache=True, error_model="numpy")
def _mixed_difference(low, low_high, high_low, high, weight, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = weight * ((high[i] - high_low[i]) - (low_high[i] - low[i]))


@njit(nogil=True, cache=True, error_model="numpy")
def _gradient(smooth, first, out):  # type: ignore[no-untyped-def]
    end = out.shape[3] + 1
    # Strategy: a row at a time, its neighbours as shifted rows, so that each difference is a plain
    # loop over contiguous values, which LLVM vectorises.
    for z in range(smooth.shape[0] - 2):
        for y in range(out.shape[2]):
            row = smooth[z + 1, y + 1]
            above, below = smooth[z, y + 1, 1:end], smooth[z + 2, y + 1, 1:end]
            north, south = smooth[z + 1, y, 1:end], smooth[z + 1, y + 2, 1:end]
            _difference(above, below, first[0], out[0, z, y])
            _difference(north, south, first[1], out[1, z, y])
            _difference(row[: end - 1], row[2:], first[2], out[2, z, y])


@njit(nogil=True, cache=True, error_model="numpy")
def _length(z0, z1, y0, y1, row, first, out):  # type: ignore[no-untyped-def]
    wz, wy, wx = first[0], first[1], first[2]
    for i in range(out.size):
        a = wz * (z1[i] - z0[i])
        b = wy * (y1[i] - y0[i])
        c = wx * (row[i + 2] - row[i])
        out[i] = math.sqrt(a * a + b * b + c * c)


@njit(nogil=True, cache=True, error_model="numpy")
def _gradient_magnitude(smooth, first, out):  # type: ignore[no-untyped-def]
    # Strategy: as in `_gradient`, row by row; the three derivatives are never stored.
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            _length(
                smooth[z, y + 1, 1:],
                smooth[z + 2, y + 1, 1:],
                smooth[z + 1, y, 1:],
                smooth[z + 1, y + 2, 1:],
                smooth[z + 1, y + 1],
                first,
                out[z, y],
            )


@njit(nogil=True, cache=True, error_model="numpy")
def _curvature(z0, z1, y0, y1, row, second, out):  # type: ignore[no-untyped-def]
    wz, wy, wx = second[0], second[1], second[2]
    for i in range(out.size):
        here = row[i + 1]
        a = wz * ((z1[i] - here) - (here - z0[i]))
        b = wy * ((y1[i] - here) - (here - y0[i]))
        c = wx * ((row[i + 2] - here) - (here - row[i]))
        out[i] = a + b + c


@njit(nogil=True, cache=True, error_model="numpy")
def _laplacian(smooth, second, out):  # type: ignore[no-untyped-def]
    # Strategy: as in `_gradient`, row by row; the three second derivatives are never stored.
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            _curvature(
                smooth[z, y + 1, 1:],
                smooth[z + 2, y + 1, 1:],
                smooth[z + 1, y, 1:],
                smooth[z + 1, y + 2, 1:],
                smooth[z + 1, y + 1],
                second,
                out[z, y],
            )


@njit(nogil=True, cache=True, error_model="numpy")
def _hessian_of_row(smooth, first, z, y, start, n, tensor):  # type: ignore[no-untyped-def]
    """Fill `tensor` for n columns from `start` of row (z, y) of the result."""
    wz, wy, wx = first[0], first[1], first[2]
    four = np.float32(4)
    a, b = start + 1, start + 1 + n
    row = smooth[z + 1, y + 1, a - 1 : b + 1]
    above, below = smooth[z, y + 1, a - 1 : b + 1], smooth[z + 2, y + 1, a - 1 : b + 1]
    north, south = smooth[z + 1, y, a - 1 : b + 1], smooth[z + 1, y + 2, a - 1 : b + 1]
    here = row[1 : n + 1]
    _second_difference(above[1:], here, below[1:], four * wz * wz, tensor[0, :n])
    _second_difference(north[1:], here, south[1:], four * wy * wy, tensor[1, :n])
    _second_difference(row, here, row[2:], four * wx * wx, tensor[2, :n])
    _mixed_difference(
        smooth[z, y, a:b],
        smooth[z, y + 2, a:b],
        smooth[z + 2, y, a:b],
        smooth[z + 2, y + 2, a:b],
        wz * wy,
        tensor[3, :n],
    )
    _mixed_difference(above, above[2:], below, below[2:], wz * wx, tensor[4, :n])
    _mixed_difference(north, north[2:], south, south[2:], wy * wx, tensor[5, :n])


@njit(nogil=True, cache=True, error_model="numpy")
def _hessian_eigenvalues(smooth, first, out):  # type: ignore[no-untyped-def]
    tensor = np.zeros((6, CHUNK), np.float32)
    found = np.empty((3, CHUNK), np.float32)
    # Strategy: in stretches of `CHUNK` columns, write the six elements of the Hessian to scratch
    # rows that stay in the first-level cache, and solve all tensors of the stretch in one loop.
    for z in range(out.shape[1]):
        for y in range(out.shape[2]):
            for start in range(0, out.shape[3], CHUNK):
                n = min(CHUNK, out.shape[3] - start)
                _hessian_of_row(smooth, first, z, y, start, n, tensor)
                eigenvalues_of_rows(tensor, found, n)
                for k in range(3):
                    _copy(found[k], out[k, z, y, start : start + n])


@njit(nogil=True, cache=True, error_model="numpy")
def _root_eigenvalues(tensor_field, planes, out, first):  # type: ignore[no-untyped-def]
    tensor = np.zeros((6, CHUNK), np.float32)
    found = np.empty((3, CHUNK), np.float32)
    # Strategy: as in `_hessian_eigenvalues`, in stretches; the elements come from the tensor field.
    for z in range(planes):
        for y in range(out.shape[2]):
            for start in range(0, out.shape[3], CHUNK):
                n = min(CHUNK, out.shape[3] - start)
                for k in range(6):
                    _copy(tensor_field[k, z, y, start:], tensor[k, :n])
                eigenvalues_of_rows(tensor, found, n)
                for k in range(3):
                    _root(found[k], out[k, first + z, y, start : start + n])


@njit(nogil=True, cache=True, error_model="numpy")
def _copy(values, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = values[i]


@njit(nogil=True, cache=True, error_model="numpy")
def _root(values, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = math.sqrt(max(values[i], np.float32(0)))
