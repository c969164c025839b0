"""Which distances are measured of objects: to some classes, and below the surface of others."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction, QMouseEvent
from qtpy.QtWidgets import QMenu, QSizePolicy, QToolButton

TIP = (
    "Measure as well how far each object is from other classes, and how deep it lies: columns of "
    "the table, to plot and to write rules on"
)


class _LastingMenu(QMenu):
    """A menu that stays open while classes are ticked in it."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)


class DistancesMenu(QToolButton):
    """A button that says how many distances are measured, and opens what there is to tick."""

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("supervox_objects_distances")
        self.setToolTip(TIP)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._classes: tuple[tuple[str, int], ...] = ()
        menu = QMenu(self)
        self.to = _LastingMenu("Distance to", menu)
        self.to.setObjectName("supervox_objects_distance_to")
        self.below = _LastingMenu("Depth below the surface of", menu)
        self.below.setObjectName("supervox_objects_depth_below")
        for part, tip in (
            (self.to, "From the surface of each object to that of a class, and from its centre"),
            (
                self.below,
                "How deep each object lies in the body that the ticked classes make up: for a "
                "cell, tick all that is in it, and not what is around it. The border of the volume "
                "is no surface",
            ),
        ):
            menu.addMenu(part)
            part.setToolTipsVisible(True)
            part.menuAction().setToolTip(tip)
        menu.setToolTipsVisible(True)
        self.setMenu(menu)
        self._say()

    def list_classes(self, classes: Sequence[tuple[str, int]]) -> None:
        """Offer classes, by name and id; those that were ticked stay so."""
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
        self.tick(distance_to, depth_below)

    def tick(self, distance_to: Sequence[int], depth_below: Sequence[int]) -> None:
        """Tick some classes, and no others."""
        for part, ticked in ((self.to, distance_to), (self.below, depth_below)):
            for action in part.actions():
                action.setChecked(action.data() in ticked)
        self._say()

    @property
    def distance_to(self) -> tuple[int, ...]:
        """Ids of the classes to which distances are measured."""
        return _ticked(self.to.actions())

    @property
    def depth_below(self) -> tuple[int, ...]:
        """Ids of the classes that are the body in which depths are measured."""
        return _ticked(self.below.actions())

    def _on_ticked(self) -> None:
        self._say()
        self.chosen.emit()

    def _say(self) -> None:
        n, has_depth = len(self.distance_to), bool(self.depth_below)
        distances = f"{n} distance{'s' * (n > 1)}" if n else ""
        self.setText(", ".join(filter(None, (distances, "depth" * has_depth))) or "no distances")


def _ticked(actions: Sequence[QAction]) -> tuple[int, ...]:
    return tuple(sorted(int(action.data()) for action in actions if action.isChecked()))
