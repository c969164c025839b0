"""A robot that puts labels right by hand, voxel for voxel, with the tools that a window gives it.

It knows the truth, and takes the action that mends most: one press, drag and release of the mouse,
or a tool that is chosen and applied. What an action changes is what the window's tool changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal
from supervox.objects import CleanStep, clean, find_objects
from supervox.objects.clean_steps import Operation

Labels = NDArray[np.uint8]
Places = NDArray[np.int64]

ENOUGH = 0.95  # Dice of every class
RADII = (0, 1, 2, 4, 7)  # voxels of the ball brush beside its middle
DABS = 16  # of a stroke, each a radius from the one before
REGIONS = 8  # supervoxels of a stroke with the region tool
LIMIT_CLICKS = 2  # to have the brush paint on another class only, or on all again
WORTH = 30  # wrong voxels, to paint on one class only
CLEAN_EVERY = 20  # actions, after which she looks whether a tool helps
CLEAN_ACTIONS = 2  # of a tool: its amount, and Apply
CLEAN: tuple[tuple[Operation, float], ...] = (
    ("specks", 30.0),
    ("specks", 120.0),
    ("holes", 120.0),
    ("smooth", 0.8),
    ("smooth", 1.5),
    ("open", 1.0),
    ("close", 1.0),
    ("dilate", 1.0),
    ("erode", 1.0),
)


class Action(NamedTuple):
    """What mends labels: voxels by raster index, what they become, and how many clicks it takes.

    `limit` is the class that the brush paints on by then, 0 for all; None for other tools.
    """

    tool: str
    voxels: Places
    classes: Labels
    gain: float
    clicks: int = 1
    limit: int | None = None


def dice_of(truth: Labels, labels: NDArray[np.unsignedinteger]) -> dict[int, float]:
    """Return the Dice of every class."""
    classes = np.unique(truth)
    return {
        int(k): float(2 * ((labels == k) & (truth == k)).sum())
        / float((labels == k).sum() + (truth == k).sum())
        for k in classes[classes > 0]
    }


@dataclass
class Hand:
    """A person who knows the truth, and how far she is.

    Parameters
    ----------
    truth : uint8, (Z, Y, X)
        0 where it is not known.
    labels : uint8, (Z, Y, X)
        Changed in place.
    ids : int32, (Z, Y, X), optional
        Supervoxels: with them she has the tools of Supervox, or else those of a Labels layer.
    """

    truth: Labels
    labels: Labels
    ids: NDArray[np.int32] | None = None
    done: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        classes = np.unique(self.truth)
        self._classes = [int(k) for k in classes[classes > 0]]
        # A ball with its middle here stays within the class: it mends, and spoils nothing.
        inside = {k: ndimage.distance_transform_edt(self._padded(k)) for k in self._classes}
        self._room = {k: {r: inside[k][1:-1, 1:-1, 1:-1] > r for r in RADII} for k in self._classes}
        self._balls = {r: _ball(r) for r in RADII}
        # By class that is painted, class that is painted on (0: all), and radius.
        self._fits: dict[tuple[int, int, int], NDArray[np.float32]] = {}
        self._rooms: dict[tuple[int, int, int], NDArray[np.bool_]] = {}
        self._limit = 0  # the class that the brush paints on
        self._aim: list[int] = []  # the classes that aren't good enough
        self._wrong = np.zeros(self.truth.shape, np.bool_)

    def _padded(self, k: int) -> NDArray[np.bool_]:
        """Return a class with a frame of itself: a ball may reach out of the volume."""
        framed: NDArray[np.bool_] = np.pad((self.truth == k) | (self.truth == 0), 1, mode="edge")
        return framed

    def work(self, most: int) -> int:
        """Act until every class is good enough, or nothing helps; return the clicks."""
        clicks = actions = 0
        while clicks < most and self._take_aim():
            found = [self._stroke(), self._fill()]
            if self.ids is not None:
                found.append(self._regions(self.ids))
                if actions % CLEAN_EVERY == 0:
                    found.append(self._clean())
            best = max((a for a in found if a is not None), key=lambda a: a.gain / a.clicks)
            if best.gain <= 0:
                break
            self._apply(best)
            actions, clicks = actions + 1, clicks + best.clicks
            self.done[best.tool] = self.done.get(best.tool, 0) + best.clicks
        return clicks

    def _take_aim(self) -> bool:
        """Look which classes aren't good enough, and which wrong voxels lower their Dice.

        Returns whether there is any.
        """
        dice = dice_of(self.truth, self.labels)
        before, self._aim = self._aim, [k for k in self._classes if dice[k] < ENOUGH]
        is_wrong = (self.labels != self.truth) & (self.truth > 0)
        self._wrong = is_wrong & (np.isin(self.truth, self._aim) | np.isin(self.labels, self._aim))
        if self._aim != before:
            self._fits, self._rooms = {}, {}
            for brush in self._brushes():
                self._fits[brush] = np.zeros(self.truth.shape, np.float32)
                self._rooms[brush] = np.zeros(self.truth.shape, np.bool_)
                self._look(brush, (slice(None),) * 3)
        return bool(self._aim)

    def _brushes(self) -> Iterator[tuple[int, int, int]]:
        """Yield what a brush may paint, on what, and how wide it is."""
        for k in self._classes:
            on = [0]
            if self.ids is not None:  # a tool of Supervox's
                given = self.labels[self._wrong & (self.truth == k)]
                on += [j for j in self._classes if np.count_nonzero(given == j) >= WORTH]
            yield from ((k, j, r) for j in on for r in RADII if not j or r)

    # ----------------------------------------------------------------------------------- tools

    def _look(self, brush: tuple[int, int, int], box: tuple[slice, ...]) -> None:
        """Look where a ball mends, and how much, for each middle in a box."""
        k, on, r = brush
        mends = self._wrong & (self.truth == k)
        if on:
            mends &= self.labels == on
            spoils = (self.labels == on) & (self.truth != k) & (self.truth > 0)
            self._rooms[brush][box] = self._sum(spoils, r, box) == 0
        else:
            self._rooms[brush][box] = self._room[k][r][box]
        self._fits[brush][box] = self._sum(mends, r, box) * self._rooms[brush][box]

    def _sum(self, which: NDArray[np.bool_], r: int, box: tuple[slice, ...]) -> NDArray[np.float32]:
        """Count voxels in the ball around each place of a box."""
        parts = [part.indices(n)[:2] for part, n in zip(box, which.shape, strict=True)]
        grown = tuple(
            slice(max(0, a - r), min(n, b + r))
            for (a, b), n in zip(parts, which.shape, strict=True)
        )
        ball = self._balls[r].astype(np.float32)
        found = signal.oaconvolve(which[grown].astype(np.float32), ball, mode="same")
        inner = (slice(a - g.start, b - g.start) for (a, b), g in zip(parts, grown, strict=True))
        counts: NDArray[np.float32] = np.round(found[tuple(inner)])
        return counts

    def _stroke(self) -> Action | None:
        """Return the stroke with a ball brush in a plane that mends most."""
        best = None
        for brush, fits in self._fits.items():  # also of other classes, where one is too much
            k, on, _ = brush
            at = np.unravel_index(int(np.argmax(fits)), fits.shape)
            clicks = 1 + LIMIT_CLICKS * (on != self._limit)
            most = 0.0 if best is None else best.gain / best.clicks
            if fits[at] * DABS / clicks <= most:
                continue
            voxels = self._drag(brush, [int(i) for i in at])
            gain = float(self._wrong.reshape(-1)[voxels].sum())
            if gain / clicks > most:
                name = "brush on one class" if on else "brush"
                new = np.full(voxels.size, k, np.uint8)
                best = Action(name, voxels, new, gain, clicks, on)
        return best

    def _drag(self, brush: tuple[int, int, int], at: list[int]) -> Places:
        """Drag a ball through a plane, always to where it mends most; return what it paints."""
        k, on, r = brush
        ball = np.argwhere(self._balls[r]) - r
        shape, covered = np.array(self.truth.shape), np.zeros(0, np.int64)
        mends = self._wrong & (self.truth == k)
        if on:
            mends &= self.labels == on
        step = max(r, 1)
        ring = np.indices((1, 2 * step + 1, 2 * step + 1)).reshape(3, -1).T - (0, step, step)
        steps = ring[np.abs(ring).max(axis=1) == step]
        for _ in range(DABS):
            places = ball + at
            places = places[((places >= 0) & (places < shape)).all(axis=1)]
            voxels = np.ravel_multi_index(tuple(places.T), self.truth.shape)
            covered = np.union1d(covered, voxels)
            mends.reshape(-1)[voxels] = False
            nexts = steps + at
            nexts = nexts[((nexts >= 0) & (nexts < shape)).all(axis=1)]
            nexts = nexts[self._rooms[brush][tuple(nexts.T)]]
            gains = [self._mended(mends, place, r) for place in nexts]
            if not gains or max(gains) == 0:
                break
            at = [int(i) for i in nexts[int(np.argmax(gains))]]
        return covered[self.labels.reshape(-1)[covered] == on] if on else covered

    def _mended(self, mends: NDArray[np.bool_], place: NDArray[np.int64], r: int) -> int:
        """Count what a ball mends at a place."""
        low, high = np.maximum(place - r, 0), np.minimum(place + r + 1, mends.shape)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        part = tuple(slice(a - p + r, b - p + r) for a, b, p in zip(low, high, place, strict=True))
        return int((mends[box] & self._balls[r][part]).sum())

    def _fill(self) -> Action | None:
        """Return the click with the fill tool that mends most: a connected piece changes class."""
        found = find_objects(self.labels, connectivity=6)
        return self._best_piece("fill", found.ids.view(np.int32), 1)

    def _regions(self, ids: NDArray[np.int32]) -> Action | None:
        """Return the stroke over supervoxels of a plane that mends most."""
        return self._best_piece("regions", ids + 1, REGIONS)

    def _best_piece(self, tool: str, pieces: NDArray[np.int32], most: int) -> Action | None:
        """Return the best stroke that gives whole pieces a class, `most` that lie in one plane."""
        wrong = self._wrong
        flat, number = pieces.reshape(-1), int(pieces.max()) + 1
        best: tuple[float, int, int] | None = None
        gains = {}
        is_right = (self.labels == self.truth).reshape(-1)
        right = np.bincount(flat, is_right, number)
        for k in self._classes:
            of_class = (self.truth == k).reshape(-1)
            kept = np.bincount(flat, of_class & is_right, number)
            gains[k] = np.bincount(flat, wrong.reshape(-1) & of_class, number) - (right - kept)
            gains[k][0] = -np.inf
            top = int(np.argmax(gains[k]))
            if best is None or gains[k][top] > best[0]:
                best = float(gains[k][top]), k, top
        if best is None or best[0] <= 0:
            return None
        _, k, top = best
        chosen = [top]
        if most > 1:
            chosen = self._along(pieces, gains[k], top, most)
        voxels = np.flatnonzero(np.isin(flat, chosen)).astype(np.int64)
        gain = float(gains[k][chosen].sum())
        return Action(tool, voxels, np.full(voxels.size, k, np.uint8), gain)

    @staticmethod
    def _along(
        pieces: NDArray[np.int32], gains: NDArray[np.float64], first: int, most: int
    ) -> list[int]:
        """Return pieces that touch one after the other in the plane through the first."""
        there = np.argwhere(pieces == first)
        plane = pieces[int(np.median(there[:, 0]))]
        chosen = [first]
        while len(chosen) < most:
            around = ndimage.binary_dilation(np.isin(plane, chosen), np.ones((3, 3)))
            beside = np.setdiff1d(plane[around], chosen)
            if not beside.size or gains[beside].max() <= 0:
                break
            chosen.append(int(beside[np.argmax(gains[beside])]))
        return chosen

    def _clean(self) -> Action | None:
        """Return the finishing tool that mends most."""
        best, wrong = None, self._wrong
        for k in self._aim:
            for operation, amount in CLEAN:
                after = clean(self.labels, CleanStep(operation, amount, (k,))).labels
                voxels = np.flatnonzero(after != self.labels).astype(np.int64)
                new, true = after.reshape(-1)[voxels], self.truth.reshape(-1)[voxels]
                spoilt = (self.labels.reshape(-1)[voxels] == true) & (true > 0)
                gain = float((wrong.reshape(-1)[voxels] & (new == true)).sum() - spoilt.sum())
                if best is None or gain > best.gain:
                    best = Action("clean", voxels, new, gain, CLEAN_ACTIONS)
        return best

    def _apply(self, action: Action) -> None:
        """Change the labels, and count anew around the change."""
        flat = self.labels.reshape(-1)
        changed = action.voxels[flat[action.voxels] != action.classes]
        flat[action.voxels] = action.classes
        places = np.unravel_index(changed, self.labels.shape)
        reach = max(RADII)
        box = tuple(
            slice(max(0, int(at.min()) - reach), min(n, int(at.max()) + reach + 1))
            for at, n in zip(places, self.labels.shape, strict=True)
        )
        is_wrong = (self.labels[box] != self.truth[box]) & (self.truth[box] > 0)
        counts = np.isin(self.truth[box], self._aim) | np.isin(self.labels[box], self._aim)
        self._wrong[box] = is_wrong & counts
        for brush in self._fits:
            self._look(brush, box)
        if action.limit is not None:
            self._limit = action.limit


def _ball(radius: int) -> NDArray[np.bool_]:
    grid = np.indices((2 * radius + 1,) * 3) - radius
    ball: NDArray[np.bool_] = (grid**2).sum(axis=0) <= radius**2
    return ball
