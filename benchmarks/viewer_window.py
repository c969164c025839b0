"""napari's window in the process of a benchmark: its event loop, its canvas and a mouse."""

from __future__ import annotations

import time
from collections.abc import Callable

import napari
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QWidget

PATIENCE = 3600.0  # seconds, for anything


class ViewerWindow:
    """napari as it is, at the size of a small screen, and a mouse."""

    def __init__(self) -> None:
        self.viewer = napari.Viewer(show=True)
        self.viewer.window.resize(1280, 800)
        app = QApplication.instance()
        assert app is not None
        self._app = app
        self.canvas = _canvas_of(self.viewer)
        self._n_drawn = 0
        scene = self.viewer.window._qt_viewer.canvas._scene_canvas
        scene.events.draw.connect(self._on_draw, position="last")

    def _on_draw(self, _: object) -> None:
        self._n_drawn += 1

    def pump(self) -> None:
        """Let the window do what is due."""
        self._app.processEvents()

    def wait(self, until: Callable[[], bool]) -> float:
        """Run the event loop until something holds; return the seconds."""
        started = time.perf_counter()
        while not until():
            self.pump()
            time.sleep(0.001)
            if time.perf_counter() - started > PATIENCE:
                raise TimeoutError("the window does not answer")
        return time.perf_counter() - started

    def pause(self, seconds: float, unless: Callable[[], bool] = lambda: False) -> None:
        """Run the event loop for a while, or until something holds."""
        end = time.perf_counter() + seconds
        self.wait(lambda: unless() or time.perf_counter() > end)

    def until_drawn(self, act: Callable[[], object]) -> tuple[float, float]:
        """Do something that changes the picture.

        Returns
        -------
        handled, drawn : float
            Seconds until the call came back, and until napari had drawn its canvas after it.
        """
        before, started = self._n_drawn, time.perf_counter()
        act()
        handled = time.perf_counter() - started
        self.wait(lambda: self._n_drawn > before)
        return handled, time.perf_counter() - started

    def step(self, number: int) -> float:
        """Show one of ten slices; return the seconds."""
        dims, started = self.viewer.dims, time.perf_counter()
        dims.set_current_step(0, dims.nsteps[0] // 2 + number % 10)
        self.pump()
        return time.perf_counter() - started

    def scroll(self, rounds: int) -> list[float]:
        """Step through some slices; return the seconds that each took."""
        return [self.step(number) for number in range(3 * rounds)]

    def event(self, kind: QEvent.Type, x: float, y: float) -> QMouseEvent:
        """Make a mouse event with the left button, at a place of the canvas."""
        at = QPointF(x, y)
        held, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        return QMouseEvent(
            kind,
            at,
            QPointF(self.canvas.mapToGlobal(at.toPoint())),
            none if kind == QEvent.Type.MouseMove else held,
            none if kind == QEvent.Type.MouseButtonRelease else held,
            Qt.KeyboardModifier.NoModifier,
        )

    def send(self, kind: QEvent.Type, x: float, y: float) -> None:
        """Send a mouse event to the canvas."""
        self._app.sendEvent(self.canvas, self.event(kind, x, y))


def _canvas_of(viewer: napari.Viewer) -> QWidget:
    """Return the widget of a viewer's canvas that gets the mouse's events."""
    found: QWidget = viewer.window._qt_viewer.canvas.native
    return found
