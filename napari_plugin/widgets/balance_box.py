"""More and less of the class that is chosen: a slider, a share that can be typed, and a look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.session.state_pieces import BalanceState, WorkProgress

from .class_table import percent
from .controls import LabelledSlider, StageBar, tool

SLIDER_STEPS = 20  # of the slider, from one whole number to the next
MOST = 4  # at the ends of the slider: what is rarer is typed
SWATCH, SHARE_WIDTH, VALUE_WIDTH, REGIONS = 12, 64, 46, 112  # pixels


@dataclass(frozen=True)
class BalanceActions:
    """What the box can have done; the class is always the one that is chosen.

    Attributes
    ----------
    move, nudge : callable
        Takes a class and its balance; a class and steps of a button.
    settle : callable
        A move is complete.
    set_again : callable
        Takes a class whose balance is right for the strokes of now.
    ask_for_share, cancel : callable
        Looks for the balance that gives a class a share of the volume, from 0 to 1; stops that.
    compare : callable
        Shows planes far apart, or hides them.
    """

    move: Callable[[int, float], None]
    nudge: Callable[[int, int], None]
    settle: Callable[[], None]
    set_again: Callable[[int], None]
    ask_for_share: Callable[[int, float], None]
    cancel: Callable[[], None]
    compare: Callable[[], None]


class ShareField(QLineEdit):
    """Shows a share in percent, and takes one that is typed.

    Parameters
    ----------
    ask : callable
        Takes a share from 0 to 1 that a person wants.
    """

    def __init__(self, ask: Callable[[float], None]) -> None:
        super().__init__()
        self._ask = ask
        self._share: float | None = None
        self.setObjectName("supervox_share")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(SHARE_WIDTH)
        self.setToolTip(
            "<qt>Share of the volume: of its voxels, as the live labels have it. Type another one "
            "and press Enter: the balance that gives it is found, with the smoothing in it</qt>"
        )
        self.returnPressed.connect(self._on_entered)
        self.editingFinished.connect(self._put_back)

    def show_share(self, share: float | None) -> None:
        """Show a share, unless another one is being typed."""
        self._share = share
        if not self.isModified():
            self.setText("" if share is None else percent(share))

    def _put_back(self) -> None:
        """Show what is, in place of what was typed."""
        self.setModified(False)
        self.show_share(self._share)

    def _on_entered(self) -> None:
        """Ask for what was typed, if it is a share."""
        try:
            wanted = float(self.text().strip().removesuffix("%").replace(",", ".")) / 100
        except ValueError:
            return
        if 0 < wanted < 1:
            self._ask(wanted)


class BalanceBox(QWidget):
    """The balance of the class that is chosen. Its height never changes.

    Parameters
    ----------
    actions : BalanceActions
    """

    def __init__(self, actions: BalanceActions) -> None:
        super().__init__()
        self._do = actions
        self._state: BalanceState | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(4)
        layout.addLayout(self._make_share())
        layout.addLayout(self._make_slider())
        layout.addWidget(self._make_news())
        for label in (self.name, self.regions, self.slider.label, self.news):
            # a sign from another font may be taller: the line is as high as its buttons
            label.setSizePolicy(label.sizePolicy().horizontalPolicy(), QSizePolicy.Policy.Ignored)

    def _make_share(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.swatch = QLabel()
        self.swatch.setFixedSize(SWATCH, SWATCH)
        self.name = QLabel()
        self.name.setToolTip("The class that is chosen in step 3: more or less of it")
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.share = ShareField(self._on_share)
        self.regions = QLabel()
        self.regions.setToolTip("Regions (supervoxels) of this class")
        self.regions.setFixedWidth(REGIONS)  # or the field beside it would move
        line.addWidget(self.swatch)
        line.addWidget(self.name, 1)
        line.addWidget(self.share)
        line.addWidget(self.regions)
        return line

    def _make_slider(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.less = tool(
            "supervox_less",
            "− less",
            "Less of this class: a fifth less likely than it was  (,)",
            lambda: self._nudge(-1),
        )
        self.more = tool(
            "supervox_more",
            "more +",
            "More of this class: a fifth more likely than it was  (.)",
            lambda: self._nudge(1),
        )
        self.slider = LabelledSlider(
            "supervox_balance",
            -MOST * SLIDER_STEPS,
            MOST * SLIDER_STEPS,
            lambda value: _value_text(value / SLIDER_STEPS),
            "<qt>Balance: what is added to the log-probability of this class before smoothing. 0 "
            "is as the strokes say; nothing is learned anew. Look at several planes while you move "
            "it</qt>",
        )
        self.slider.label.setFixedWidth(VALUE_WIDTH)
        self.slider.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.slider.changed.connect(self._on_moved)
        self.slider.slider.sliderReleased.connect(self._on_released)
        self.reset = tool(
            "supervox_balance_reset", "↺", "Back to what the strokes say: 0", self._on_reset
        )
        for made in (self.less, self.slider, self.more, self.reset):
            line.addWidget(made, 1 if made is self.slider else 0)
        return line

    def _make_news(self) -> QStackedWidget:
        """Make the last line: what there is to say, or how far a search is."""
        self.compare = tool(
            "supervox_compare",
            "Compare planes",
            "Show planes far apart side by side while you move the slider: one plane is not enough "
            " (K)",
            self._do.compare,
        )
        self.news = QLabel()
        self.news.setProperty("role", "note")
        self.again = tool(
            "supervox_balance_again",
            "Set again",
            "The balance is right for the strokes that there are now",
            lambda: self._with_class(self._do.set_again),
        )
        said = QWidget()
        line = QHBoxLayout(said)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.compare)
        line.addWidget(self.news, 1)
        line.addWidget(self.again)
        self.bar = StageBar("supervox_share", self._do.cancel)
        pages = QStackedWidget()
        pages.addWidget(said)
        pages.addWidget(self.bar)
        pages.setFixedHeight(max(said.sizeHint().height(), self.compare.sizeHint().height()) + 2)
        self._pages = pages
        return pages

    def show_state(self, state: BalanceState | None) -> None:
        """Show a state; None if no class is chosen."""
        self._state = state
        can_change = state is not None and state.can_change
        for made in (self.less, self.more, self.slider, self.share):
            made.setEnabled(can_change)
        self.reset.setEnabled(can_change and state is not None and state.value != 0)
        self.compare.setEnabled(state is not None and state.can_compare)
        is_searching = state is not None and state.is_searching
        self._pages.setCurrentIndex(int(is_searching))
        self.bar.show_progress(WorkProgress(0, 0, None) if is_searching else None)
        if state is None:
            return
        self.swatch.setStyleSheet(f"background: {QColor(state.colour).name()}; border-radius: 2px")
        self.name.setText(state.name)
        self.slider.show_value(round(state.value * SLIDER_STEPS), _value_text(state.value))
        self.regions.setText(_regions_text(state))
        self.share.show_share(state.share)
        strokes = state.strokes_since
        is_old = bool(strokes) and can_change
        self.again.setVisible(is_old)
        self.news.setText(f"set {strokes} stroke{'s' * (strokes != 1)} ago" if is_old else "")
        self.news.setToolTip(
            "Strokes shift the balance, too: see whether this one still is right" if is_old else ""
        )

    def _with_class(self, act: Callable[[int], None]) -> None:
        if self._state is not None:
            act(self._state.class_id)

    def _nudge(self, steps: int) -> None:
        self._with_class(lambda class_id: self._do.nudge(class_id, steps))

    def _move(self, value: float) -> None:
        self._with_class(lambda class_id: self._do.move(class_id, value))

    def _on_moved(self, value: int) -> None:
        self._move(value / SLIDER_STEPS)

    def _on_reset(self) -> None:
        """Go back to 0, as a step of its own, so that undo finds what was there."""
        self._do.settle()
        self._move(0)
        self._do.settle()

    def _on_released(self) -> None:
        self.slider.tell_now()
        self._do.settle()

    def _on_share(self, share: float) -> None:
        self._with_class(lambda class_id: self._do.ask_for_share(class_id, share))


def _value_text(value: float) -> str:
    """Write a balance for a person, with a real minus sign."""
    return f"{value:+.2f}".rstrip("0").rstrip(".").replace("-", "−") if value else "0"


def _regions_text(state: BalanceState) -> str:
    if state.share is None:
        return "of the volume"
    return f"{state.regions:,} region{'s' * (state.regions != 1)}"
