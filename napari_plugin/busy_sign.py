"""Napari's sign that something is going on, which must not slow that down."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QWidget

PERCENT = 5  # of the speed that it has by itself


def calm_busy_signs(window: QWidget) -> None:
    """Let the signs of a window turn slowly.

    Qt draws all of a window that holds a canvas of OpenGL for every frame of the sign. Without a
    graphics card, as over a remote desktop, that took more of two processors than a preparation,
    which lasted four times as long.
    """
    for label in window.findChildren(QLabel):
        if (movie := label.movie()) is not None:
            movie.setSpeed(PERCENT)
