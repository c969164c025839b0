"""A robot that puts labels right by hand, voxel for voxel, with the tools that a window gives it.

It knows the truth, and takes the action that mends most: one press, drag and release of the mouse,
or a tool that is chosen and applied. What an action changes is what the window's tool changes.
"""

from __future__ import annotations

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
    """What mends labels: voxels by raster index, what they become, and how many clicks it takes."""

    tool: str
    voxels: Places
    classes: Labels
    gain: float
    clicks: int = 1


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
        self._fits: dict[tuple[int, int], NDArray[np.float32]] = {}
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
            for k in self._classes:
                for r in RADII:
                    self._fits[k, r] = self._count(k, r, (slice(None),) * 3)
        return bool(self._aim)

    # ----------------------------------------------------------------------------------- tools

    def _count(self, k: int, r: int, box: tuple[slice, ...]) -> NDArray[np.float32]:
        """Count the voxels that a ball would mend, for each middle in a box."""
        wrong = (self._wrong & (self.truth == k)).astype(np.float32)
        grown = tuple(
            slice(max(0, part.indices(n)[0] - r), min(n, part.indices(n)[1] + r))
            for part, n in zip(box, wrong.shape, strict=True)
        )
        found = signal.oaconvolve(wrong[grown], self._balls[r].astype(np.float32), mode="same")
        inner = tuple(
            slice(part.indices(n)[0] - g.start, part.indices(n)[1] - g.start)
            for part, g, n in zip(box, grown, wrong.shape, strict=True)
        )
        counts: NDArray[np.float32] = np.round(found[inner]) * self._room[k][r][box]
        return counts

    def _stroke(self) -> Action | None:
        """Return the stroke with a ball brush in a plane that mends most."""
        best = None
        for (k, r), fits in self._fits.items():  # also of other classes, where one is too much
            at = np.unravel_index(int(np.argmax(fits)), fits.shape)
            if fits[at] * DABS <= (best.gain if best else 0):
                continue
            voxels = self._drag(k, r, [int(i) for i in at])
            gain = float(self._wrong.reshape(-1)[voxels].sum())
            if best is None or gain > best.gain:
                best = Action("brush", voxels, np.full(voxels.size, k, np.uint8), gain)
        return best

    def _drag(self, k: int, r: int, at: list[int]) -> Places:
        """Drag a ball through a plane, always to where it mends most; return what it covers."""
        ball = np.argwhere(self._balls[r]) - r
        shape, covered = np.array(self.truth.shape), np.zeros(0, np.int64)
        is_wrong = self._wrong & (self.truth == k)
        step = max(r, 1)
        ring = np.indices((1, 2 * step + 1, 2 * step + 1)).reshape(3, -1).T - (0, step, step)
        steps = ring[np.abs(ring).max(axis=1) == step]
        room = self._room[k][r]
        for _ in range(DABS):
            places = ball + at
            places = places[((places >= 0) & (places < shape)).all(axis=1)]
            voxels = np.ravel_multi_index(tuple(places.T), self.truth.shape)
            covered = np.union1d(covered, voxels)
            is_wrong.reshape(-1)[voxels] = False
            nexts = steps + at
            nexts = nexts[((nexts >= 0) & (nexts < shape)).all(axis=1)]
            nexts = nexts[room[tuple(nexts.T)]]
            gains = []
            for place in nexts:
                low, high = np.maximum(place - r, 0), np.minimum(place + r + 1, shape)
                box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
                part = tuple(
                    slice(a - p + r, b - p + r) for a, b, p in zip(low, high, place, strict=True)
                )
                gains.append(int((is_wrong[box] & self._balls[r][part]).sum()))
            if not gains or max(gains) == 0:
                break
            at = [int(i) for i in nexts[int(np.argmax(gains))]]
        return covered

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
        for k, r in self._fits:
            self._fits[k, r][box] = self._count(k, r, box)


def _ball(radius: int) -> NDArray[np.bool_]:
    grid = np.indices((2 * radius + 1,) * 3) - radius
    ball: NDArray[np.bool_] = (grid**2).sum(axis=0) <= radius**2
    return ball
