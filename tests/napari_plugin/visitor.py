"""A program that opens the window, paints one stroke and closes it: see `test_closing`."""

from __future__ import annotations

import sys

import napari
import numpy as np
from qtpy.QtCore import QTimer
from supervox.napari_plugin.commands import dock_of
from supervox.napari_plugin.window import open_window

LOOK_MS, THEN_CLOSE_MS = 1000, 150


def main(volume: str) -> None:
    """Open, paint, close."""
    run = napari.run

    def paint() -> None:
        viewer = napari.current_viewer()
        assert viewer is not None
        layer = dock_of(viewer).session.painting.layer
        assert layer is not None
        layer.data_setitem((np.array([2]), np.array([3]), np.array([4])), 2)
        QTimer.singleShot(THEN_CLOSE_MS, viewer.close)

    def run_and_paint() -> None:
        QTimer.singleShot(LOOK_MS, paint)
        run()

    napari.run = run_and_paint
    open_window(volume)


if __name__ == "__main__":
    main(*sys.argv[1:])
