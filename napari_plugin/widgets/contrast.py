"""How bright the image is shown: two handles, and a button that finds them."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget
from superqt import QRangeSlider

from .controls import tool

STEPS = 1000  # from the darkest limit that is possible to the brightest
TIP = "Contrast of the image: what is as dark as the left handle is black, as the right one white"

Limits = tuple[float, float]


class Contrast(QWidget):
    """Sets the contrast of the image that is worked on.

    Parameters
    ----------
    choose : callable
        Takes the limits, the darkest first.
    find : callable
        Finds limits for what is in view.
    """

    def __init__(self, choose: Callable[[Limits], None], find: Callable[[], None]) -> None:
        super().__init__()
        self._choose = choose
        self._range: Limits = (0.0, 1.0)
        self.slider = QRangeSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("supervox_contrast")
        self.slider.setRange(0, STEPS)
        self.slider.setToolTip(TIP)
        self.slider.setAccessibleName(TIP)
        self.slider.setMinimumWidth(60)
        self.slider.valueChanged.connect(self._on_value)
        self.auto = tool(
            "supervox_contrast_auto",
            "auto",
            "Find the contrast for what is in view: one voxel in a hundred is black, one is white",
            find,
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel("Contrast"))
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.auto)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_limits(self, limits: tuple[float, float, float, float] | None) -> None:
        """Show what is possible, and what is; None where there is no image."""
        self.setEnabled(limits is not None)
        if limits is None or self.slider.isSliderDown():
            return
        lowest, highest, low, high = limits
        self._range = lowest, highest
        span = (highest - lowest) or 1.0
        values = [round(STEPS * min(max((v - lowest) / span, 0), 1)) for v in (low, high)]
        with QSignalBlocker(self.slider):
            self.slider.setValue(values)

    def _on_value(self, values: tuple[int, int]) -> None:
        lowest, highest = self._range
        low, high = (lowest + (highest - lowest) * value / STEPS for value in values)
        if high > low:
            self._choose((low, high))
