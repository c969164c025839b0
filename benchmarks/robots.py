"""Robots that paint one stroke at a time, all of them correct, as a person does who looks.

Every robot starts alike: `START` strokes of every class at places drawn by lot, classes in turn.
What it does then has a name:

- ``random``: so on.
- ``error``: it looks at four planes and paints the true class along the largest wrong patch.
- ``pairs``: as ``error``; then, where the class that was wrongly given is right nearest to there,
  it paints that class.
- ``rings``: as ``error``; then it looks at the region that the window rings, and has it painted if
  most of it is of the class that it is asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.sample_data.strokes import draw_stroke, pick_start, thickness
from supervox.segmentation import Strokes

ROBOTS = ("random", "error", "pairs", "rings")
START = 2
PLANES_LOOKED_AT = 4
TRIES = 12  # curves of which the longest is painted
NEAR = 2  # pixels around paint, in which more paint can't mend anything
RIGHT = 0.8  # of what is ringed, for a person to have it painted
FEWEST_PIXELS = 9
BRUSH: NDArray[np.bool_] = np.ones((3, 3), np.bool_)
Plane = NDArray[np.unsignedinteger]
Look = Callable[[int], Plane]
Ring = Callable[[], "Stroke | None"]


class Stroke(NamedTuple):
    """One stroke: its plane, or that of each voxel, the pixels there, each (P,), and the class."""

    plane: int | NDArray[np.intp]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    label: int


class Painted:
    """What was painted, and at which step of the session.

    Attributes
    ----------
    classes : uint8, (Z, Y, X)
        0 where nothing is painted.
    steps : int32, (Z, Y, X)
        The stroke, from 1 on, that gave a voxel its class.
    n_strokes : int
    """

    def __init__(self, shape: Sequence[int]) -> None:
        self.classes = np.zeros(shape, np.uint8)
        self.steps = np.zeros(shape, np.int32)
        self.n_strokes = 0

    def add(self, stroke: Stroke) -> None:
        """Paint a stroke; a voxel that has its class keeps the step at which it got it."""
        self.n_strokes += 1
        at = stroke.plane, stroke.rows, stroke.columns
        fresh = self.classes[at] != stroke.label
        self.classes[at] = stroke.label
        self.steps[at] = np.where(fresh, self.n_strokes, self.steps[at])

    def strokes(self) -> Strokes:
        """Return the painted voxels as the segmenter takes them."""
        voxels = np.flatnonzero(self.classes).astype(np.int64)
        classes = self.classes.reshape(-1)[voxels].astype(np.uint16)
        return Strokes(voxels, classes, self.steps.reshape(-1)[voxels])


def spread_planes(n_planes: int, number: int) -> tuple[int, ...]:
    """Return up to `number` planes, spread evenly over the volume."""
    middles = (np.arange(number) + 0.5) * n_planes / number
    return tuple(int(z) for z in np.unique(middles.astype(int)))


def play(
    robot: str,
    truth: NDArray[np.uint8],
    look: Look,
    painted: Painted,
    seed: int,
    classes: Sequence[int],
    ring: Ring = lambda: None,
) -> Iterator[Stroke]:
    """Yield one stroke after the other; what the labels are by then is looked up.

    Parameters
    ----------
    robot : str
        One of `ROBOTS`.
    truth : uint8, (Z, Y, X)
        0 where it is not known.
    look : callable
        Returns the labels of a plane as they are now.
    painted : Painted
        What was painted so far; whoever asks for strokes adds them.
    seed : int
        Chooses the places of the start and of random strokes, and how the brush moves.
    classes : sequence of int
        In this order they take turns.
    ring : callable
        Returns the region that is ringed after the last stroke, as a stroke; None if none is.
    """
    rng = np.random.default_rng([seed, 11])
    turns = itertools.cycle(classes)
    planes = spread_planes(truth.shape[0], PLANES_LOOKED_AT)
    while True:
        corrected = None
        if robot != "random" and painted.n_strokes >= START * len(classes):
            corrected = correct_largest_error(truth, planes, look, painted, rng)
        if corrected is None:
            yield _random_stroke(truth, painted, turns, rng)
            continue
        plane, stroke = corrected
        given = wrongly_given(stroke, look(plane))
        yield stroke
        if robot == "pairs":
            pair = find_partner(truth, planes, look, painted, plane, stroke, given, rng)
            if pair is not None:
                yield pair
        if robot == "rings":
            region = ring()
            if region is not None and is_true(region, truth):
                yield region


def is_true(stroke: Stroke, truth: NDArray[np.uint8]) -> bool:
    """Return whether nearly all of a stroke is of the class that it has."""
    return bool((truth[stroke.plane, stroke.rows, stroke.columns] == stroke.label).mean() > RIGHT)


def _random_stroke(
    truth: NDArray[np.uint8],
    painted: Painted,
    turns: Iterator[int],
    rng: np.random.Generator,
) -> Stroke:
    """Paint the class whose turn it is somewhere in any plane; one without a place is left out."""
    while True:
        label = next(turns)
        for z in rng.permutation(truth.shape[0]):
            inside = truth[z] == label
            if np.count_nonzero(inside) < FEWEST_PIXELS:
                continue
            depth = thickness(inside)
            start = pick_start(depth, inside & (painted.classes[z] == 0), rng)
            if start is not None:
                return Stroke(int(z), *draw_stroke(inside, depth, start, rng), label)


def correct_largest_error(
    truth: NDArray[np.uint8],
    planes: Sequence[int],
    look: Look,
    painted: Painted,
    rng: np.random.Generator,
) -> tuple[int, Stroke] | None:
    """Paint along the largest wrong patch of one true class in some planes; None without any.

    Patches that are wide enough for the brush come first. Returns the plane, and the stroke.
    """
    best = 0, 0, 0, np.zeros(0, np.bool_)
    for width in (BRUSH, None):
        for z in planes:
            wrong = (truth[z] > 0) & (look(z) != truth[z]) & ~_near_paint(painted, z)
            for label in np.unique(truth[z][wrong]):
                part = wrong & (truth[z] == label)
                if width is not None:
                    part = ndimage.binary_opening(part, width)
                number, n = ndimage.label(part, np.ones((3, 3)))
                sizes = np.bincount(number.reshape(-1), minlength=2)[1:]
                if n and sizes.max() > best[0]:
                    best = int(sizes.max()), z, int(label), number == sizes.argmax() + 1
        if best[0]:
            _, z, label, patch = best
            return z, _longest_stroke(patch, truth[z] == label, z, label, rng, None)
    return None


def wrongly_given(stroke: Stroke, labels: Plane) -> int:
    """Return the class that most of a stroke's pixels had that were wrong; 0 if none was."""
    had = labels[stroke.rows, stroke.columns]
    wrong = had[(had != stroke.label) & (had > 0)]
    return int(np.bincount(wrong).argmax()) if wrong.size else 0


def find_partner(
    truth: NDArray[np.uint8],
    planes: Sequence[int],
    look: Look,
    painted: Painted,
    plane: int,
    stroke: Stroke,
    label: int,
    rng: np.random.Generator,
) -> Stroke | None:
    """Paint a class at the nearest place where it is given and right.

    Looks in the plane of the stroke first, then in the others that the robot looks at, the nearest
    first. Returns None if none of them has such a place.
    """
    centre = np.array([stroke.rows.mean(), stroke.columns.mean()])
    others = sorted(set(planes) - {plane}, key=lambda z: abs(z - plane))
    for z in (plane, *others):
        right = (truth[z] == label) & (look(z) == label) & ~_near_paint(painted, z)
        right = ndimage.binary_opening(right, BRUSH)
        if right.any():
            return _longest_stroke(right, truth[z] == label, z, label, rng, centre)
    return None


def _near_paint(painted: Painted, z: int) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = painted.classes[z] > 0
    if near.any():
        near = ndimage.binary_dilation(near, iterations=NEAR)
    return near


def _longest_stroke(
    patch: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    z: int,
    label: int,
    rng: np.random.Generator,
    near: NDArray[Any] | None,
) -> Stroke:
    """Paint along a patch from its deepest place, or from the one nearest to another place."""
    depth = thickness(patch)
    if near is None:
        start = np.array(np.unravel_index(depth.argmax(), depth.shape), np.float64)
    else:
        roomy = np.argwhere(depth >= min(2.0, float(depth.max())))
        start = roomy[((roomy - near) ** 2).sum(axis=1).argmin()].astype(np.float64)
    tries = [draw_stroke(inside, depth, start, rng) for _ in range(TRIES)]
    return Stroke(z, *max(tries, key=lambda pixels: pixels[0].size), label)
