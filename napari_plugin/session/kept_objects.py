"""Found objects kept in the project: shown at once when it is opened again."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import QTimer
from supervox.napari_plugin.project.autosave import Autosave
from supervox.napari_plugin.project.restoring import Kept
from supervox.napari_plugin.tasks.keeping import keeping, reading_objects
from supervox.napari_plugin.tasks.measuring import FoundObjects
from supervox.project import Project

from .delivery import Delivery

PAUSE_MS = 2000  # after the last edit


@dataclass(frozen=True, eq=False)
class LeftObjects:
    """Objects as they were when their dock was closed.

    Attributes
    ----------
    found : FoundObjects
    is_kept : bool
        Whether the project has them, or they are none to keep.
    is_shown : bool
    colour_by : str
        Measure that they were coloured by.
    """

    found: FoundObjects
    is_kept: bool
    is_shown: bool
    colour_by: str


class KeptInProject:
    """Keeps objects as they are found and edited, and brings them back with the final labels.

    Parameters
    ----------
    delivery : Delivery
        Has the final labels, and the objects.
    autosave : Autosave
        Has the project; only one that a person named keeps what can be computed again.
    """

    def __init__(self, delivery: Delivery, autosave: Autosave) -> None:
        self._delivery, self._objects, self._autosave = delivery, delivery.objects, autosave
        self._kept: tuple[Project, FoundObjects] | None = None  # what is in which project
        self._pause = QTimer()
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._keep)
        autosave.kept.connect(self._on_labels)
        autosave.changed.connect(self._consider)
        self._objects.replaced.connect(self._consider)
        self._objects.forgotten.connect(self._forget)
        self._objects.reading.succeeded.connect(self._on_read)

    def _forget(self) -> None:
        self._pause.stop()
        self._kept = None

    # --------------------------------------------------------------------------------- reading

    def _on_labels(self, kept: Kept) -> None:
        """Show the final labels of a project, and look whether it has their objects."""
        self._delivery.show_kept(kept)
        project, objects = self._autosave.project, self._objects
        if project is None or not project.derived.has_objects:
            return
        order = objects.order(objects.steps().asked.class_id)
        if order is not None:
            objects.reading.run(reading_objects(project, order), "Reading the objects")

    def _on_read(self, found: FoundObjects | None) -> None:
        """Show them; where something changed since, find them anew."""
        objects, project = self._objects, self._autosave.project
        if objects.found is not None or objects.measuring.is_running:
            return  # a person was quicker
        class_id = objects.steps().asked.class_id
        order = objects.order(class_id)
        is_same = (
            found is not None
            and order is not None
            and order.of.is_like(found.order.of)
            and order.finds_like(found.order)
        )
        if found is None or order is None or not is_same:
            objects.find(class_id)
            return
        if project is not None:
            self._kept = project, found
        objects.measuring.succeeded.emit(found.with_steps(order.steps))

    # --------------------------------------------------------------- from one dock to the next

    def left(self) -> LeftObjects | None:
        """Return the objects that there are, for the next dock."""
        objects = self._objects
        if objects.found is None:
            return None
        return LeftObjects(objects.found, self.is_done, objects.is_shown, objects.colour_by)

    def take_up(self, left: LeftObjects) -> None:
        """Go on with objects of a dock before, unless a project says others by now."""
        found, objects, project = left.found, self._objects, self._autosave.project
        steps = objects.steps()
        if (steps.asked, steps.edits) != (found.order.steps.asked, found.order.steps.edits):
            return
        if project is not None and left.is_kept:
            self._kept = project, found
        objects.colour_by = left.colour_by
        objects.measuring.succeeded.emit(found.with_steps(steps))
        objects.show(left.is_shown)

    # --------------------------------------------------------------------------------- keeping

    def _consider(self) -> None:
        """Keep what is there after a pause, unless it is kept already."""
        if not self.is_done:
            self._pause.start()

    @property
    def is_done(self) -> bool:
        """Whether nothing waits to be kept."""
        return self._now() is None

    def _now(self) -> tuple[Project, FoundObjects] | None:
        """Return what is to be kept, and where; None if nothing is."""
        autosave, objects, found = self._autosave, self._objects, self._objects.found
        project = autosave.project
        if project is None or found is None or found.is_empty:
            return None
        if not autosave.is_named or autosave.is_read_only or objects.is_old:
            return None
        if self._kept is not None and self._kept[0] is project:
            kept = self._kept[1]
            if kept.measured is found.measured and kept.order.finds_like(found.order):
                return None
        return project, found

    def _keep(self) -> None:
        now, objects = self._now(), self._objects
        order = objects.order(now[1].order.class_id) if now else None
        if now is None or order is None or not order.finds_like(now[1].order):
            return  # an edit is under way: it says so when it is done
        project, found = now
        self._kept = now
        objects.keeping.run(keeping(project, found), "Saving the objects")
