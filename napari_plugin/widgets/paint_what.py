"""What is painted: strokes that teach, or corrections of the labels; and what is by hand."""

from __future__ import annotations

from functools import partial

from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QRadioButton, QToolButton, QWidget
from supervox.napari_plugin.session.correcting import Correcting
from supervox.napari_plugin.session.dock_state import PaintState

from .class_table import percent

EVERY = 0  # class


class PaintWhat(QWidget):
    """A choice of two, and a menu.

    Parameters
    ----------
    correcting : Correcting
    """

    def __init__(self, correcting: Correcting) -> None:
        super().__init__()
        self._correcting, self._state = correcting, PaintState()
        self.strokes = QRadioButton("strokes teach")
        self.strokes.setObjectName("supervox_paint_strokes")
        self.strokes.setToolTip(
            "Paint examples: the labels are learned from them, everywhere  (C changes)"
        )
        self.corrections = QRadioButton("correct")
        self.corrections.setObjectName("supervox_paint_corrections")
        self.corrections.setToolTip(
            "Paint over the labels themselves: nothing is learned, and what you paint stays, "
            "whatever is learned later  (C changes). A thing that is corrected on some slices is "
            "filled between them by I"
        )
        self.menu = QMenu(self)
        self.menu.setObjectName("supervox_by_hand_menu")
        self.menu.aboutToShow.connect(self._fill_menu)
        self.menu.setToolTipsVisible(True)
        self.by_hand = QToolButton()
        self.by_hand.setObjectName("supervox_by_hand")
        self.by_hand.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.by_hand.setMenu(self.menu)
        group = QButtonGroup(self)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for made, on in ((self.strokes, False), (self.corrections, True)):
            group.addButton(made)
            made.clicked.connect(partial(self._choose, on))
            line.addWidget(made)
        line.addStretch(1)
        line.addWidget(self.by_hand)

    def _choose(self, on: bool, *_: object) -> None:
        self._correcting.set_on(on)

    def show_state(self, state: PaintState) -> None:
        """Show what is painted, and how much is by hand."""
        self._state = state
        is_free = state.has_layer and not state.is_read_only
        for made in (self.strokes, self.corrections):
            made.setEnabled(is_free)
        (self.corrections if state.is_correcting else self.strokes).setChecked(True)
        self.by_hand.setText(
            f"{percent(state.share_by_hand)} by hand" if state.share_by_hand else "by hand"
        )
        self.by_hand.setEnabled(is_free and bool(state.by_hand or state.shares))
        self.by_hand.setToolTip(by_hand_text(state))

    def _fill_menu(self) -> None:
        """Offer what can be done with the class that is chosen, and with all."""
        menu, state = self.menu, self._state
        menu.clear()
        about = menu.addAction(by_hand_text(state))
        about.setEnabled(False)
        menu.addSeparator()
        counts, names = dict(state.by_hand), {item.id: item.name for item in state.classes}
        name = names.get(state.selected)
        if name is not None:
            action = menu.addAction(
                f"Accept {name} as it is", partial(self._correcting.whole.accept, state.selected)
            )
            action.setObjectName("supervox_accept")
            action.setToolTip(
                "Its labels become corrections: nothing that is learned later changes them"
            )
            action.setEnabled(state.selected in dict(state.shares))
        for class_id, of, is_there in (
            (state.selected, f"of {name}", bool(counts.get(state.selected))),
            (EVERY, "of all classes", len(counts) > 1 or (bool(counts) and name is None)),
        ):
            if not is_there:
                continue
            suffix = "all" if class_id == EVERY else "class"
            action = menu.addAction(
                f"Use corrections {of} as strokes", partial(self._correcting.whole.teach, class_id)
            )
            action.setObjectName(f"supervox_teach_{suffix}")
            action.setToolTip("The labels are learned from them, too; they stay corrections")
            action = menu.addAction(
                f"Take corrections {of} back", partial(self._correcting.whole.take_back, class_id)
            )
            action.setObjectName(f"supervox_take_back_{suffix}")
            action.setToolTip("The labels that were learned show again; Undo brings them back")


def by_hand_text(state: PaintState) -> str:
    """Say how many voxels of which classes are by hand."""
    if not state.by_hand:
        return "Nothing is corrected by hand"
    names = {item.id: item.name for item in state.classes}
    held = {item.id for item in state.classes if item.held}
    painted = [pair for pair in state.by_hand if pair[0] not in held]
    kept = [pair for pair in state.by_hand if pair[0] in held]
    parts = []
    if painted:
        total = sum(n for _, n in painted)
        parts.append(f"By hand: {total:,} voxels ({percent(state.share_by_hand)}): ")
    if kept:
        parts.append("Kept by locks: ")
    for k, pairs in enumerate(filter(None, (painted, kept))):
        parts[k] += ", ".join(f"{names.get(i, f'class {i}')} {n:,}" for i, n in pairs)
    return "\n".join(parts)
