"""From shapes to voxels: classes, instances, and the absorption of soft X-rays.

Absorption per micrometre follows the ordering measured in the water window: ice least, then
nucleoplasm and cytoplasm (which overlap), heterochromatin and nucleoli, mitochondria, and
lipid most of all [1]_ [2]_.

References
----------
.. [1] M. A. Le Gros, G. McDermott, C. A. Larabell, "X-ray tomography of whole cells", Current
   Opinion in Structural Biology 15(5), 593-600, 2005. :doi:`10.1016/j.sbi.2005.08.008`
.. [2] G. Schneider et al., "Three-dimensional cellular ultrastructure resolved by X-ray
   microscopy", Nature Methods 7, 985-987, 2010. :doi:`10.1038/nmeth.1533`
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._anatomy import Anatomy
from ._parameters import CYTOPLASM, NUCLEUS, OUTSIDE, VESICLE
from ._shapes import FAR, body_distance, rasterise
from ._solid_noise import solid_noise, step

__all__ = ["NUCLEUS_INSTANCE", "absorption_block", "class_block"]

NUCLEUS_INSTANCE = 1

_ICE, _CYTOPLASM = 0.11, 0.235
_EUCHROMATIN, _HETEROCHROMATIN, _NUCLEOLUS = 0.205, 0.265, 0.315
_PLASMA_MEMBRANE, _ENVELOPE, _RIM, _SHEET = 0.13, 0.13, 0.28, 0.11
_MEMBRANE_UM = 0.03


@njit(nogil=True, cache=True, inline="always")
def _shell(distance: float, half_width: float) -> float:
    """1 on a membrane, falling off to both sides."""
    t = distance / half_width
    return math.exp(-t * t) if abs(t) < 4.0 else 0.0


@njit(nogil=True, cache=True)
def _fading(z: float, y: float, x: float, length: float, seed: int) -> float:
    """How much of a membrane is there: 1 in most places, 0 in patches of about `length`."""
    return step(-0.7, 0.3, solid_noise(z / length, y / length, x / length, seed))


@njit(nogil=True, cache=True)
def _cytoplasm(z: float, y: float, x: float, seed: int) -> float:
    """Grainy and clouded, crossed by thin dark sheets: the endoplasmic reticulum."""
    cloud = solid_noise(z / 0.8, y / 0.8, x / 0.8, seed)
    grain = solid_noise(z / 0.16, y / 0.16, x / 0.16, seed + 1)
    value = _CYTOPLASM + 0.026 * cloud + 0.02 * grain
    fold = solid_noise(z / 0.55, y / 0.55, x / 0.55, seed + 2) + 0.15 * grain
    if abs(fold) < 0.3:
        value += _SHEET * _shell(fold, 0.09) * step(0.1, 0.9, cloud - 0.3 * grain)
    return value


@njit(nogil=True, cache=True)
def _nucleoplasm(z: float, y: float, x: float, wall: float, nucleoli: Any, seed: int) -> float:
    """Euchromatin with clumps of heterochromatin, most along the envelope, and nucleoli."""
    clump = solid_noise(z / 0.5, y / 0.5, x / 0.5, seed + 3)
    grain = solid_noise(z / 0.16, y / 0.16, x / 0.16, seed + 1)
    share = step(0.1, 1.1, clump + 0.5 * grain + 0.8 * math.exp(wall / 0.15))
    value = _EUCHROMATIN + (_HETEROCHROMATIN - _EUCHROMATIN) * share + 0.010 * grain
    for n in range(len(nucleoli)):
        inside = step(0.04, -0.04, body_distance(nucleoli[n], z, y, x))
        value += inside * (_NUCLEOLUS + 0.02 * grain - value)
    return value


@njit(nogil=True, cache=True)
def _organelle(
    z: float, y: float, x: float, depth: float, kind: int, mean: float, width: float, seed: int
) -> float:
    """Inside of a mitochondrion, droplet or vesicle, `depth` (negative) from its surface."""
    grain = solid_noise(z / 0.12, y / 0.12, x / 0.12, seed + 4)
    if kind == VESICLE:
        rim = _RIM * _shell(depth + width, width) * _fading(z, y, x, 0.35, seed + 5)
        return mean + 0.01 * grain + rim
    return mean * (1.0 + 0.07 * grain)


@njit(nogil=True, cache=True)
def _protoplasm(
    z: float, y: float, x: float, wall: float, half: float, width: float, nucleoli: Any, seed: int
) -> float:
    """Cytoplasm and nucleus, `wall` from the nuclear envelope (negative in the nucleus)."""
    value = 0.0
    share = step(half, -half, wall)
    if share < 1.0:
        value += (1.0 - share) * _cytoplasm(z, y, x, seed)
    if share > 0.0:
        value += share * _nucleoplasm(z, y, x, wall, nucleoli, seed)
    envelope = _ENVELOPE * _shell(wall + width, width)
    if envelope > 0.0:
        value += envelope * _fading(z, y, x, 0.9, seed + 6)
    return value


@njit(nogil=True, cache=True)
def _absorb(
    origin: Any,
    spacing: float,
    cell: Any,
    nucleus: Any,
    nucleoli: Any,
    classes: Any,
    means: Any,
    seed: int,
    distance: Any,
    owner: Any,
    out: Any,
) -> None:
    width, half = max(_MEMBRANE_UM, 0.8 * spacing), 0.5 * spacing
    for i, j, k in np.ndindex(out.shape):
        z, y, x = (i + origin[0]) * spacing, (j + origin[1]) * spacing, (k + origin[2]) * spacing
        outside = body_distance(cell, z, y, x)
        value = _ICE
        if outside < half:
            wall = body_distance(nucleus, z, y, x)
            value = _protoplasm(z, y, x, wall, half, width, nucleoli, seed)
            depth, one = distance[i, j, k], owner[i, j, k]
            if depth < half:
                inner = _organelle(z, y, x, depth, classes[one], means[one], width, seed)
                value += step(half, -half, depth) * (inner - value)
            value = _ICE + step(half, -half, outside) * (value - _ICE)
        membrane = _PLASMA_MEMBRANE * _shell(outside + width, width)
        if membrane > 0.0:
            value += membrane * _fading(z, y, x, 1.0, seed + 7)
        out[i, j, k] = value


@njit(nogil=True, cache=True)
def _classify(
    origin: Any,
    spacing: float,
    cell: Any,
    nucleus: Any,
    of_instance: Any,
    distance: Any,
    owner: Any,
    classes: Any,
    instances: Any,
) -> None:
    for i, j, k in np.ndindex(classes.shape):
        z, y, x = (i + origin[0]) * spacing, (j + origin[1]) * spacing, (k + origin[2]) * spacing
        instances[i, j, k] = 0
        if distance[i, j, k] < 0.0:
            classes[i, j, k] = of_instance[owner[i, j, k]]
            instances[i, j, k] = owner[i, j, k]
        elif body_distance(cell, z, y, x) >= 0.0:
            classes[i, j, k] = OUTSIDE
        elif body_distance(nucleus, z, y, x) < 0.0:
            classes[i, j, k] = NUCLEUS
            instances[i, j, k] = NUCLEUS_INSTANCE
        else:
            classes[i, j, k] = CYTOPLASM


def _organelles(
    anatomy: Anatomy, origin: tuple[int, int, int], shape: tuple[int, int, int], spacing: float
) -> tuple[Any, Any]:
    """Distance to the nearest organelle, and which one it is, in a block."""
    first = np.floor(anatomy.low / spacing).astype(np.int64)
    last = np.ceil(anatomy.high / spacing).astype(np.int64) + 1
    touched = ((first < np.add(origin, shape)) & (last > origin)).all(axis=1)
    distance = np.full(shape, FAR, dtype=np.float32)
    owner = np.zeros(shape, dtype=np.int32)
    rasterise(
        anatomy.segments[touched],
        anatomy.owners[touched],
        np.stack([first[touched], last[touched]], axis=1),
        origin,
        spacing,
        anatomy.seed + 8,
        distance,
        owner,
    )
    return distance, owner


def class_block(
    anatomy: Anatomy, origin: tuple[int, int, int], shape: tuple[int, int, int], spacing: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Classes (uint8) and instances (uint16) of a block.

    Parameters
    ----------
    anatomy : Anatomy
        The cell.
    origin, shape : tuple of int
        First voxel (may lie outside the field) and extent of the block.
    spacing : float
        Edge of a voxel in micrometres.

    Returns
    -------
    classes, instances : ndarray
        `instances` is above 0 where, and only where, the class is the nucleus or an organelle.
    """
    distance, owner = _organelles(anatomy, origin, shape, spacing)
    classes = np.empty(shape, dtype=np.uint8)
    instances = np.empty(shape, dtype=np.uint16)
    _classify(
        origin,
        spacing,
        anatomy.cell,
        anatomy.nucleus,
        anatomy.classes,
        distance,
        owner,
        classes,
        instances,
    )
    return classes, instances


def absorption_block(
    anatomy: Anatomy, origin: tuple[int, int, int], shape: tuple[int, int, int], spacing: float
) -> NDArray[np.float32]:
    """Absorption per micrometre of a block, float32: what a perfect microscope would show.

    Parameters
    ----------
    anatomy, origin, shape, spacing
        See `class_block`.
    """
    distance, owner = _organelles(anatomy, origin, shape, spacing)
    out = np.empty(shape, dtype=np.float32)
    _absorb(
        origin,
        spacing,
        anatomy.cell,
        anatomy.nucleus,
        anatomy.nucleoli,
        anatomy.classes,
        anatomy.absorption,
        anatomy.seed,
        distance,
        owner,
        out,
    )
    return out
