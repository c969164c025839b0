"""The process of the `by_hand` benchmark: labels that are corrected, and the table of objects.

``python -m benchmarks.by_hand_window ours|napari Z Y X ROUNDS`` drives the window with the dock, or
napari alone with as many layers of plain arrays, and prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QTableView
from supervox.napari_plugin.project.restoring import Kept
from supervox.napari_plugin.session.next_step import Step
from supervox.segmentation import Strokes

from .application_window import Window, settle
from .timing import say
from .viewer_window import ViewerWindow

REST, SMALL, LARGE = 1, 2, 3  # classes: what is left, many small bodies, one large slab
BODY, PITCH = (6, 8, 8), (14, 26, 28)  # voxels of a body, and from one to the next
BRUSH = 12  # voxels across
DRAG = 8  # moves of the mouse in a stroke
CALM = 0.5  # seconds without work, after which the next thing is done
LOOK_MS = 2  # from one look at the clock to the next


def make_labels(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a slab of a sixth of the volume, and small bodies in rows and columns everywhere."""
    labels = np.full(shape, REST, np.uint8)
    labels[tuple(slice(n // 6, n // 6 + int(n * 0.57)) for n in shape)] = LARGE
    for start in np.ndindex(*BODY):
        body = tuple(
            slice(first, n - size, pitch)
            for first, n, size, pitch in zip(start, shape, BODY, PITCH, strict=True)
        )
        labels[body] = SMALL
    return labels


def run(shape: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """Correct, look at objects one after the other, and take large steps there and back."""
    labels = make_labels(shape)
    window = Window()
    session = window.session
    image = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    window.viewer.add_image(image, name="cell", contrast_limits=(0, 255))
    window.wait(lambda: session.volume.source is not None)
    source = session.volume.source
    assert source is not None
    session.preparation.cancel()
    session.classes.ensure([REST, SMALL, LARGE])
    session.delivery.show_kept(Kept(source, session.parameters, Strokes.empty(), labels))
    _calm(window)
    say("by hand: labels are shown")
    found = {"shape": list(shape), "large_voxels": int((labels == LARGE).sum())}
    found |= _correct(window, rounds) | {"step": window.scroll(rounds)}
    found |= _look_at_objects(window, rounds)
    return found | {"large": _take_large_steps(window)}


def run_napari(shape: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """Paint and step through the slices in napari alone, with as many layers."""
    window = ViewerWindow()
    image = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    window.viewer.add_image(image, name="cell", contrast_limits=(0, 255))
    window.viewer.add_labels(make_labels(shape), name="labels")
    window.viewer.add_labels(np.zeros(shape, np.uint8), name="more")
    layer = window.viewer.add_labels(np.zeros(shape, np.uint8), name="painted")
    layer.brush_size, layer.mode, layer.selected_label = BRUSH, "paint", SMALL
    window.pause(CALM)
    brush = []
    for number in range(rounds):
        brush.append(_stroke(window, number))
        _let_go(window)
        window.pause(CALM)
    return {"brush": brush, "step": window.scroll(rounds)}


def _calm(window: Window) -> None:
    settle(window)
    window.pause(CALM)


def _stroke(window: ViewerWindow, number: int) -> float:
    """Drag the brush a little; return the seconds from the last move to its picture."""
    x = window.canvas.width() / 2 - 80 + 7 * number
    y = window.canvas.height() / 2 - 90 + 15 * number
    window.send(QEvent.Type.MouseMove, x, y)
    window.send(QEvent.Type.MouseButtonPress, x, y)
    for k in range(1, DRAG):
        window.send(QEvent.Type.MouseMove, x + DRAG * k, y + 3 * k)
        window.pump()
    window.pause(0.03)
    end = x + DRAG * DRAG, y + 3 * DRAG
    return window.until_drawn(partial(window.send, QEvent.Type.MouseMove, *end))[1]


def _let_go(window: ViewerWindow) -> None:
    middle = window.canvas.width() / 2, window.canvas.height() / 2
    window.send(QEvent.Type.MouseButtonRelease, *middle)


def _correct(window: Window, rounds: int) -> dict[str, Any]:
    session = window.session
    session.correcting.set_on(True)
    session.classes.selected = SMALL
    session.use_tool("paint")
    session.painting.hand.layer.brush_size = BRUSH
    _calm(window)
    brush, ends = [], []
    for number in range(rounds):
        brush.append(_stroke(window, number))
        ends.append(window.until_drawn(partial(_let_go, window)))
        _calm(window)
    session.correcting.set_on(False)
    say(f"by hand: corrections {ends}")
    return {"brush": brush, "correction": ends}


def _look_at_objects(window: Window, rounds: int) -> dict[str, Any]:
    """Find the objects, open their table, click on rows and turn the wheel over it."""
    objects, dock = window.session.delivery.objects, window.dock
    dock.sections[Step.OBJECTS].set_open(True)
    started = time.perf_counter()
    _press(window, "supervox_objects_find")
    window.wait(lambda: objects.found is not None)
    seconds = time.perf_counter() - started
    _press(window, "supervox_objects_table")
    table = dock.around.objects
    window.wait(table.isVisible)
    _calm(window)
    rows = np.random.default_rng(3).integers(0, table.model.rowCount(), rounds)
    clicks = []
    for row in rows.tolist():
        index = table.model.index(row, 1)
        table.view.scrollTo(index)
        window.pause(0.05)
        at = table.view.visualRect(index).center()
        click = partial(QTest.mouseClick, table.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
        clicks.append(window.until_drawn(click))
        window.pause(CALM)
    steps = [_turn(table.view, 3 * k) for k in range(1, 3 * rounds + 1)]
    count = table.model.rowCount()
    table.close()
    say(f"by hand: {count} rows, {clicks}")
    return {"objects": count, "found": seconds, "row": clicks, "wheel": steps}


def _turn(view: QTableView, row: int) -> float:
    """Scroll to a row; return the seconds until the rows are painted."""
    started = time.perf_counter()
    view.verticalScrollBar().setValue(row)
    view.viewport().repaint()
    return time.perf_counter() - started


def _take_large_steps(window: Window) -> dict[str, tuple[float, float]]:
    """Accept a class of many voxels, undo that and do it again.

    Returns
    -------
    dict
        The longest time in which the window didn't answer, and until all was done, in seconds.
    """
    session = window.session
    corrections = session.painting.corrections
    stages = session.correcting.whole.finding, session.painting.stepping

    def is_idle() -> bool:
        return not any(stage.is_running for stage in stages)

    def has() -> bool:
        return bool(corrections.counts[LARGE])

    return {
        "accept": _watch(window, partial(session.correcting.whole.accept, LARGE), has, is_idle),
        "undo": _watch(window, session.painting.undo, lambda: not has(), is_idle),
        "redo": _watch(window, session.painting.redo, has, is_idle),
    }


def _watch(
    window: Window, act: Callable[[], object], *until: Callable[[], bool]
) -> tuple[float, float]:
    """Do something; return the longest gap of the event loop, and when all conditions held."""
    started = last = time.perf_counter()
    longest = 0.0

    def look() -> None:
        nonlocal last, longest
        now = time.perf_counter()
        longest, last = max(longest, now - last), now

    timer = QTimer()
    timer.setInterval(LOOK_MS)
    timer.timeout.connect(look)
    timer.start()
    act()
    window.wait(lambda: all(condition() for condition in until))
    done = time.perf_counter() - started
    _calm(window)
    look()
    timer.stop()
    say(f"by hand: a gap of {longest:.3f} s, done in {done:.2f} s")
    return longest, done


def _press(window: Window, name: str) -> None:
    button = window.dock.findChild(QAbstractButton, name)
    assert button is not None
    window.wait(button.isEnabled)
    button.click()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:  # corrections begin a project
        os.environ["XDG_DATA_HOME"] = home
        whose, *numbers = sys.argv[1:]
        *edges, n_rounds = map(int, numbers)
        drive = run if whose == "ours" else run_napari
        print(json.dumps(drive(tuple(edges), n_rounds)), flush=True)
        os._exit(0)
