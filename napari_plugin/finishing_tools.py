"""Tools that finish the labels, folded away above the objects: cleaning, filling between slices."""

from __future__ import annotations

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QScrollArea, QToolButton, QVBoxLayout, QWidget
from supervox.napari_plugin.session.cleaning import Cleaning
from supervox.napari_plugin.session.filling import Filling
from supervox.napari_plugin.session.session import Session

from .widgets.clean_panel import CleanActions, CleanPanel
from .widgets.controls import tool
from .widgets.fill_panel import FillActions, FillPanel
from .widgets.section import DockSection


class FinishingTools(QWidget):
    """Belongs to one dock, and goes with it.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    cleaning : Cleaning
    filling : Filling
    changed : Signal
        Something was tried or done.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.cleaning = Cleaning(
            session.volume,
            session.classes,
            session.correcting,
            lambda: session.delivery.final,
            lambda: session.parameters.supervoxels.size_voxels,
        )
        self.filling = Filling(session.volume, session.painting, session.correcting)
        cleaning, filling = self.cleaning, self.filling
        self.clean = CleanPanel(CleanActions(cleaning.attempt, cleaning.apply, cleaning.discard))
        self.fill = FillPanel(
            FillActions(filling.choose, filling.attempt, filling.apply, filling.discard)
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self._clean_header = self._add("supervox_clean_fold", "Clean up the labels", self.clean)
        self._fill_header = self._add("supervox_fill_fold", "Fill between slices", self.fill)
        self._sought: QWidget | None = None  # what a key or a command asked for
        self._seeking = QTimer(self, singleShot=True, interval=0)
        self._seeking.timeout.connect(self._scroll)
        for part in (cleaning, filling):
            part.changed.connect(self._follow)
            part.failed.connect(session.opening.tell_error)

    def _add(self, name: str, title: str, panel: QWidget) -> QToolButton:
        """Add a panel that a click on its title folds and unfolds."""

        def fold() -> None:
            panel.setVisible(panel.isHidden())
            header.setText(f"{'▸' if panel.isHidden() else '▾'} {title}")
            self._follow()

        header = tool(name, f"▸ {title}", f"Open or close: {title}", fold)
        header.setProperty("plain", True)
        panel.setVisible(False)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(header)
        layout.addWidget(panel)
        return header

    def press_fill(self) -> None:
        """Show what lies between painted slices, or fill it where that is shown: by a key."""
        self._bring(self.fill, self._fill_header)
        self.filling.press()

    def bring_clean(self) -> None:
        """Show the tools that clean."""
        self._bring(self.clean, self._clean_header)

    def _bring(self, panel: QWidget, header: QToolButton) -> None:
        """Unfold a panel, open the step that it is in, and scroll to it once it has its place."""
        if panel.isHidden():
            header.click()
        above = panel.parentWidget()
        while above is not None:
            if isinstance(above, DockSection):
                above.set_open(True)
            above = above.parentWidget()
        self._sought = panel
        self._seeking.start()

    def _scroll(self) -> None:
        """Scroll to what was asked for: where it lies is known only when all is laid out."""
        panel, self._sought = self._sought, None
        above = panel
        while panel is not None and above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(panel, 0, 8)
            above = above.parentWidget()

    @property
    def is_busy(self) -> bool:
        """Whether anything is being tried or done."""
        cleaning, filling = self.cleaning, self.filling
        works = (cleaning.trying, cleaning.gathering, filling.work, filling.gathering)
        return any(work.is_running for work in works)

    def _follow(self) -> None:
        """Show what was tried or done, and have others follow."""
        self.refresh()
        self.changed.emit()

    def refresh(self) -> None:
        """Show how things stand."""
        self.cleaning.check()
        if not self.clean.isHidden():  # or nobody sees it, and strokes needn't wait for it
            self.clean.set_state(self.cleaning.state())
        if not self.fill.isHidden():
            self.fill.set_state(self.filling.state())

    def release(self) -> None:
        """Stop all work, and leave the layers as they were."""
        for part in (self.cleaning, self.filling):
            part.changed.disconnect(self._follow)
            part.release()
