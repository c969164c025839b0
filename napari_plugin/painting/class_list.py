"""The classes that are painted: names, colours, what is visible and what is locked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from psygnal import Signal
from supervox.project import MAX_ID, ProjectClass, held_ids
from supervox.volumes import VolumeClass, class_colour


class ClassError(ValueError):
    """A change of the classes that can't be made; the message says why and what to do."""


class ClassList:
    """The classes in the order of the table, and which of them is painted.

    The order is a matter of looks and of the keys 1 to 9; ids, and so files, don't depend on it.
    """

    changed = Signal()  # a class was added, removed, moved, or looks different
    selected_changed = Signal(int)  # id of the class that is painted from now on

    def __init__(self, items: Iterable[ProjectClass] = ()) -> None:
        self._items = list(items)
        self._removed: dict[int, tuple[int, ProjectClass]] = {}  # with their places
        self._selected = self._items[0].id if self._items else 0

    def __iter__(self) -> Iterator[ProjectClass]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, class_id: int) -> ProjectClass:
        return self._items[self._index(class_id)]

    def __contains__(self, class_id: object) -> bool:
        return any(item.id == class_id for item in self._items)

    @property
    def held(self) -> tuple[int, ...]:
        """The ids of the classes whose labels are held, ascending."""
        return held_ids(self._items)

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids in the order of the table."""
        return tuple(item.id for item in self._items)

    @property
    def selected(self) -> int:
        """Id of the class that is painted; 0 if there is none."""
        return self._selected

    @selected.setter
    def selected(self, class_id: int) -> None:
        if class_id not in self:
            raise ClassError(f"there is no class {class_id}")
        if class_id != self._selected:
            self._selected = class_id
            self.selected_changed.emit(class_id)

    @property
    def chosen(self) -> ProjectClass | None:
        """The class that is painted."""
        return next((item for item in self._items if item.id == self._selected), None)

    def add(self, name: str | None = None) -> ProjectClass:
        """Add a class with the lowest id that was never used, and select it.

        Raises
        ------
        ClassError
            If all 255 ids are in use.
        """
        used = {*self.ids, *self._removed}
        free = [k for k in range(1, MAX_ID + 1) if k not in used]
        free = free or [k for k in range(1, MAX_ID + 1) if k not in self]
        if not free:
            raise ClassError(f"there are {MAX_ID} classes, and no more are possible: delete one")
        item = ProjectClass(free[0], name or self._new_name(), self._new_colour(free[0]))
        self._items.append(item)
        self.changed.emit()
        self.selected = item.id
        return item

    def ensure(self, class_ids: Iterable[int]) -> None:
        """Add the classes that voxels have and the table lacks, as after an undo or a loading."""
        missing = [k for k in dict.fromkeys(class_ids) if k not in self]
        for class_id in missing:
            new = ProjectClass(class_id, f"class {class_id}", self._new_colour(class_id))
            place, item = self._removed.pop(class_id, (len(self._items), new))
            name = _free_name(item.name, class_id, {other.name for other in self._items})
            self._items.insert(place, replace(item, name=name))
        if missing:
            self.changed.emit()
            if not self._selected:
                self.selected = missing[0]

    def adopt(self, classes: Sequence[VolumeClass]) -> None:
        """Take names and colours from a file; classes that are not there yet are added.

        The file's names stand; a class that it lacks and that is called the same gets another name.
        """
        found = {item.value: item for item in classes if 1 <= item.value <= MAX_ID}
        wanted = {k: item.name.strip() or f"class {k}" for k, item in found.items()}
        wanted |= {item.id: item.name for item in self._items if item.id not in found}
        names: dict[int, str] = {}
        for class_id, name in wanted.items():
            names[class_id] = _free_name(name, class_id, set(names.values()))
        for index, item in enumerate(self._items):
            given = found[item.id].colour if item.id in found else None
            self._items[index] = replace(item, name=names[item.id], colour=given or item.colour)
        for class_id, new in found.items():
            if class_id not in self:
                colour = new.colour or self._new_colour(class_id)
                self._items.append(ProjectClass(class_id, names[class_id], colour))
        self.changed.emit()
        if not self._selected and self._items:
            self.selected = self._items[0].id

    def restore(self, items: Iterable[ProjectClass]) -> None:
        """Take a table over as it is, in place of this one."""
        self._items = list(items) or self._items
        self._removed.clear()
        self._selected = self._items[0].id if self._items else 0
        self.changed.emit()
        self.selected_changed.emit(self._selected)

    def change(
        self,
        class_id: int,
        *,
        name: str | None = None,
        colour: str | None = None,
        visible: bool | None = None,
        locked: bool | None = None,
        held: bool | None = None,
    ) -> None:
        """Rename, recolour, show, hide, lock or unlock a class; unlocked, it isn't held.

        Raises
        ------
        ClassError
            If the name is empty, or another class has it.
        """
        index = self._index(class_id)
        item = self._items[index]
        if name is not None:
            name = name.strip()
            if not name:
                raise ClassError("a class needs a name")
            if any(other.name == name for other in self._items if other.id != class_id):
                raise ClassError(f"another class is called {name!r} already")
        is_locked = item.locked if locked is None else locked
        new = ProjectClass(
            class_id,
            item.name if name is None else name,
            item.colour if colour is None else VolumeClass(class_id, "", colour).colour or "",
            item.visible if visible is None else visible,
            is_locked,
            is_locked and (item.held if held is None else held),
        )
        if new != item:
            self._items[index] = new
            self.changed.emit()

    def release(self) -> None:
        """Unlock what is held: the labels were those of another image."""
        for class_id in self.held:
            self.change(class_id, locked=False)

    def put_back(self, item: ProjectClass, place: int) -> None:
        """Have a class in the table that was deleted, as it was, and select it."""
        if item.id in self:
            return
        name = _free_name(item.name, item.id, {other.name for other in self._items})
        self._removed.pop(item.id, None)
        self._items.insert(place, replace(item, name=name))
        self.changed.emit()
        self.selected = item.id

    def remove(self, class_id: int) -> None:
        """Take a class out of the table; it comes back, in its place, if its strokes do."""
        index = self._index(class_id)
        item = replace(self._items.pop(index), locked=False, visible=True)
        self._removed[class_id] = (index, item)
        if self._selected == class_id:
            self._selected = self._items[0].id if self._items else 0
            self.selected_changed.emit(self._selected)
        self.changed.emit()

    def move(self, class_id: int, to: int) -> None:
        """Put a class at another place of the table."""
        self._items.insert(to, self._items.pop(self._index(class_id)))
        self.changed.emit()

    def for_files(self, class_ids: Iterable[int] | None = None) -> tuple[VolumeClass, ...]:
        """Return names and colours as files keep them, by ascending id."""
        wanted = set(self.ids if class_ids is None else class_ids)
        items = sorted(self._items, key=lambda item: item.id)
        return tuple(VolumeClass(c.id, c.name, c.colour) for c in items if c.id in wanted)

    def _index(self, class_id: int) -> int:
        for index, item in enumerate(self._items):
            if item.id == class_id:
                return index
        raise ClassError(f"there is no class {class_id}")

    def _new_name(self) -> str:
        """Return a name after the place of a new class, which is its key."""
        taken, place = {item.name for item in self._items}, len(self._items) + 1
        names = (f"class {k}" for k in range(place, place + len(taken) + 1))
        return next(name for name in names if name not in taken)

    def _new_colour(self, class_id: int) -> str:
        """Return the colour that the class has everywhere, or the first that is free."""
        taken = {item.colour.lower() for item in self._items}
        colours = (class_colour(k) for k in (class_id, *range(1, len(taken) + 1)))
        return next((colour for colour in colours if colour not in taken), class_colour(class_id))


def _free_name(name: str, class_id: int, taken: set[str]) -> str:
    """Return a name that no other class has: this one, or this one and the id."""
    candidate = name
    while candidate in taken:
        candidate += f" ({class_id})"
    return candidate
