"""Things that are painted on some slices: which pieces belong together, from slice to slice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.execution import Run, VolumeLike

from .checks import SLAB_VOXELS, read_ids

FAR = 1.0  # sizes of the smaller of two pieces that the way from one to the other may take
_CORNERS = np.ones((3, 3), bool)  # pieces hang together over corners

Rows = tuple[slice, slice]
Links = set[tuple[int, int]]  # numbers of pieces, the one on the earlier slice first


@dataclass(frozen=True, eq=False)
class Piece:
    """What hangs together on one slice, of one class.

    Attributes
    ----------
    value : int
        The class.
    at : int
        The slice.
    box : tuple of 2 slice
        Where it lies there.
    mask : bool, of the box
    """

    value: int
    at: int
    box: Rows
    mask: NDArray[np.bool_] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Stretch:
    """What lies between two painted slices of a thing.

    Attributes
    ----------
    value : int
        Its class.
    slices : tuple of 2 int
        The painted ones.
    ends : tuple of 2 tuple of Piece
        What is painted of it there.
    """

    value: int
    slices: tuple[int, int]
    ends: tuple[tuple[Piece, ...], tuple[Piece, ...]]

    @property
    def box(self) -> Rows:
        """What holds both ends."""
        pieces = [*self.ends[0], *self.ends[1]]
        a, b = (
            slice(min(p.box[k].start for p in pieces), max(p.box[k].stop for p in pieces))
            for k in range(2)
        )
        return a, b

    def masks(self, box: Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return both ends, within a box that holds them."""
        first, last = (_drawn(pieces, box) for pieces in self.ends)
        return first, last


def find_pieces(
    painted: VolumeLike, axis: int, computed: VolumeLike | None = None, run: Run = Run()
) -> list[Piece]:
    """Return what is painted, by ascending slice.

    Parameters
    ----------
    painted : array-like of integers, (Z, Y, X)
        0 = nothing painted.
    axis : {0, 1, 2}
        Across the slices.
    computed : array-like of bool, (Z, Y, X), optional
        Voxels that nobody painted: pieces of which they are half or more don't count.
    run : Run
    """
    found: list[Piece] = []
    shape = painted.shape
    # a bundle of slices is read at a time: one by one, those across columns would be slow
    thick = max(1, SLAB_VOXELS * shape[axis] // int(np.prod(shape)))
    for start in range(0, shape[axis], thick):
        run.check_stop()
        part = [slice(0, n) for n in shape]
        part[axis] = slice(start, min(start + thick, shape[axis]))
        box = part[0], part[1], part[2]
        values = np.moveaxis(read_ids(painted, box), axis, 0)
        there = np.flatnonzero(values.any(axis=(1, 2))).tolist()
        aside = None
        if computed is not None and there:
            aside = np.moveaxis(np.asarray(computed[box], bool), axis, 0)
        for at in there:
            pieces = _pieces(values[at], start + at)
            if aside is not None:
                pieces = [p for p in pieces if np.mean(aside[at][p.box][p.mask]) < 0.5]
            found += pieces
        run.report(part[axis].stop, shape[axis])
    return found


def _pieces(plane: NDArray[np.int32], at: int) -> list[Piece]:
    found = []
    for value in np.unique(plane[plane > 0]).tolist():
        ids, _ = ndimage.label(plane == value, _CORNERS)
        for number, box in enumerate(ndimage.find_objects(ids), 1):
            found.append(Piece(value, at, box, ids[box] == number))
    return found


def find_stretches(pieces: Sequence[Piece], spacing: Sequence[float]) -> list[Stretch]:
    """Find what is to be filled: a thing goes on in the next slice where something overlaps it.

    Where nothing does, it has moved: to the nearest piece that nothing else goes on to, if the way
    there, within the slice and across slices together, is no longer than the smaller of them is
    wide. A thing that runs on at a slant is followed so where slices are close; further away, what
    lies beside it is another thing as often as the same, and a bridge that nobody painted costs
    more than a slice in between. Slices that touch leave nothing to fill; and of the two, one is
    painted by itself: between rows of slices there are things of their own, as of a class all over.

    Parameters
    ----------
    pieces : sequence of Piece
        By ascending slice.
    spacing : sequence of 3 float
        Across the slices, and within one.
    """
    by_class: dict[int, list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_class[piece.value].append(piece)
    stretches = []
    for value, same in sorted(by_class.items()):
        links = _overlapping(same)
        stretches += _joined(value, same, links | _moved(same, links, spacing))
    return stretches


def _overlapping(pieces: Sequence[Piece]) -> Links:
    """Link each piece to those on the next slice, and on the one before, that overlap it."""
    links: Links = set()
    corner = [max(piece.box[k].stop for piece in pieces) for k in range(2)]
    places = np.array([piece.at for piece in pieces])
    # Strategy: go from slice to slice, there and back, and remember for each place the piece that
    # was there last.
    for order in (range(len(pieces)), range(len(pieces) - 1, -1, -1)):
        last = np.full(corner, -1, np.int64)
        for i in order:
            piece = pieces[i]
            known = np.unique(last[piece.box][piece.mask])
            known = known[known >= 0]
            if known.size:
                nearest = np.abs(places[known] - piece.at).min()
                for j in known[np.abs(places[known] - piece.at) == nearest].tolist():
                    links.add((min(i, j), max(i, j)))
            last[piece.box][piece.mask] = i
    return links


def _moved(pieces: Sequence[Piece], links: Links, spacing: Sequence[float]) -> Links:
    """Link what ends to the nearest that begins on a later slice and isn't too far away.

    Outlines are as far apart as the boxes that hold them, and across slices as the slices are; a
    piece is as wide as a square of its area, so that a long thin line isn't large.
    """
    before, after = {b for _, b in links}, {a for a, _ in links}
    begins = np.array([j for j in range(len(pieces)) if j not in before], np.int64)
    low, high, at, size = _boxes(pieces, spacing)
    found: Links = set()
    for i in range(len(pieces)):
        if i in after or not begins.size:
            continue
        apart = np.maximum(low[begins] - high[i], low[i] - high[begins]).clip(0)
        away, across = np.linalg.norm(apart, axis=1), at[begins] - at[i]
        may = (across > 0) & (away + across <= FAR * np.minimum(size[begins], size[i]))
        if may.any():
            k = int(np.lexsort((away[may], at[begins[may]]))[0])
            j = int(begins[may][k])
            found.add((i, j))
            begins = begins[begins != j]
    return found


def _boxes(pieces: Sequence[Piece], spacing: Sequence[float]) -> tuple[NDArray[np.float64], ...]:
    """Return corners, slices and widths of pieces, in physical units."""
    ends = np.array([[(part.start, part.stop) for part in piece.box] for piece in pieces], float)
    low, high = ends[..., 0] * spacing[1:], ends[..., 1] * spacing[1:]
    areas = np.array([float(np.count_nonzero(piece.mask)) for piece in pieces])
    at = np.array([float(piece.at) for piece in pieces]) * spacing[0]
    return low, high, at, np.sqrt(areas * spacing[1] * spacing[2])


def _joined(value: int, pieces: Sequence[Piece], links: Links) -> list[Stretch]:
    """Make a stretch of links between the same slices that have a piece in common."""
    by_slices: dict[tuple[int, int], list[tuple[set[int], set[int]]]] = defaultdict(list)
    for i, j in sorted(links):
        known = by_slices[pieces[i].at, pieces[j].at]
        first, last = {i}, {j}
        for other in [ends for ends in known if ends[0] & first or ends[1] & last]:
            known.remove(other)
            first, last = first | other[0], last | other[1]
        known.append((first, last))

    in_rows = {k for link in links if pieces[link[1]].at - pieces[link[0]].at == 1 for k in link}

    def at(numbers: set[int]) -> tuple[Piece, ...]:
        return tuple(pieces[k] for k in sorted(numbers))

    return [
        Stretch(value, slices, (at(first), at(last)))
        for slices, groups in sorted(by_slices.items())
        for first, last in groups
        if slices[1] - slices[0] > 1 and not (first & in_rows and last & in_rows)
    ]


def _drawn(pieces: Sequence[Piece], box: Rows) -> NDArray[np.bool_]:
    out = np.zeros([part.stop - part.start for part in box], bool)
    for piece in pieces:
        at = tuple(
            slice(part.start - whole.start, part.stop - whole.start)
            for part, whole in zip(piece.box, box, strict=True)
        )
        out[at] |= piece.mask
    return out
