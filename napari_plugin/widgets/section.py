"""One step of the work: a header that opens and closes it, and a line that says how it stands."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from .steady import SteadyLabel

State = TypeVar("State")


class Body(QWidget, Generic[State]):
    """What a section holds: shows its state, and can say how it stands."""

    def __init__(self) -> None:
        super().__init__()
        self._state: State | None = None

    @property
    def state(self) -> State:
        """What is shown."""
        assert self._state is not None
        return self._state

    def set_state(self, state: State) -> bool:
        """Show a state, unless it is shown already; tell whether it was another one."""
        if state == self._state:
            return False
        self._state = state
        self.refresh()
        return True

    def refresh(self) -> None:
        """Show the state anew, as after something that was refused."""
        raise NotImplementedError

    def describe(self) -> str:
        """Say in a line how the step stands."""
        raise NotImplementedError


class DockSection(QWidget):
    """A collapsible part of the dock.

    Parameters
    ----------
    number : int
        Place in the order of the work.
    title : str
    body : Body
    """

    opened = Signal()

    def __init__(self, number: int, title: str, body: Body[Any]) -> None:
        super().__init__()
        self.setObjectName("supervox_section")
        self._title = f"{number}  {title}"
        self.header = QToolButton()
        self.header.setObjectName("supervox_section_header")
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.header.setText(self._title)
        self.header.setToolTip(f"Open or close: {title}")
        self.header.clicked.connect(self._toggle)
        self.summary = SteadyLabel(role="summary")
        self._says = ""
        self.body = body
        line = QHBoxLayout()
        line.addWidget(self.header)
        line.addWidget(self.summary, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(body)
        self.set_open(False)

    @property
    def is_open(self) -> bool:
        """Whether the body is shown."""
        return not self.body.isHidden()

    def set_open(self, is_open: bool) -> None:
        """Show or hide the body."""
        self.body.setVisible(is_open)
        self.header.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.set_summary(self._says)

    def set_summary(self, text: str) -> None:
        """Say in a line how the step stands; shown beside the title while the section is closed."""
        self._says = text
        self.summary.say("" if self.is_open else text)

    def set_next(self, is_next: bool) -> None:
        """Highlight the step that is next."""
        if self.property("next") != is_next:
            self.setProperty("next", is_next)
            self.style().unpolish(self.header)
            self.style().polish(self.header)

    def _toggle(self) -> None:
        self.set_open(not self.is_open)
        if self.is_open:
            self.opened.emit()
