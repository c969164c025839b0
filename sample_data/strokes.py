"""Sparse annotations as a person paints them: short curved strokes within one plane."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .phantom import Phantom

__all__ = ["example_strokes", "stroke_planes"]

Plane = NDArray[np.uint8]

_LENGTH: Final = 28
_TURNS: Final = (0.0, 0.3, -0.3, 0.6, -0.6, 0.9, -0.9)
_LOOKS: Final = 3
_FEWEST_PIXELS: Final = 9
_BRUSH: Final = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])


def thickness(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance of each pixel to the edge of a mask, (rows, columns); the border is no edge."""
    padded = np.pad(inside, 1, mode="edge")
    return np.asarray(ndimage.distance_transform_edt(padded)[1:-1, 1:-1], dtype=np.float32)


def pick_start(
    depth: NDArray[np.float32], free: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float64] | None:
    """Pick where to set the brush down: the deepest of a few places that are not painted yet."""
    places = np.argwhere(free & (depth >= 2))
    places = places if len(places) else np.argwhere(free)
    if not len(places):
        return None
    few = places[rng.integers(len(places), size=_LOOKS)]
    return np.asarray(few[depth[tuple(few.T)].argmax()], dtype=np.float64)


def _walk(
    depth: NDArray[np.float32], start: NDArray[np.float64], rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Move the brush on with slight turns, away from the class's edge, as long as that goes."""
    angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.03)
    point = start
    yield np.rint(point).astype(np.intp)
    for _ in range(int(rng.uniform(0.6, 1.2) * _LENGTH)):
        angle += bend + rng.normal(0, 0.08)
        for turn in _TURNS:
            ahead = point + np.array([np.sin(angle + turn), np.cos(angle + turn)])
            at = np.rint(ahead).astype(np.intp)
            if (at >= 0).all() and (at < depth.shape).all() and depth[tuple(at)] >= 1.5:
                break
        else:
            return
        point, angle = ahead, angle + turn
        yield at


def draw_stroke(
    inside: NDArray[np.bool_],
    depth: NDArray[np.float32],
    start: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw one stroke: a curve that stays where there is room, three pixels wide.

    Parameters
    ----------
    inside : bool, (rows, columns)
        What may be painted.
    depth : float32, (rows, columns)
        Room around each pixel, as from `thickness`; the curve goes where it is 1.5 or more.
    start : float64, (2,)
        Where the brush is set down.
    rng : numpy.random.Generator
        Chooses direction, bends and length.

    Returns
    -------
    rows, columns : int, (P,)
        The pixels; where dabs overlap, more than once.
    """
    dabs = np.concatenate([at + _BRUSH for at in _walk(depth, start, rng)])
    dabs = dabs[((dabs >= 0) & (dabs < inside.shape)).all(axis=1)]
    rows, columns = dabs[inside[tuple(dabs.T)]].T
    return rows, columns


def _paint(plane: Plane, strokes: Plane, label: int, number: int, rng: np.random.Generator) -> int:
    """Add up to `number` strokes of a class to a plane; returns how many."""
    inside = plane == label
    if number < 1 or np.count_nonzero(inside) < _FEWEST_PIXELS:
        return 0
    depth = thickness(inside)
    painted = 0
    for _ in range(number):
        start = pick_start(depth, (strokes == 0) & inside, rng)
        if start is None:
            break
        strokes[draw_stroke(inside, depth, start, rng)] = label
        painted += 1
    return painted


def _source(labels: Phantom | Plane) -> tuple[int, Callable[[int], Plane]]:
    """Count the planes, and give a function that returns one."""
    if isinstance(labels, Phantom):
        everything = slice(None)
        return labels.shape[0], lambda z: labels.labels((slice(z, z + 1), everything, everything))[
            0
        ]
    if labels.ndim != 3:
        raise ValueError(f"labels must be three-dimensional, got {labels.ndim} dimensions")
    return labels.shape[0], lambda z: np.asarray(labels[z])


def _visiting_order(planes: int, number: int, rng: np.random.Generator) -> list[int]:
    """Visit a few planes spread over the depth first, then all others by chance."""
    edges = np.linspace(0, planes, min(number, planes) + 1).astype(int)
    spread = [int(rng.integers(low, high)) for low, high in pairwise(edges)]
    rng.shuffle(spread)
    others = [int(z) for z in rng.permutation(planes) if int(z) not in spread]
    return spread + others


def stroke_planes(
    labels: Phantom | Plane,
    strokes_per_class: int = 12,
    seed: int = 0,
    classes: tuple[int, ...] = (1, 2, 3, 4, 5, 6),
) -> Iterator[tuple[int, Plane]]:
    """Strokes, plane by plane, only the planes that have any.

    Parameters
    ----------
    labels : Phantom or ndarray of uint8, shape (planes, rows, columns)
        What to annotate. Of a phantom only the planes painted on are computed.
    strokes_per_class : int
        Strokes of every class, spread over a few planes.
    seed : int
        Chooses the strokes.
    classes : tuple of int
        Labels to paint.

    Yields
    ------
    plane : int
        Index of the plane, in no particular order, each once.
    strokes : ndarray of uint8, shape (rows, columns)
        Class ids on the strokes, 0 elsewhere.

    Raises
    ------
    ValueError
        If `strokes_per_class` is below 1 or a class is found in no plane.
    """
    if strokes_per_class < 1:
        raise ValueError(f"strokes_per_class must be at least 1, got {strokes_per_class}")
    rng = np.random.default_rng([seed, 3])
    planes, plane_at = _source(labels)
    wished = max(2, round(1.5 * strokes_per_class**0.5))
    missing = dict.fromkeys(classes, strokes_per_class)
    share = -(-strokes_per_class // min(wished, planes))
    for z in _visiting_order(planes, wished, rng):
        plane = plane_at(z)
        strokes = np.zeros_like(plane, dtype=np.uint8)
        for label in classes:
            missing[label] -= _paint(plane, strokes, label, min(share, missing[label]), rng)
        if strokes.any():
            yield z, strokes
        if not any(missing.values()):
            return
    absent = [label for label, number in missing.items() if number == strokes_per_class]
    if absent:
        raise ValueError(f"no plane shows enough of class {absent[0]} for a stroke")


def example_strokes(
    labels: Phantom | Plane,
    strokes_per_class: int = 12,
    seed: int = 0,
    classes: tuple[int, ...] = (1, 2, 3, 4, 5, 6),
) -> NDArray[np.uint8]:
    """Strokes as an annotation volume.

    Parameters
    ----------
    labels, strokes_per_class, seed, classes
        See `stroke_planes`.

    Returns
    -------
    ndarray of uint8, shape (planes, rows, columns)
        Class ids on the strokes, 0 elsewhere.

    Examples
    --------
    >>> from supervox.sample_data import Phantom, PhantomParameters, example_strokes
    >>> phantom = Phantom(PhantomParameters(shape=(64, 64, 64)))
    >>> example_strokes(phantom, 4).shape
    (64, 64, 64)
    """
    volume = np.zeros(labels.shape, dtype=np.uint8)
    for z, plane in stroke_planes(labels, strokes_per_class, seed, classes):
        volume[z] = plane
    return volume
