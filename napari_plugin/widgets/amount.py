"""An amount with its unit, to type."""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractSpinBox, QDoubleSpinBox

LARGEST = 1e12
SMALLEST = 1e-9
ROUND = 1000  # from here on, nothing behind the point is written


class Amount(QDoubleSpinBox):
    """A volume or a length with its unit; the arrows change it by a tenth or so.

    Parameters
    ----------
    name : str
        The object name.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setDecimals(9)
        self.setRange(SMALLEST, LARGEST)
        self.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        self.setKeyboardTracking(False)
        self.setAccelerated(True)

    def textFromValue(self, value: float) -> str:
        """Write as many digits as there are, but no zeros behind the last."""
        if value >= ROUND:
            return f"{value:,.0f}"
        return f"{value:,.9f}".rstrip("0").rstrip(".") if value < 1 else f"{value:.6g}"

    def valueFromText(self, text: str) -> float:
        """Read a number as it is written, with or without its unit."""
        return float(text.removesuffix(self.suffix()).replace(",", "").strip() or SMALLEST)


def in_voxels(number: float) -> str:
    """Write how many voxels an amount is: "= 4 voxels"."""
    text = f"{number:.3g}" if number < ROUND else f"{number:,.0f}"
    return f"= {text} voxel{'' if text == '1' else 's'}"
