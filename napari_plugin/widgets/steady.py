"""Words that change, in room that doesn't: what is below a line stays where it is."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QFontMetrics, QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QToolButton, QWidget
from supervox.napari_plugin.session.state_pieces import WorkProgress

from .controls import StageBar, give_role

MARGIN = 4  # pixels above and below the lines together


class SteadyLabel(QLabel):
    """Shows a text in a fixed number of lines; what doesn't fit is in the tooltip.

    Parameters
    ----------
    lines : int
    role : str
        How it looks: "note", "warning", "summary" or "advice".
    """

    def __init__(self, lines: int = 1, role: str = "note") -> None:
        super().__init__()
        self._lines, self._whole, self._tip = lines, "", ""
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def whole(self) -> str:
        """The text, whether all of it is seen or not."""
        return self._whole

    def say(self, text: str, role: str | None = None, tip: str = "") -> None:
        """Show a text.

        Parameters
        ----------
        text : str
        role : str, optional
            As before by default.
        tip : str
            What else the tooltip says.
        """
        if role is not None:
            give_role(self, role)
        if (text, tip) != (self._whole, self._tip):
            self._whole, self._tip = text, tip
            self._fit()

    def sizeHint(self) -> QSize:
        """Return the height of all lines, used or not."""
        inner = self.contentsMargins()
        height = self._lines * self.fontMetrics().lineSpacing() + MARGIN
        return QSize(40, height + inner.top() + inner.bottom())

    def minimumSizeHint(self) -> QSize:
        """Return the same: it gives no height away."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the lines anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        indent = -(-self.fontMetrics().horizontalAdvance("x") // 2)  # Qt's, under napari's style
        width = max(self.contentsRect().width() - indent, 20)
        shown = fit(self._whole, self._lines, width, self.fontMetrics())
        if shown != self.text():
            self.setText(shown)
        is_cut = shown.endswith("…") and not self._whole.endswith("…")
        self.setToolTip(
            "\n".join(part for part in (self._whole if is_cut else "", self._tip) if part)
        )


def fit(text: str, lines: int, width: int, metrics: QFontMetrics) -> str:
    """Break a text into at most so many lines of a width; the last ends in "…" if it must."""
    words, found = text.split(), [""]
    for number, word in enumerate(words):
        longer = f"{found[-1]} {word}".strip()
        if metrics.horizontalAdvance(longer) <= width or not found[-1]:
            found[-1] = longer
        elif len(found) < lines:
            found.append(word)
        else:
            found[-1] = " ".join([found[-1], *words[number:]])
            break
    middle = Qt.TextElideMode.ElideRight
    return "\n".join(metrics.elidedText(line, middle, width) for line in found)


class StatusRow(QStackedWidget):
    """How work stands, in room that is always taken: a text, or a bar while the work goes on.

    Parameters
    ----------
    name : str
        Of the bar, as for `StageBar`.
    cancel : callable
        Stops the work.
    lines : int
        Of the text.
    """

    def __init__(self, name: str, cancel: Callable[[], object], lines: int = 2) -> None:
        super().__init__()
        self.text = SteadyLabel(lines)
        self.text.setObjectName(f"{name}_says")
        self.bar = StageBar(name, cancel)
        self.addWidget(self.text)
        self.addWidget(self.bar)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_state(
        self, text: str, progress: WorkProgress | None = None, role: str = "note", tip: str = ""
    ) -> None:
        """Show how far the work is; where nothing runs, a text."""
        self.text.say(text, role, tip)
        self.bar.show_progress(progress)
        self.setCurrentIndex(int(progress is not None))


class HintRow(QWidget):
    """Why something isn't done, and a button that helps, in room that is always taken.

    Parameters
    ----------
    name : str
        The object name of the button is this and "_help".
    help_me : callable
        Does what the button says.
    """

    def __init__(self, name: str, help_me: Callable[[], object]) -> None:
        super().__init__()
        self.text = SteadyLabel(2)
        self.text.setObjectName(name)
        self.button = QToolButton()
        self.button.setObjectName(f"{name}_help")
        self.button.clicked.connect(lambda: help_me())
        policy = self.button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.button.setSizePolicy(policy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        self.show_hint("", "")

    def show_hint(self, text: str, helps: str, role: str = "warning", tip: str = "") -> None:
        """Show a sentence, and what the button says; none if that is empty."""
        self.text.say(text, role)
        self.button.setText(helps)
        self.button.setToolTip(tip)
        self.button.setVisible(bool(helps))
