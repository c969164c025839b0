"""Objects that may be several things, and several that may be one: questions for a person.

How much speaks for a yes follows from shape alone, as a score from 0 to 1 that is no probability:
nobody counted how often a yes is right. Things are several if the neck between them is narrow: the
share by which its area is smaller than the mean section of a piece, which is its volume divided by
how far it reaches from the neck. They are one if a gap between them is narrow and they face each
other over it as the halves of a rod do, and not as two balls: the share of the smaller one's
section near the gap that is within a voxel of it, less what the gap takes of its diameter.

What was answered by no isn't asked again: the edit that was refused names its objects by voxels, so
it is known again where objects were found anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, Slices, Workers

from .checks import Spacing, checked_spacing
from .contacts import contact_table
from .distances import distances_within
from .drawn import inner_voxel
from .edits import Edit, Merge, Separate, Voxel
from .instances import Instances
from .scale import Calibrated
from .shape_columns import AXES
from .split_round import split_round
from .sums import sum_objects
from .table import ObjectTable

LEAST = 0.3  # score of what is asked
LIKELY = 0.6  # score of what is called so
MOST_VOXELS = 2**22  # of a box that is looked at: what is larger is no single thing
SMALLEST = 27  # voxels: less is a speck
WIDEST_GAP = 8.0  # voxels of the finest axis
_AT_ONCE = 16  # objects between two questions whether to stop
Key = tuple[str, frozenset[int]]


@dataclass(frozen=True)
class EditQuestion:
    """A question whether objects should be edited.

    Attributes
    ----------
    objects : tuple of int
        One that may be several, or two that may be one.
    score : float
        From 0 to 1: how much speaks for a yes.
    edit : Edit
        What is to be done then.
    """

    objects: tuple[int, ...]
    score: float
    edit: Edit

    @property
    def how_sure(self) -> str:
        """The score in a word."""
        return "likely" if self.score >= LIKELY else "perhaps"

    @property
    def key(self) -> Key:
        """What is the same only for the same question."""
        return self.edit.kind, frozenset(self.objects)

    @property
    def text(self) -> str:
        """The question for a person, without the score."""
        if isinstance(self.edit, Separate):
            return f"Is object {self.objects[0]} several things?"
        return f"Are objects {self.objects[0]} and {self.objects[1]} one thing?"


def find_candidates(
    ids: NDArray[Any],
    table: ObjectTable,
    *,
    start: Sequence[int] = (0, 0, 0),
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    workers: Workers = None,
) -> list[EditQuestion]:
    """Find objects that may be several things, and pairs that may be one, the surest first.

    Parameters
    ----------
    ids : array of integers, (Z, Y, X)
        Numbers of the objects.
    table : ObjectTable
        Of `measure_objects`: number, class, voxels and box of each object.
    start : sequence of 3 int
        Place of the first voxel in the whole image, in which edits are.
    spacing : sequence of 3 float
    workers : int or Run, optional

    Returns
    -------
    list of EditQuestion

    Raises
    ------
    Cancelled
        If the run is to stop.
    """
    run, search = Run.of(workers), _Search(ids, table, start, checked_spacing(spacing))
    rows = np.flatnonzero(table["voxels"] >= SMALLEST)

    def some(first: int) -> list[EditQuestion]:
        found = []
        for row in rows[first : first + _AT_ONCE].tolist():
            split = search.split(row)
            found += [] if split is None else [split]
            found += search.merges(row)
        return found

    every = run.parallel(some, range(0, rows.size, _AT_ONCE))
    found = [candidate for part in every for candidate in part if candidate.score >= LEAST]
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.objects))


def refused_questions(
    refused: Iterable[Edit], ids: NDArray[Any], table: ObjectTable, start: Sequence[int]
) -> frozenset[Key]:
    """Return the keys of the questions that were answered by no.

    Parameters
    ----------
    refused : iterable of Edit
        Of the answers.
    ids, table, start
        As for `find_candidates`.

    Returns
    -------
    frozenset
        Of `EditQuestion.key`; without those whose objects aren't there any more, or are no longer
        one, or two.
    """
    class_of = dict(zip(table["id"].tolist(), table["class"].tolist(), strict=True))
    found = set()
    for edit in refused:
        objects = []
        for voxel, of in edit.anchors:
            at = tuple(k - first for k, first in zip(voxel, start, strict=True))
            is_inside = all(0 <= k < n for k, n in zip(at, ids.shape, strict=True))
            number = int(ids[at]) if is_inside else 0
            objects.append(number if class_of.get(number) == of else 0)
        there = frozenset(objects)
        if 0 not in there and len(there) == (1 if isinstance(edit, Separate) else len(objects)):
            found.add((edit.kind, there))
    return frozenset(found)


class _Search:
    """Looks at one object after the other.

    Parameters
    ----------
    ids : array of integers, (Z, Y, X)
    table : ObjectTable
    start : sequence of 3 int
    spacing : tuple of 3 float
    """

    def __init__(
        self, ids: NDArray[Any], table: ObjectTable, start: Sequence[int], spacing: Spacing
    ) -> None:
        self._ids, self._start, self._spacing = ids, start, spacing
        self._numbers, self._classes = table["id"], table["class"]
        self._voxels = table["voxels"]
        self._low = np.stack([table[f"first_{axis}"] for axis in AXES], 1)
        self._high = np.stack([table[f"last_{axis}"] for axis in AXES], 1)

    def _box(self, row: int, rim: Sequence[int]) -> Slices | None:
        """Return the box around an object, wider by a rim; None if it is too large to look at."""
        z, y, x = (
            slice(max(0, int(a) - k), min(n, int(b) + 1 + k))
            for a, b, k, n in zip(
                self._low[row], self._high[row], rim, self._ids.shape, strict=True
            )
        )
        size = math.prod(side.stop - side.start for side in (z, y, x))
        return (z, y, x) if size <= MOST_VOXELS else None

    def _radius(self, row: int) -> float:
        """Return the radius of a ball of an object's volume."""
        volume = int(self._voxels[row]) * math.prod(self._spacing)
        return float((3 * volume / (4 * math.pi)) ** (1 / 3))

    def _voxel(self, mask: NDArray[np.bool_], box: Slices) -> Voxel:
        """Return the deepest voxel of a mask in a box, in the whole image."""
        z, y, x = (
            k + side.start + first
            for k, side, first in zip(inner_voxel(mask), box, self._start, strict=True)
        )
        return z, y, x

    def split(self, row: int) -> EditQuestion | None:
        """Ask whether an object is several things, if it has a neck."""
        number, box = int(self._numbers[row]), self._box(row, (1, 1, 1))
        if box is None:
            return None
        inside = self._ids[box] == number
        pieces = np.where(inside, split_round(inside, self._spacing), 0).astype(np.int32)
        n = int(pieces.max())
        if n < 2:
            return None
        parts = Instances(pieces.view(np.uint32), np.ones(n, np.int32))
        contacts = contact_table(parts, sum_objects(parts), Calibrated(self._spacing))
        necks = np.zeros(n)
        for end in ("id_1", "id_2"):
            np.add.at(necks, contacts[end] - 1, contacts["area"])
        voxels = np.bincount(pieces.ravel(), minlength=n + 1)[1:]
        shares = np.zeros(n)
        for k in np.flatnonzero((voxels >= SMALLEST) & (necks > 0)).tolist():
            mine = pieces == k + 1
            length = float(distances_within(inside & ~mine, self._spacing)[mine].max())
            shares[k] = 1 - necks[k] * length / (voxels[k] * math.prod(self._spacing))
        piece = int(np.argmax(shares)) + 1
        others = [k for k in range(1, n + 1) if k != piece]
        strokes = (
            (self._voxel(pieces == piece, box),),
            tuple(self._voxel(pieces == k, box) for k in others),
        )
        edit = Separate(int(self._classes[row]), strokes)
        return EditQuestion((number,), float(max(0.0, shares[piece - 1])), edit)

    def merges(self, row: int) -> list[EditQuestion]:
        """Ask whether an object and others near it, which are no smaller, are one thing."""
        radius = self._radius(row)
        finest = min(self._spacing)
        near = max(2 * finest, radius / 2)
        reach = min(2 * radius, WIDEST_GAP * finest)
        box = self._box(row, [math.ceil(reach / size) for size in self._spacing])
        if box is None:
            return []
        part, number, found = self._ids[box], int(self._numbers[row]), []
        inside = part == number
        for other in self._near(part, row):
            away = distances_within(part == self._numbers[other], self._spacing)[inside]
            gap = float(away.min())
            facing, section = (
                np.count_nonzero(away < gap + deep) / deep for deep in (finest, near)
            )
            free = max(0.0, 1 - (gap - finest) / (2 * radius))
            if gap <= reach:
                pair = (number, int(self._numbers[other]))
                score = float(min(1.0, facing / section) * free)
                found.append(self._merge(pair, row, other, score))
        return found

    def _near(self, part: NDArray[Any], row: int) -> list[int]:
        """Return the rows of the objects of the same class in a part that are no smaller."""
        there = np.unique(part)
        rows = np.searchsorted(self._numbers, there[there > 0])
        rows = rows[(self._classes[rows] == self._classes[row]) & (rows != row)]
        mine = (int(self._voxels[row]), row)
        return [k for k in rows.tolist() if (int(self._voxels[k]), k) > mine]

    def _merge(self, pair: tuple[int, int], row: int, other: int, score: float) -> EditQuestion:
        at = []
        for k, number in zip((row, other), pair, strict=True):
            z, y, x = (
                slice(int(a), int(b) + 1) for a, b in zip(self._low[k], self._high[k], strict=True)
            )
            box = (z, y, x)
            at.append(self._voxel(self._ids[box] == number, box))
        return EditQuestion(pair, score, Merge(int(self._classes[row]), tuple(at)))
