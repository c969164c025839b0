"""The classes of a project: id, name, colour, what is locked and what is shown, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from supervox.volumes import VolumeClass

MAX_ID = 255  # annotations are uint8, and 0 is unlabelled


@dataclass(frozen=True)
class ProjectClass:
    """One class.

    Attributes
    ----------
    id : int
        The value of its voxels, 1 to 255.
    name : str
    colour : str
        Like ``"#56b4e9"``.
    visible : bool
        Whether its strokes and its labels are shown.
    locked : bool
        Whether its strokes are protected from being painted over, and its labels from corrections.
    held : bool
        Whether its labels are protected from learning as well: they are corrections, and no other
        voxel is given to it. Only of a class that is locked.

    Raises
    ------
    ValueError
        If the id or the colour is none.
    """

    id: int
    name: str
    colour: str
    visible: bool = True
    locked: bool = False
    held: bool = False

    def __post_init__(self) -> None:
        if type(self.id) is not int or not 1 <= self.id <= MAX_ID:
            raise ValueError(f"the id of a class is a number from 1 to {MAX_ID}, not {self.id!r}")
        if type(self.name) is not str or type(self.colour) is not str:
            raise ValueError(f"class {self.id} has no name or no colour")
        if type(self.visible) is not bool or type(self.locked) is not bool:
            raise ValueError(f"class {self.id} is neither shown nor hidden, locked nor free")
        if type(self.held) is not bool or (self.held and not self.locked):
            raise ValueError(f"the labels of class {self.id} are held, and it isn't locked")
        self.for_files()

    def for_files(self) -> VolumeClass:
        """Return the class as volumes have it."""
        return VolumeClass(self.id, self.name, self.colour)


def classes_to_json(classes: Iterable[ProjectClass]) -> list[dict[str, Any]]:
    """Return a table of classes as it stands in files."""
    return [class_to_json(item) for item in classes]


def class_to_json(item: ProjectClass) -> dict[str, Any]:
    """Return a class as it stands in files: what is held, only where something is."""
    values = asdict(item)
    if not item.held:
        del values["held"]
    return values


def held_ids(classes: Iterable[ProjectClass]) -> tuple[int, ...]:
    """Return the ids of the classes whose labels are held, ascending."""
    return tuple(sorted(item.id for item in classes if item.held))


def classes_from_json(content: Mapping[str, Any]) -> tuple[ProjectClass, ...]:
    """Read a table of classes from a document or record that has it under "classes".

    Raises
    ------
    ValueError
        If it is damaged.
    """
    items = content.get("classes")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("it has no table of classes")
    try:
        classes = tuple(ProjectClass(**item) for item in items)
    except TypeError as error:
        raise ValueError("its table of classes is damaged") from error
    check_classes(classes)
    return classes


def check_classes(classes: Sequence[ProjectClass]) -> None:
    """Refuse a table that has an id twice.

    Raises
    ------
    ValueError
    """
    ids = [item.id for item in classes]
    twice = sorted({k for k in ids if ids.count(k) > 1})
    if twice:
        raise ValueError(f"the id {twice[0]} stands twice in the table of classes")
