"""Buttons that edit objects by hand, and what was edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from qtpy.QtWidgets import QGridLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from supervox.napari_plugin.session.objects_state import ObjectsState

from .controls import swatch, tool
from .steady import HintRow

SWATCH = 12


@dataclass(frozen=True)
class EditActions:
    """What the buttons can have done.

    Attributes
    ----------
    take : callable
        Takes the tool "cut", "split" or "merge", or puts it down.
    merge, delete, mark : callable
        Edit the objects that are chosen.
    give : callable
        Gives them to a class, by its id.
    show_missing : callable
        Goes to the next place where an edit found no object any more.
    """

    take: Callable[[str], None]
    merge: Callable[[], None]
    delete: Callable[[], None]
    mark: Callable[[], None]
    give: Callable[[int], None]
    show_missing: Callable[[], None]


class ObjectEditsRow(QWidget):
    """Cut, split, merge, delete, give to a class, mark as right; and a line on what was done.

    Parameters
    ----------
    actions : EditActions
    """

    def __init__(self, actions: EditActions) -> None:
        super().__init__()
        self._do, self._chosen = actions, 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        grid = QGridLayout()  # in one line they would make the dock wider
        self.cut = tool(
            "supervox_object_cut",
            "Cut",
            "Draw a line across an object in the picture: it becomes two, through all planes",
            lambda: actions.take("cut"),
        )
        self.split = tool(
            "supervox_object_split",
            "Split",
            "Draw a line in each part of an object, and press this again: each part becomes an "
            "object, parted at the narrowest places between the lines",
            lambda: actions.take("split"),
        )
        self.merge = tool(
            "supervox_object_merge",
            "Merge",
            "Make the objects that are chosen one; or draw a line from one to the other in the "
            "picture",
            self._merge,
        )
        self.delete = tool(
            "supervox_object_delete",
            "Delete",
            "Give the objects that are chosen to the class that is most around each of them, in "
            "the labels as well. Ctrl+click chooses several",
            actions.delete,
        )
        self.give = QToolButton()
        self.give.setObjectName("supervox_object_give")
        self.give.setText("Give to")
        self.give.setToolTip(
            "Give the objects that are chosen to another class, in the labels as well"
        )
        self.give.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.classes = QMenu(self.give)
        self.classes.setObjectName("supervox_object_classes")
        self.give.setMenu(self.classes)
        self.mark = tool(
            "supervox_object_mark",
            "Right",
            "Mark the objects that are chosen as right: no rule changes them",
            actions.mark,
        )
        for made in (self.cut, self.split, self.merge):
            made.setCheckable(True)
            made.setProperty("tool", True)
        drawn, chosen = (self.cut, self.split, self.merge), (self.delete, self.give, self.mark)
        for row, buttons in enumerate((drawn, chosen)):
            for column, made in enumerate(buttons):
                made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
                grid.addWidget(made, row, column)
        layout.addLayout(grid)
        self.says = HintRow("supervox_objects_by_hand", actions.show_missing)
        layout.addWidget(self.says)
        self._targets: tuple[tuple[str, int, str], ...] = ()

    def show_state(self, state: ObjectsState) -> None:
        """Show which edits are possible, and what was done."""
        self._chosen = state.chosen
        can, is_chosen = state.can_edit and not state.is_editing, state.chosen > 0
        self.cut.setEnabled(state.can_edit)
        self.split.setEnabled(state.can_edit)
        self.merge.setEnabled(state.can_edit)
        for made in (self.delete, self.give, self.mark):
            made.setEnabled(can and is_chosen)
        self.cut.setChecked(state.tool == "cut")
        self.split.setChecked(state.tool == "split")
        self.merge.setChecked(state.tool == "merge")
        if state.targets != self._targets:
            self._targets = state.targets
            self.classes.clear()
            for name, class_id, colour in state.targets:
                action = self.classes.addAction(swatch(colour, SWATCH), name)
                # Qt tells as many arguments as it thinks that one takes: none here
                action.triggered.connect(partial(self._do.give, class_id))
        self.says.show_hint(
            self._words(state) if state.number else "",
            "Show" if state.missing else "",
            "warning" if state.missing else "note",
            "Go to where an edit finds no object of its class any more",
        )

    def _words(self, state: ObjectsState) -> str:
        if state.said_by_hand:
            return state.said_by_hand
        if not state.can_edit:
            return ""
        if state.chosen > 1:
            return f"{state.chosen:,} objects chosen"
        return "" if state.chosen else "Click an object in the picture, or a row, to edit it"

    def _merge(self) -> None:
        """Merge what is chosen; where that isn't several objects, take the tool."""
        if self._chosen > 1 and self.merge.isChecked():
            self.merge.setChecked(False)
            self._do.merge()
        else:
            self._do.take("merge")
