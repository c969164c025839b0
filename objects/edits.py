"""Edits by hand: what a person says of objects that were found, as data that lasts.

An edit names objects by voxels of the whole image, not by numbers: so it is still understood when
labels were made anew, as long as the voxel is of the class that it was. How an edit is carried out
is in `by_hand`, and where a line cuts in `cutting`.

As JSON an edit is a mapping, whose ``kind`` is "cut", "separate", "merge", "give", "delete",
"sort" or "mark"; the fourth to sixth say the same, but not why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .errors import ObjectsError

Voxel = tuple[int, int, int]
Point = tuple[float, float]
Anchor = tuple[Voxel, int]  # a voxel of the whole image, and the class that it is of
GiveKind = Literal["give", "delete", "sort"]
MOST_CLASS = 2**31 - 1


@dataclass(frozen=True)
class CutLine:
    """A line through an object in a plane cuts it in two.

    Attributes
    ----------
    of : int
        Class of the object.
    axis : {0, 1, 2}
        Across the plane.
    line : tuple of (float, float)
        Two points or more in the plane, along the other two axes in their order.
    at, beyond : tuple of 3 int
        A voxel of the object on each side of the line.
    """

    of: int
    axis: int
    line: tuple[Point, ...]
    at: Voxel
    beyond: Voxel

    @property
    def kind(self) -> str:
        """Name of what is done."""
        return "cut"

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """By what its objects are found again."""
        return (self.at, self.of), (self.beyond, self.of)


@dataclass(frozen=True)
class Separate:
    """Strokes in several parts of an object make each part an object.

    Attributes
    ----------
    of : int
        Class of the object.
    strokes : tuple of tuple of (int, int, int)
        Voxels of each stroke.
    """

    of: int
    strokes: tuple[tuple[Voxel, ...], ...]

    @property
    def kind(self) -> str:
        """Name of what is done."""
        return "separate"

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """By what its objects are found again: a voxel of each stroke."""
        return tuple((stroke[0], self.of) for stroke in self.strokes)


@dataclass(frozen=True)
class Merge:
    """Several objects of a class are one, whether they touch or not.

    Attributes
    ----------
    of : int
        Their class.
    at : tuple of (int, int, int)
        A voxel of each.
    """

    of: int
    at: tuple[Voxel, ...]

    @property
    def kind(self) -> str:
        """Name of what is done."""
        return "merge"

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """By what its objects are found again."""
        return tuple((voxel, self.of) for voxel in self.at)


@dataclass(frozen=True)
class Give:
    """Objects are of another class.

    Attributes
    ----------
    of : tuple of int
        Class that each was found in.
    at : tuple of (int, int, int)
        A voxel of each.
    to : tuple of int
        Class that each gets; 0 removes it.
    in_labels : bool
        Whether their labels were changed with it: an undo takes both back.
    settles : tuple of (int, int, int)
        Voxels by which earlier edits find these objects: they are not missed there any more.
    kind : {"give", "delete", "sort"}
        Why: a person gave them to the class, or deleted them, so that they are of what is around
        them; or rules did.
    """

    of: tuple[int, ...]
    at: tuple[Voxel, ...]
    to: tuple[int, ...]
    in_labels: bool = False
    settles: tuple[Voxel, ...] = ()
    kind: GiveKind = "give"

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """By what its objects are found again."""
        return tuple(zip(self.at, self.of, strict=True))


@dataclass(frozen=True)
class Mark:
    """Objects are right as they are: no rule changes them.

    Attributes
    ----------
    of : tuple of int
        Class of each.
    at : tuple of (int, int, int)
        A voxel of each.
    """

    of: tuple[int, ...]
    at: tuple[Voxel, ...]

    @property
    def kind(self) -> str:
        """Name of what is done."""
        return "mark"

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """By what its objects are found again."""
        return tuple(zip(self.at, self.of, strict=True))


Edit = CutLine | Separate | Merge | Give | Mark

EDIT_TEXTS = {
    "cut": ("cut", "cuts"),
    "separate": ("separation", "separations"),
    "merge": ("merge", "merges"),
    "give": ("object given to another class", "objects given to another class"),  # each
    "delete": ("object deleted", "objects deleted"),  # each
    "sort": ("object sorted by rules", "objects sorted by rules"),  # each
    "mark": ("object marked as right", "objects marked as right"),  # each
}


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """Return an edit as JSON can hold it."""
    content: dict[str, Any] = {"kind": edit.kind}
    content["of"] = list(edit.of) if isinstance(edit.of, tuple) else edit.of
    match edit:
        case CutLine():
            line = [list(point) for point in edit.line]
            content |= {"axis": edit.axis, "line": line}
            content |= {"at": list(edit.at), "beyond": list(edit.beyond)}
        case Separate():
            content["strokes"] = [[list(voxel) for voxel in stroke] for stroke in edit.strokes]
        case Give():
            content |= {"to": list(edit.to), "in_labels": edit.in_labels}
            content["settles"] = [list(voxel) for voxel in edit.settles]
    if isinstance(edit, Merge | Give | Mark):
        content["at"] = [list(voxel) for voxel in edit.at]
    return content


def edit_from_json(content: Mapping[str, Any]) -> Edit:
    """Read what `edit_to_json` made of an edit.

    Raises
    ------
    ObjectsError
        If it can't be one.

    Examples
    --------
    >>> edit_from_json({"kind": "mark", "of": [3], "at": [[1, 2, 3]]})
    Mark(of=(3,), at=((1, 2, 3),))
    """
    kind = content.get("kind")
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        known = ", ".join(_READERS)
        raise ObjectsError(f"{kind!r} is no edit of objects by hand; there are: {known}")
    try:
        return read(content)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ObjectsError(
            f"an edit of objects by hand ({kind}) can't be read: {reason}"
        ) from error


def _cut(content: Mapping[str, Any]) -> CutLine:
    axis = _whole(content["axis"])
    line = tuple((float(row), float(column)) for row, column in content["line"])
    if axis > 2 or len(line) < 2 or not all(abs(k) < MOST_CLASS for point in line for k in point):
        raise ValueError("it needs an axis of 0, 1 or 2, and a line of two points or more")
    return CutLine(_class(content), axis, line, _voxel(content["at"]), _voxel(content["beyond"]))


def _separate(content: Mapping[str, Any]) -> Separate:
    strokes = tuple(tuple(map(_voxel, stroke)) for stroke in content["strokes"])
    if len(strokes) < 2 or not all(strokes):
        raise ValueError("it needs two strokes or more")
    return Separate(_class(content), strokes)


def _merge(content: Mapping[str, Any]) -> Merge:
    at = tuple(map(_voxel, content["at"]))
    if len(at) < 2:
        raise ValueError("it needs voxels of two objects or more")
    return Merge(_class(content), at)


def _give(content: Mapping[str, Any]) -> Give:
    in_labels = content["in_labels"]
    if not isinstance(in_labels, bool):
        raise ValueError("it doesn't say whether the labels were changed")
    to = tuple(map(_whole, content["to"]))
    of, at = _several(content)
    if len(to) != len(of):
        raise ValueError("it needs a class for each object")
    kind: GiveKind = content["kind"]
    return Give(of, at, to, in_labels, tuple(map(_voxel, content["settles"])), kind)


def _mark(content: Mapping[str, Any]) -> Mark:
    return Mark(*_several(content))


def _class(content: Mapping[str, Any]) -> int:
    return _whole(content["of"], least=1)


def _several(content: Mapping[str, Any]) -> tuple[tuple[int, ...], tuple[Voxel, ...]]:
    """Read classes and voxels of some objects."""
    of = tuple(_whole(value, least=1) for value in content["of"])
    at = tuple(map(_voxel, content["at"]))
    if not at or len(of) != len(at):
        raise ValueError("it needs a class for each voxel")
    return of, at


_READERS: dict[str, Callable[[Mapping[str, Any]], Edit]] = {
    "cut": _cut,
    "separate": _separate,
    "merge": _merge,
    "give": _give,
    "delete": _give,
    "sort": _give,
    "mark": _mark,
}


def _whole(value: Any, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_CLASS:
        raise ValueError(f"{value!r} is no whole number from {least} to {MOST_CLASS}")
    return value


def _voxel(value: Any) -> Voxel:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError(f"{value!r} is no voxel: a plane, a row and a column")
    z, y, x = map(_whole, value)
    return z, y, x
