"""What a project says of its objects: how they are found, rules, and edits by hand, in one list.

The list is what `supervox.project` keeps, an entry for each step that can be undone. Of entries
that say how objects are found, and of those with rules, the last one holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from supervox.execution import Run, VolumeLike, Workers, Workspace

from .by_hand import Edited, apply_edits
from .edits import EDIT_TEXTS, Edit, Give, Mark, edit_from_json, edit_to_json
from .errors import ObjectsError
from .instances import find_objects, objects_of_ids
from .rules import Rule
from .split import SPLITS, Split, split_objects
from .split_image import Boundaries

FIND, RULES, REFUSED = "find", "rules", "no"


class Asked(NamedTuple):
    """Which objects a project asks for, and what is measured of them besides.

    Attributes
    ----------
    class_id : int
        Whose objects are looked for in the window; 0 for those of all classes.
    split : str, optional
        How objects that touch are split; not at all by default.
    distance_to, depth_below : tuple of int
        As of `MeasureRequest`; classes that the labels don't have are left out.
    parents : str
        Address of the labels of what objects lie in; empty if that isn't asked for. Where they
        aren't there any more, it is left out as well.
    """

    class_id: int = 0
    split: Split | None = None
    distance_to: tuple[int, ...] = ()
    depth_below: tuple[int, ...] = ()
    parents: str = ""

    @property
    def needs_others(self) -> bool:
        """Whether anything is measured that hangs on more than the image within an object."""
        return bool(self.distances or self.parents)

    @property
    def distances(self) -> dict[str, list[int]]:
        """What hangs on all labels, and not on an object alone: classes, by attribute, if any."""
        both = {"distance_to": self.distance_to, "depth_below": self.depth_below}
        return {name: list(classes) for name, classes in both.items() if classes}


@dataclass(frozen=True)
class ObjectSteps:
    """Steps from labels to objects.

    Attributes
    ----------
    asked : Asked
        Which objects are looked for, and what is measured of them besides.
    rules : tuple of Rule
        Carried out after the edits, on what is not by hand.
    edits : tuple of Edit
        By hand, in their order.
    refused : tuple of Edit
        Edits that a person was asked about, and answered by no.
    """

    asked: Asked = field(default_factory=Asked)
    rules: tuple[Rule, ...] = ()
    edits: tuple[Edit, ...] = ()
    refused: tuple[Edit, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[Mapping[str, Any]]) -> ObjectSteps:
        """Read the list of a project.

        Raises
        ------
        ObjectsError
            If an entry can't be read.
        """
        asked = Asked()
        edits: list[Edit] = []
        refused: list[Edit] = []
        rules: tuple[Rule, ...] = ()
        for entry in entries:
            match entry.get("kind"):
                case "find":
                    asked = _asked(entry)
                case "rules":
                    rules = _rules(entry)
                case "no":
                    refused.append(_refused(entry))
                case _:
                    edits.append(edit_from_json(entry))
        return cls(asked, rules, tuple(edits), tuple(refused))

    @property
    def text(self) -> str:
        """What was done by hand, for a person; empty if nothing was.

        Examples
        --------
        >>> mark = {"kind": "mark", "of": [1], "at": [[0, 0, 0]]}
        >>> ObjectSteps.of([mark, mark, {"kind": "rules", "lines": []}]).text
        '2 objects marked as right'
        """
        counts = dict.fromkeys(EDIT_TEXTS, 0)
        for edit in self.edits:
            counts[edit.kind] += len(edit.at) if isinstance(edit, Give | Mark) else 1
        return ", ".join(
            f"{count:,} {EDIT_TEXTS[kind][count > 1]}" for kind, count in counts.items() if count
        )


@dataclass(frozen=True)
class Search:
    """Which objects are looked for, and how.

    Attributes
    ----------
    classes : tuple of int
        Whose objects are wanted; all if there are none.
    connectivity : {26, 18, 6}
    are_ids : bool
        Whether the labels number objects already.
    splits : tuple of (int, str)
        Class, or 0 for all, and how its objects are split, one after the other; what the steps say
        if there are none.
    boundaries : str
        What lies between things in the image.
    """

    classes: tuple[int, ...] = ()
    connectivity: int = 26
    are_ids: bool = False
    splits: tuple[tuple[int, Split], ...] = ()
    boundaries: Boundaries = "bright"

    def splits_by(self, steps: ObjectSteps) -> tuple[tuple[int, Split], ...]:
        """Return how objects are split, by what is asked for and what the steps say."""
        return self.splits or (((0, steps.asked.split),) if steps.asked.split else ())


EVERYTHING = Search()


def find_by_steps(
    labels: VolumeLike,
    steps: ObjectSteps,
    search: Search = EVERYTHING,
    *,
    image: VolumeLike | None = None,
    start: Sequence[int] = (0, 0, 0),
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> Edited:
    """Find objects, split them if that is asked for, and carry out the edits by hand.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X) or (Y, X)
    steps : ObjectSteps
        Its rules need measures: see `measure_by_steps`.
    search : Search
    image : array-like, (Z, Y, X), optional
        For splitting by the image.
    start : sequence of 3 int
        Place of the first voxel in the whole image, in which the edits are.
    spacing : sequence of 3 float
    workspace : Workspace, optional
        Where their ids lie; in memory by default.
    workers : int or Run, optional

    Returns
    -------
    Edited

    Raises
    ------
    ObjectsError
        As for `find_objects` and `split_objects`.
    Cancelled
        If the run is to stop.
    """
    splits = search.splits_by(steps)
    parts = Run.of(workers).steps([2, *(6 for _ in splits), 2 * bool(steps.edits)])
    if search.are_ids:
        found = objects_of_ids(labels, workspace=workspace, workers=parts[0])
    else:
        found = find_objects(
            labels,
            classes=search.classes or None,
            connectivity=search.connectivity,
            workspace=workspace,
            workers=parts[0],
        )
    for (class_id, how), run in zip(splits if found.number else (), parts[1:], strict=False):
        found = split_objects(
            found,
            how,
            image=image,
            boundaries=search.boundaries,
            classes=[class_id] if class_id else [],
            spacing=spacing,
            workspace=workspace,
            workers=run,
        )
    return apply_edits(
        found,
        () if search.are_ids else steps.edits,
        start=start,
        classes=search.classes,
        spacing=spacing,
        workspace=workspace,
        workers=parts[-1],
    )


def find_step(asked: Asked) -> dict[str, Any]:
    """Return the entry that says which objects are asked for."""
    parents = {"parents": asked.parents} if asked.parents else {}
    of = {"class": asked.class_id, "split": asked.split}
    return {"kind": FIND, **of, **asked.distances, **parents}


def rules_step(rules: Sequence[Rule]) -> dict[str, Any]:
    """Return the entry with all rules."""
    return {"kind": RULES, "lines": [rule.text for rule in rules]}


def refused_step(edit: Edit) -> dict[str, Any]:
    """Return the entry that says that an edit, asked about, isn't wanted."""
    return {"kind": REFUSED, "edit": edit_to_json(edit)}


def _refused(entry: Mapping[str, Any]) -> Edit:
    edit = entry.get("edit")
    if not isinstance(edit, Mapping):
        raise ObjectsError(f"what was answered by no can't be read: {dict(entry)}")
    return edit_from_json(edit)


def _asked(entry: Mapping[str, Any]) -> Asked:
    class_id, split, parents = entry.get("class"), entry.get("split"), entry.get("parents", "")
    more = [entry.get(name, []) for name in ("distance_to", "depth_below")]
    are_classes = all(isinstance(k, list) and all(isinstance(i, int) for i in k) for k in more)
    is_known = are_classes and isinstance(parents, str) and split in (None, *SPLITS)
    if not isinstance(class_id, int) or not is_known:
        raise ObjectsError(f"how objects are found can't be read: {dict(entry)}")
    return Asked(class_id, split, tuple(more[0]), tuple(more[1]), parents)


def _rules(entry: Mapping[str, Any]) -> tuple[Rule, ...]:
    lines = entry.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ObjectsError(f"the rules can't be read: {dict(entry)}")
    return tuple(map(Rule.parse, lines))
