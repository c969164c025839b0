"""Napari's busy sign turns slowly in a window with the dock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QLabel
from supervox.napari_plugin.busy_sign import PERCENT


def test_signs_turn_slowly(open_dock: Callable[..., Any]) -> None:
    window = open_dock(show=True)
    window.until(window.dock.isVisible)
    movies = [label.movie() for label in window.dock.window().findChildren(QLabel)]
    assert [movie.speed() for movie in movies if movie is not None] == [PERCENT]
