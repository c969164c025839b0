"""Step 5: the objects of the final labels, counted and measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.session.objects_state import ObjectsState
from supervox.objects import Asked, Split

from .controls import button, list_choices
from .distances_menu import DistancesMenu
from .legend import MeasureLegend
from .next_button import suggest
from .object_edits_row import EditActions, ObjectEditsRow
from .section import Body
from .steady import StatusRow

ALL = "all classes"
WAYS: tuple[tuple[str, Split | None], ...] = (
    ("stay one object", None),
    ("are split at necks: round things", "round"),
    ("are split by the image", "image"),
)


@dataclass(frozen=True)
class ObjectsActions:
    """What the section can have done.

    Attributes
    ----------
    find : callable
        Finds objects, and measures them.
    cancel : callable
    show : callable
        Shows the objects in the picture, or hides them.
    open_table, compare : callable
        Open a window each.
    edits : EditActions
        What is done by hand.
    """

    find: Callable[[Asked], None]
    cancel: Callable[[], None]
    show: Callable[[bool], None]
    open_table: Callable[[], None]
    compare: Callable[[], None]
    edits: EditActions


class ObjectsSection(Body[ObjectsState]):
    """Whose objects, how many there are, and the way to their table.

    Parameters
    ----------
    actions : ObjectsActions
    """

    def __init__(self, actions: ObjectsActions) -> None:
        super().__init__()
        self._do = actions
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        line = QHBoxLayout()
        line.addWidget(QLabel("Objects of"))
        self.of = QComboBox()
        self.of.setObjectName("supervox_objects_of")
        self.of.setToolTip(
            "Whose objects are wanted. An object is a connected piece of a class: voxels that "
            "share a face, an edge or a corner belong together (26 neighbours)"
        )
        # long names of classes take no room from the button
        self.of.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.of.setMinimumContentsLength(8)
        line.addWidget(self.of, 1)
        self.search = button(
            "supervox_objects_find",
            "Find objects",
            "Find the objects of the final labels, and measure each: volume, surface, shape, "
            "intensities, contacts",
            lambda: self._do.find(self.asked),
        )
        # as wide whether it is highlighted or not
        self.search.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        line.addWidget(self.search, 1)
        layout.addLayout(line)
        line = QHBoxLayout()
        line.addWidget(QLabel("That touch"))
        self.split = QComboBox()
        self.split.setObjectName("supervox_objects_split")
        self.split.setToolTip(
            "What becomes of things of a class that touch: they stay one object, or are split at "
            "necks, or where the image has boundaries. Long mitochondria and networks are best "
            "left whole; a single one is cut by hand, below"
        )
        for text, how in WAYS:
            self.split.addItem(text, how)
        self.split.setSizeAdjustPolicy(self.of.sizeAdjustPolicy())
        self.split.setMinimumContentsLength(8)
        line.addWidget(self.split, 1)
        layout.addLayout(line)
        line = QHBoxLayout()
        line.addWidget(QLabel("Measure also"))
        self.distances = DistancesMenu()
        line.addWidget(self.distances, 1)
        layout.addLayout(line)
        for box in (self.of, self.split):
            box.activated.connect(self._show_choice)
        self.distances.chosen.connect(self._show_choice)
        self.status = StatusRow("supervox_objects", actions.cancel)
        layout.addWidget(self.status)
        line = QHBoxLayout()
        self.table = button(
            "supervox_objects_table",
            "Table of objects…",
            "A row for each object: sort them, filter them, fly to one, save them",
            actions.open_table,
        )
        line.addWidget(self.table, 1)
        self.shown = QCheckBox("Show objects")
        self.shown.setObjectName("supervox_objects_shown")
        self.shown.setToolTip(
            "Each object in a colour of its own, in place of the final labels. A click on one "
            "chooses its row in the table"
        )
        self.shown.clicked.connect(actions.show)
        line.addWidget(self.shown)
        layout.addLayout(line)
        self.legend = MeasureLegend()
        layout.addWidget(self.legend)
        self._asked = Asked()
        self.edits = ObjectEditsRow(actions.edits)
        layout.addWidget(self.edits)
        self.compare = button(
            "supervox_objects_compare",
            "Compare labels…",
            "Two segmentations of this volume: how far they agree on each class, and where they "
            "differ. Live labels, final ones, layers, files",
            actions.compare,
        )
        layout.addWidget(self.compare)

    def add_first(self, widget: QWidget) -> None:
        """Show what is done before objects are looked for, above all else."""
        self._layout.insertWidget(0, widget)

    def refresh(self) -> None:
        """Show the state anew."""
        state = self.state
        list_choices(self.of, [(ALL, 0), *state.classes], state.asked.class_id)
        self.distances.list_choices(state.classes, state.labels)
        if state.asked != self._asked:  # by a project, or an undo
            self._asked = state.asked
            self.of.setCurrentIndex(max(self.of.findData(state.asked.class_id), 0))
            self.split.setCurrentIndex(self.split.findData(state.asked.split))
            asked = state.asked
            self.distances.tick(asked.distance_to, asked.depth_below, asked.parents)
        self.edits.show_state(state)
        self.compare.setEnabled(state.has_image)
        self.of.setEnabled(state.can_find)
        self.split.setEnabled(state.can_find)
        self.distances.setEnabled(state.can_find)
        self.search.setEnabled(state.can_find)
        self.table.setEnabled(not state.is_empty)
        suggest(self.table, state.is_done)
        self.shown.setEnabled(bool(state.number))
        self.shown.setChecked(state.is_shown)
        self.legend.show_scale(state.scale)
        self._show_choice()

    @property
    def asked(self) -> Asked:
        """Which objects are to be looked for, and what is measured of them."""
        also = self.distances
        more = also.distance_to, also.depth_below, also.parents
        return Asked(int(self.of.currentData() or 0), self.split.currentData(), *more)

    def _show_choice(self) -> None:
        """Suggest the search where it would find something else than there is."""
        state = self.state
        is_other = state.number is None or state.is_old or self.asked != state.asked
        suggest(self.search, state.can_find and is_other)
        text, is_bad = self._explain()
        self.status.show_state(text, state.progress, "warning" if is_bad else "note")

    def _explain(self) -> tuple[str, bool]:
        """Say how it stands or what to do, and whether that is a warning."""
        state = self.state
        if not state.has_image:
            return "Open a volume first", False
        if state.is_finishing:
            return "The final labels are being computed", False
        if not state.has_final:
            return "There are no final labels as yet: press Finish in step 4", False
        if not state.is_final_current:
            older = f"{state.summary}, older" if state.number else "The final labels are older"
            return f"{older} than your strokes or choices: press Finish in step 4 again", True
        if state.number == 0 and state.is_empty:
            whose = state.asked_for or "any class"
            return f"No voxel of the final labels is of {whose}: choose another class", True
        if state.is_old:
            return f"{state.summary}, older than the final labels: find them again", True
        if state.number is not None and self.asked != state.asked:
            return f"{state.summary} as chosen before: press Find objects for what is chosen", True
        if state.number is not None and state.no_parents:
            return f"{state.summary}, without what they lie in: {state.no_parents}", True
        kept = f" Kept in the project: {state.said_by_hand}" if state.said_by_hand else ""
        what = f"Counts and measures each connected piece of a class.{kept}"
        return state.summary or what, False

    def describe(self) -> str:
        """Say in a line how many objects there are."""
        old = ", older than the labels" if self.state.is_old else ""
        return f"{self.state.summary}{old}"
