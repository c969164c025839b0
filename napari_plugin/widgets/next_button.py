"""The one button that is suggested next: several can be, and one of them is highlighted."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtWidgets import QPushButton, QWidget

from .controls import mark_next

_WISH = "suggested"  # the property of a button: how much it is wanted


def suggest(made: QPushButton, is_wanted: bool, *, at_once: bool = False) -> None:
    """Suggest a button of the dock as what is next; `highlight_one` decides.

    Parameters
    ----------
    made : QPushButton
    is_wanted : bool
    at_once : bool
        Whether it answers what is asked just now, and so goes before all others.
    """
    made.setProperty(_WISH, (2 if at_once else 1) if is_wanted else 0)


def highlight_one(dock: QWidget, bodies: Sequence[QWidget], now: QWidget) -> None:
    """Highlight one button of those that are suggested, and no other.

    What answers a question goes first, then the step that is next, then the others in their order.
    A section that is closed counts, as it may open at any time; a panel folded away does not.

    Parameters
    ----------
    dock : QWidget
    bodies : sequence of QWidget
        Those of the sections.
    now : QWidget
        The one of the step that is next.
    """
    offered = []
    for made in dock.findChildren(QPushButton):
        if not made.property(_WISH):
            continue
        body = next((one for one in bodies if one.isAncestorOf(made)), None)
        if made.isVisibleTo(dock if body is None else body):
            offered.append((made, (made.property(_WISH), body is now)))
    best = max(offered, key=lambda offer: offer[1], default=(None, None))[0]
    for made in dock.findChildren(QPushButton):
        if made.property(_WISH) is not None:
            mark_next(made, made is best)
