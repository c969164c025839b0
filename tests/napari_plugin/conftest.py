"""The plugin registered alone, what it tells a person, and the hands of one."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import napari.utils.notifications as notifications
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from npe2 import PluginManifest
from npe2._pytest_plugin import TestPluginManager
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QCursor, QMouseEvent
from qtpy.QtWidgets import QApplication, QCheckBox, QRadioButton, QWidget
from supervox.napari_plugin.session.next_step import Step
from supervox.napari_plugin.session.session import Session
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks import jobs

PATIENCE = 240_000  # milliseconds, for anything: kernels may have to be compiled first
DELAY_MS = 30  # from a stroke to the update: nobody looks on

SPACING = (50.0, 4.6, 4.6)
ORIGIN = (100.0, -9.2, 4.6)
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the projects of a test in a folder of its own."""
    folder = tmp_path_factory.mktemp("home") / "projects"
    monkeypatch.setattr("supervox.napari_plugin.settings.default_home", lambda: folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def windows_go_first() -> Iterator[None]:
    """Let go of what is left of windows while there is an application, and a display.

    What comes after is in order: Python waits for threads, PySide6 ends the application, and
    pytest-xvfb, whose `atexit` is older, stops the display last.

    Three of a dozen runs crashed there once, so that tests ended by `os._exit`. Most likely by what
    crashed windows as well, and was mended hours later (commits 230a495 and f8edd81): workers of
    Qt's pool, and widgets that ended as garbage on other threads. Eight runs since, with windows
    and without `os._exit`, on a machine with five times the work it had processors for, ended well.
    """
    yield
    jobs.finish_files()
    if QApplication.instance() is not None:
        QApplication.closeAllWindows()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()


@pytest.fixture(scope="session", autouse=True)
def light_windows(qapp: QApplication) -> Iterator[None]:
    """Leave out what costs each viewer of a test time, and none of them needs.

    Python's garbage is searched for after each, which goes through all that was ever imported; and
    napari looks at every event of the application, 30,000 when a dock is made, to show a menu bar
    that a person may have hidden.
    """
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr("napari._qt.qt_main_window._QtMainWindow.eventFilter", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def slices_are_sharpened_at_once() -> Iterator[None]:
    """Leave out the rest before a slice is worked on, which every test would wait for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("supervox.napari_plugin.session.sharpening.REST_MS", 5)
        yield


@pytest.fixture(scope="session")
def manifest() -> PluginManifest:
    """Return what the plugin declares, read once."""
    return PluginManifest.from_distribution("supervox")


@pytest.fixture
def plugin(npe2pm: TestPluginManager, manifest: PluginManifest) -> PluginManifest:
    """Register the plugin with a manager that knows no other."""
    npe2pm.register(manifest)
    return manifest


@pytest.fixture
def told() -> Iterator[list[str]]:
    """Return the messages that a person got."""
    messages: list[str] = []

    def collect(notification: notifications.Notification) -> None:
        messages.append(notification.message)

    notifications.notification_manager.notification_ready.connect(collect)
    yield messages
    notifications.notification_manager.notification_ready.disconnect(collect)


@pytest.fixture
def values() -> np.ndarray:
    """Return a small volume whose every voxel differs from its neighbours."""
    return np.arange(6 * 7 * 8).reshape(6, 7, 8) % 113


class Scene:
    """Three slabs of columns, dark, grey and bright, with a stroke on each."""

    shape = (16, 40, 48)
    edges = (0, 16, 32, 48)

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        columns = np.arange(self.shape[2])
        self.truth = np.broadcast_to(
            np.searchsorted(self.edges, columns, side="right").astype(np.uint8), self.shape
        )
        self.image = (50 * self.truth + rng.normal(0, 5, self.shape)).clip(0, 255).astype(np.uint8)
        self.plane = 8

    def stroke(self, class_id: int) -> tuple[slice | int, ...]:
        """Return voxels in the middle of a slab."""
        first = self.edges[class_id - 1] + 6
        return self.plane, slice(12, 28), slice(first, first + 4)


class Held:
    """Keeps functions, when they have done their work, from returning until they may."""

    def __init__(self) -> None:
        self.is_done, self.may_return = Event(), Event()

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is kept so; to be called on a thread."""

        def held(*args: Any, **keywords: Any) -> Any:
            found = function(*args, **keywords)
            self.is_done.set()
            assert self.may_return.wait(60)
            return found

        return held


class Bench:
    """A session on a viewer without a window."""

    def __init__(self, viewer: Any, session: Session, qtbot: QtBot) -> None:
        self.viewer, self.session, self._bot = viewer, session, qtbot

    def layer(self, name: str) -> Any:
        (found,) = (layer for layer in self.viewer.layers if layer.name == name)
        return found

    # ------------------------------------------------------------------------------- waiting

    def until(self, condition: Callable[[], object]) -> None:
        self._bot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def settle(self) -> None:
        """Wait until there is nothing to do any more, nor in the next moment."""
        self.until(lambda: not self.is_busy)
        QApplication.processEvents()  # work may be put off until now: objects found anew, say
        self.until(lambda: not self.is_busy)

    def as_soon_as(self, task: jobs.BackgroundTask, act: Callable[[], None]) -> None:
        """Do something in the moment in which a task begins, which may be over in no time."""
        begun: list[bool] = []

        def look() -> None:
            if task.is_running and not begun:
                begun.append(True)
                act()

        task.changed.connect(look)
        self.until(lambda: begun)
        task.changed.disconnect(look)

    @property
    def is_busy(self) -> bool:
        session = self.session
        stages = *session.stages, session.autosave.working, session.opening.reading
        is_waiting = session.live.is_busy or session.sharpening.is_waiting
        return is_waiting or any(stage.is_running for stage in stages)

    @property
    def said(self) -> str:
        """Why something wasn't done, as the dock says it beside its steps."""
        return " | ".join(filter(None, (self.session.hints.look(k, None) for k in Step)))

    # ------------------------------------------------------------------------------- strokes

    @property
    def strokes(self) -> Labels:
        layer = self.session.painting.layer
        assert layer is not None
        return layer

    def paint(self, *class_ids: int) -> None:
        """Paint the scene's strokes without a mouse, for tests of what comes after."""
        for class_id in class_ids:
            index = np.zeros(Scene.shape, bool)
            index[Scene().stroke(class_id)] = True
            self.paint_voxels(index, class_id)

    def paint_voxels(self, mask: np.ndarray, class_id: int) -> None:
        """Paint voxels in one step, as a drag of the brush does."""
        with self.strokes.block_history():
            self.strokes.data_setitem(np.nonzero(mask), class_id)

    def prepare(self, *class_ids: int) -> None:
        """Prepare the volume, and label it with the strokes of some classes."""
        self.session.extent.prepare()
        self.paint(*class_ids)
        self.settle()
        assert self.session.preparation.prepared is not None


class Window(Bench):
    """A viewer with the dock, and the hands of a person."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.dock = viewer.window.add_plugin_dock_widget("supervox", "Supervox")[1]
        super().__init__(viewer, self.dock.session, qtbot)

    def open(self) -> None:
        """Open the dock again."""
        self.dock = self.viewer.window.add_plugin_dock_widget("supervox", "Supervox")[1]
        self.session = self.dock.session

    def close_dock(self) -> None:
        """Close the dock for good, as its cross does."""
        frame = self.dock.parent()
        self._bot.mouseClick(frame.title.close_button, Qt.MouseButton.LeftButton)
        assert self.dock._is_closed

    @property
    def is_busy(self) -> bool:
        around = self.dock.around
        is_refreshing = self.dock._refresh_timer.isActive()
        is_comparing = around.two.working.is_running or around.two.saving.is_running
        return super().is_busy or is_refreshing or around.tools.is_busy or is_comparing

    # ------------------------------------------------------------------------------- widgets

    def find(self, name: str) -> Any:
        found = [
            *self.dock.findChildren(QWidget, name),
            *self.dock.below.panel.findChildren(QWidget, name),
        ]
        assert len(found) == 1, f"{len(found)} widgets are called {name}"
        return found[0]

    def click(self, name: str) -> None:
        """Click on a button, in the place where a person would."""
        button = self.find(name)
        assert button.isEnabled(), name
        at = button.rect().center()
        if isinstance(button, QCheckBox | QRadioButton):
            at.setX(8)
        self._bot.mouseClick(button, Qt.MouseButton.LeftButton, pos=at)
        self.settle_widgets()

    def choose(self, name: str, text: str) -> None:
        """Choose an entry of a menu."""
        self.settle_widgets()
        box = self.find(name)
        index = box.findText(text)
        assert index >= 0, text
        box.setCurrentIndex(index)
        box.activated.emit(index)
        self.settle_widgets()

    def slide(self, name: str, value: int) -> None:
        """Drag a slider to a value."""
        told = []
        slider = self.find(name)
        slider.parent().changed.connect(told.append)
        slider.setValue(value)
        self.until(lambda: told)
        self.settle_widgets()

    def settle_widgets(self) -> None:
        self.until(lambda: not self.dock._refresh_timer.isActive())

    # ------------------------------------------------------------------------ mouse and keys

    @property
    def canvas(self) -> QWidget:
        root = self.dock.window()
        (found,) = (w for w in root.findChildren(QWidget) if "CanvasBackend" in type(w).__name__)
        return found

    def at(self, *place: float) -> QPointF:
        """Return where a voxel (plane, row, column) of the image is on the canvas."""
        image = self.session.volume.image
        world = np.asarray(image.data_to_world(place[-image.ndim :]))
        rows, columns = self.viewer.dims.displayed
        camera = self.viewer.scene.camera
        offset = world[[columns, rows]] - np.array(camera.center)[[-1, -2]]
        x, y = np.array([self.canvas.width(), self.canvas.height()]) / 2 + offset * camera.zoom
        return QPointF(x, y)

    def mouse(
        self,
        kind: QEvent.Type,
        at: QPointF,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        none = Qt.MouseButton.NoButton
        there = QPointF(self.canvas.mapToGlobal(at.toPoint()))
        pressed = none if kind == QEvent.Type.MouseMove else button
        held = none if kind == QEvent.Type.MouseButtonRelease else button
        event = QMouseEvent(kind, at, there, pressed, held, modifiers)
        QApplication.sendEvent(self.canvas, event)
        QApplication.processEvents()

    def drag(self, *places: tuple[float, ...], **how: Any) -> None:
        """Drag the mouse over voxels of the image."""
        points = [self.at(*place) for place in places]
        self.mouse(QEvent.Type.MouseMove, points[0], Qt.MouseButton.NoButton)
        self.mouse(QEvent.Type.MouseButtonPress, points[0], **how)
        for point in points[1:]:
            self.mouse(QEvent.Type.MouseMove, point, **how)
        self.mouse(QEvent.Type.MouseButtonRelease, points[-1], **how)

    def key(self, key: Qt.Key, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        self._bot.keyClick(self.canvas, key, modifier)
        self.settle_widgets()


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def quiet(qtbot: QtBot) -> Iterator[None]:
    """See to it that no work goes on after the test."""
    yield
    for job in list(jobs._running):
        job.abandon()
    qtbot.waitUntil(lambda: not jobs._running, timeout=PATIENCE)
    jobs.finish_files()


@pytest.fixture
def run_stage(qtbot: QtBot, quiet: None) -> Callable[..., Any]:
    """Run a stage without a viewer, and return what it succeeds with."""

    def run(stage: jobs.BackgroundTask, *request: Any) -> Any:
        results: list[Any] = []
        stage.succeeded.connect(results.append)
        stage.failed.connect(results.append)
        stage.start(*request)  # type: ignore[attr-defined]
        qtbot.waitUntil(lambda: bool(results), timeout=PATIENCE)
        if isinstance(results[0], Exception):
            raise results[0]
        return results[0]

    return run


@pytest.fixture
def open_bench(qtbot: QtBot, quiet: None) -> Iterator[Callable[..., Bench]]:
    """Open images in viewers without a window: for what needs neither widgets nor a canvas."""
    sessions = []

    def open_one(image: Any = None, **fields: Any) -> Bench:
        viewer = ViewerModel()
        bench = Bench(viewer, Session(viewer, Settings(delay_ms=DELAY_MS)), qtbot)
        sessions.append(bench.session)
        if image is not None:
            viewer.add_image(image, **fields)
        return bench

    yield open_one
    for session in sessions:
        session.close()


@pytest.fixture
def bench(open_bench: Callable[..., Bench], scene: Scene) -> Bench:
    return open_bench(scene.image, name="scene")


@pytest.fixture
def open_dock(
    plugin: PluginManifest,
    plugin_settings: None,
    make_napari_viewer_proxy: Callable[..., Any],
    qtbot: QtBot,
    quiet: None,
) -> Callable[Callable[..., Window]]:
    """Open viewers with the dock; afterwards, all work has ended."""

    def open_one(image: Any = None, *, show: bool = False, **fields: Any) -> Window:
        QCursor.setPos(0, 0)  # of the display, not in the dock by chance
        window = Window(make_napari_viewer_proxy(show=show), qtbot)
        if image is not None:
            window.viewer.add_image(image, **fields)
        return window

    return open_one


@pytest.fixture
def window(open_dock: Callable[..., Window], scene: Scene) -> Window:
    """Open the scene in a viewer that isn't shown."""
    return open_dock(scene.image, name="scene")


@pytest.fixture
def shown(open_dock: Callable[..., Window], scene: Scene) -> Window:
    """Open the scene in a window."""
    return open_dock(scene.image, name="scene", show=True)
