"""Small controls that several sections have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)
from supervox.napari_plugin.session.state_pieces import WorkProgress
from supervox.napari_plugin.tasks.preparing import Needs

BUTTON_MARGIN = 10  # pixels above and below a button's words together
LONGEST_WAIT = "compiling 99"  # or the bar would change its length
FIRST_USE = (
    "Code is compiled when it is used for the first time on this machine; this is how many "
    "functions were by now"
)
CALM_MS = 60  # a slider that is dragged tells its value this often, not at every pixel


class LabelledSlider(QWidget):
    """A slider of whole steps whose value is written beside it in a person's words.

    Parameters
    ----------
    name : str
        The object name.
    low, high : int
    text : callable
        Writes a value.
    tip : str
    """

    changed = Signal(int)

    def __init__(
        self, name: str, low: int, high: int, text: Callable[[int], str], tip: str
    ) -> None:
        super().__init__()
        self._text = text
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName(name)
        self.slider.setRange(low, high)
        self.slider.setMinimumWidth(60)
        self.slider.setToolTip(tip)
        self.slider.setAccessibleName(tip)
        self.label = QLabel()
        self.label.setToolTip(tip)
        self.label.setMinimumWidth(36)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.label)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(CALM_MS)
        self._calm.timeout.connect(lambda: self.changed.emit(self.slider.value()))
        self.slider.valueChanged.connect(self._on_value)
        self.rewrite()

    @property
    def value(self) -> int:
        """Where the slider stands."""
        return int(self.slider.value())

    def show_value(self, value: int, text: str | None = None) -> None:
        """Move the slider without telling anybody, unless a person is moving it.

        Parameters
        ----------
        value : int
        text : str, optional
            What is written of it, where that is finer than the steps, or beyond the ends.
        """
        if self._calm.isActive() or self.slider.isSliderDown():
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(value)
        self.rewrite()
        if text is not None:
            self.label.setText(text)

    def tell_now(self) -> None:
        """Tell a value that is still waited with, as when the slider was let go."""
        if self._calm.isActive():
            self._calm.stop()
            self.changed.emit(self.slider.value())

    def rewrite(self) -> None:
        """Write the value anew, as when its unit has changed."""
        self.label.setText(self._text(self.slider.value()))

    def _on_value(self) -> None:
        self.rewrite()
        self._calm.start()


class StageBar(QWidget):
    """The progress of long work: a bar, the time that is left, and a button to cancel.

    Takes no room while nothing runs.

    Parameters
    ----------
    name : str
        The object name of the cancel button is this and "_cancel".
    cancel : callable
    """

    def __init__(self, name: str, cancel: Callable[[], object]) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setObjectName(f"{name}_progress")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.text = QLabel()
        self.text.setFixedWidth(self.text.fontMetrics().horizontalAdvance(LONGEST_WAIT) + 4)
        self.cancel = QToolButton()
        self.cancel.setObjectName(f"{name}_cancel")
        self.cancel.setText("Cancel")
        self.cancel.setToolTip("Stop this; what was there before stays")
        self.cancel.clicked.connect(lambda: cancel())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.text)
        layout.addWidget(self.cancel)
        self.show_progress(None)

    def show_progress(self, progress: WorkProgress | None) -> None:
        """Show how far the work is; None where nothing runs."""
        self.setVisible(progress is not None)
        if progress is not None:
            done, total, left = progress.done, progress.total, progress.seconds_left
            self.bar.setRange(0, 1000 if total else 0)
            self.bar.setValue(1000 * done // total if total else 0)
            self.text.setText("" if left is None else f"{duration(left)} left")
            self.text.setToolTip("")
            if progress.compiled is not None:
                self.text.setText(f"compiling {progress.compiled}")
                self.text.setToolTip(FIRST_USE)


def how_far(progress: WorkProgress) -> str:
    """Write how far long work is: "34 %, 12 s left"; empty if that isn't known."""
    if progress.compiled is not None:
        return f"compiling for the first use, {progress.compiled} done"
    if not progress.total:
        return ""
    share, left = 100 * progress.done // progress.total, progress.seconds_left
    return f"{share} %" if left is None else f"{share} %, {duration(left)} left"


def duration(seconds: float) -> str:
    """Write a time for a person: "0.6 s", "40 s", "9 min", "2 h 5 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def size(n_bytes: float) -> str:
    """Write a memory size for a person: "410 MB", "3.1 GB"."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def needs(found: Needs) -> str:
    """Write for a person what preparing takes, or why it can't be done."""
    if found.refusal:
        return found.refusal
    time = "a second" if found.seconds < 2 else duration(found.seconds)
    disk = f", {size(found.disk_bytes)} on the disk" if found.disk_bytes else ""
    return f"Needs about {size(found.bytes)}{disk} and {time} to prepare"


def button(name: str, text: str, tip: str, clicked: Callable[[], object]) -> QPushButton:
    """Make a push button."""
    made = _Button(text)
    made.setObjectName(name)
    made.setToolTip(tip)
    made.clicked.connect(lambda: clicked())
    made.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    return made


class _Button(QPushButton):
    """As high as its words need, however large they are.

    Qt finds another height when a button is highlighted, and all below would move.
    """

    def sizeHint(self) -> QSize:
        """Return Qt's width, and the height of a line."""
        return self._as_high(super().sizeHint())

    def minimumSizeHint(self) -> QSize:
        """Return the same height: it gives none away."""
        return self._as_high(super().minimumSizeHint())

    def _as_high(self, hint: QSize) -> QSize:
        return QSize(hint.width(), self.fontMetrics().lineSpacing() + BUTTON_MARGIN)


def tool(name: str, text: str, tip: str, clicked: Callable[[], object]) -> QToolButton:
    """Make a small button."""
    made = QToolButton()
    made.setObjectName(name)
    made.setText(text)
    made.setToolTip(tip)
    made.clicked.connect(lambda: clicked())
    return made


def swatch(colour: str, size: int) -> QIcon:
    """Make a square of a colour, which keeps it where a row is selected."""
    pixmap = QPixmap(size, size)
    pixmap.fill(QColor(colour))
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or Qt blends it with the selection
    return icon


def note(text: str = "", role: str = "note") -> QLabel:
    """Make a line of explanation."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setWordWrap(True)
    return made


def give_role(label: QLabel, role: str) -> None:
    """Have a note look like a warning, or like a note again."""
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().unpolish(label)
        label.style().polish(label)


def mark_next(made: QPushButton, is_next: bool) -> None:
    """Highlight the one thing to do next."""
    if made.property("next") != is_next:
        made.setProperty("next", is_next)
        made.style().unpolish(made)
        made.style().polish(made)


def list_choices(box: QComboBox, entries: Sequence[tuple[str, Any]], first: Any = None) -> None:
    """List what there is to choose from, if it is something else than before.

    Parameters
    ----------
    box : QComboBox
    entries : sequence of (str, object)
        Words and value of each.
    first : object, optional
        Chosen where nothing was before. What was chosen stays so; else it is the first entry.
    """
    if list(entries) == [(box.itemText(k), box.itemData(k)) for k in range(box.count())]:
        return
    chosen = box.currentData() or first
    box.clear()
    for words, value in entries:
        box.addItem(words, value)
    box.setCurrentIndex(max(box.findData(chosen), 0))
