"""What is measured of objects besides: distances, depths, and in which others they lie."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction, QMouseEvent
from qtpy.QtWidgets import QMenu, QSizePolicy, QToolButton
from supervox.volumes import Address

TIP = (
    "Measure as well how far each object is from other classes, how deep it lies, and in which "
    "object of other labels: columns of the table, to plot and to write rules on"
)
NO_FILE = "This layer is in no file. Save it to one, and open that: the project names the file"
NO_LABELS = "no other labels of this volume are open"


class _LastingMenu(QMenu):
    """A menu that stays open while entries are ticked in it."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable():
            if action.isEnabled():
                action.trigger()
        else:
            super().mouseReleaseEvent(event)


class DistancesMenu(QToolButton):
    """A button that says what is measured besides, and opens what there is to tick."""

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("supervox_objects_distances")
        self.setToolTip(TIP)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._classes: tuple[tuple[str, int], ...] = ()
        self._labels: tuple[tuple[str, str], ...] = ()
        self.parents = ""  # address of the labels whose objects are parents
        menu = QMenu(self)
        self.to = _LastingMenu("Distance to", menu)
        self.to.setObjectName("supervox_objects_distance_to")
        self.below = _LastingMenu("Depth below the surface of", menu)
        self.below.setObjectName("supervox_objects_depth_below")
        self.within = _LastingMenu("In which object of", menu)
        self.within.setObjectName("supervox_objects_parents")
        for part, tip in (
            (self.to, "From the surface of each object to that of a class, and from its centre"),
            (
                self.below,
                "How deep each object lies in the body that the ticked classes make up: for a "
                "cell, tick all that is in it, and not what is around it. The border of the volume "
                "is no surface",
            ),
            (
                self.within,
                "In which object of other labels most of it lies, such as which cell: labels of "
                "the same voxels, as they are in their file when objects are found",
            ),
        ):
            menu.addMenu(part)
            part.setToolTipsVisible(True)
            part.menuAction().setToolTip(tip)
        menu.setToolTipsVisible(True)
        self.setMenu(menu)
        self._list_labels()
        self._say()

    def list_choices(
        self, classes: Sequence[tuple[str, int]], labels: Sequence[tuple[str, str]]
    ) -> None:
        """Offer other classes and labels; what was ticked stays so.

        Parameters
        ----------
        classes : sequence of (str, int)
            Names and ids.
        labels : sequence of (str, str)
            Names of layers, and the addresses of their files; empty for those in none.
        """
        if tuple(labels) != self._labels:
            self._labels = tuple(labels)
            self._list_labels()
        if tuple(classes) == self._classes:
            return
        distance_to, depth_below = self.distance_to, self.depth_below
        self._classes = tuple(classes)
        for part in (self.to, self.below):
            part.clear()
            for name, class_id in classes:
                action = part.addAction(name)
                action.setData(class_id)
                action.setCheckable(True)
                action.triggered.connect(self._on_ticked)
        self.tick(distance_to, depth_below, self.parents)

    def tick(
        self, distance_to: Sequence[int], depth_below: Sequence[int], parents: str = ""
    ) -> None:
        """Tick some classes, and the labels at an address, and no others."""
        for part, ticked in ((self.to, distance_to), (self.below, depth_below)):
            for action in part.actions():
                action.setChecked(action.data() in ticked)
        self.parents = parents
        self._list_labels()
        self._say()

    @property
    def distance_to(self) -> tuple[int, ...]:
        """Ids of the classes to which distances are measured."""
        return _ticked(self.to.actions())

    @property
    def depth_below(self) -> tuple[int, ...]:
        """Ids of the classes that are the body in which depths are measured."""
        return _ticked(self.below.actions())

    def _list_labels(self) -> None:
        """Offer labels that objects may lie in; those that are ticked also where no layer is."""
        known = {address for _, address in self._labels}
        more = [] if self.parents in (*known, "") else [(_file_name(self.parents), self.parents)]
        self.within.clear()
        for name, address in (*self._labels, *more):
            action = self.within.addAction(name if address else f"{name} (in no file)")
            action.setData(address)
            action.setEnabled(bool(address))
            action.setToolTip(address or NO_FILE)
            action.setCheckable(True)
            action.setChecked(bool(address) and address == self.parents)
            action.triggered.connect(lambda on, of=address: self._on_parents(of if on else ""))
        if self.within.isEmpty():
            self.within.addAction(NO_LABELS).setEnabled(False)

    def _on_parents(self, address: str) -> None:
        self.parents = address
        for action in self.within.actions():
            action.setChecked(bool(address) and action.data() == address)
        self._on_ticked()

    def _on_ticked(self) -> None:
        self._say()
        self.chosen.emit()

    def _say(self) -> None:
        n, has_depth = len(self.distance_to), bool(self.depth_below)
        distances = f"{n} distance{'s' * (n > 1)}" if n else ""
        parts = distances, "depth" * has_depth, "parent" * bool(self.parents)
        self.setText(", ".join(filter(None, parts)) or "nothing")


def _ticked(actions: Sequence[QAction]) -> tuple[int, ...]:
    return tuple(sorted(int(action.data()) for action in actions if action.isChecked()))


def _file_name(address: str) -> str:
    return Address.parse(address).path.name
