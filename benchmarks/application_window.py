"""The process of the `application` benchmark: opens the window, drives it, prints JSON."""

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
from qtpy.QtCore import QEvent
from supervox.napari_plugin.dock import SupervoxDock
from supervox.sample_data import Phantom, PhantomParameters, stroke_planes

from .gui_probe import GuiProbe
from .timing import say
from .viewer_window import ViewerWindow

STROKES = 12
STROKE_SECONDS, LONG_STROKE_SECONDS = 0.5, 2.0
MOUSE_HZ = 60.0


class Window(ViewerWindow):
    """A viewer with the dock."""

    def __init__(self) -> None:
        super().__init__()
        self.dock: SupervoxDock = self.viewer.window.add_plugin_dock_widget("supervox")[1]
        self.session = self.dock.session

    def result_changes(self) -> Callable[[], bool]:
        """Return what tells whether there is another result than now."""
        view = self.session.view
        before = view.result
        return lambda: view.result is not before

    def at(self, *place: float) -> tuple[float, float]:
        """Return where a voxel (plane, row, column) of the image is on the canvas."""
        image, viewer = self.session.volume.image, self.viewer
        assert image is not None
        rows, columns = viewer.dims.displayed
        world = np.asarray(image.data_to_world(place))[[columns, rows]]
        camera = viewer.scene.camera
        offset = (world - np.array(camera.center)[[-1, -2]]) * camera.zoom
        x, y = np.array([self.canvas.width(), self.canvas.height()]) / 2 + offset
        return float(x), float(y)

    def stroke(self, number: int, seconds: float) -> float:
        """Drag the brush in a spiral around the middle, as fast as a hand does.

        The mouse reports its place `MOUSE_HZ` times a second; the window takes what it can.

        Returns
        -------
        float
            Stamps of the brush a second; napari fills in those between two places of the mouse.
        """
        middle = self.canvas.width() / 2, self.canvas.height() / 2
        layer = self.session.painting.layer
        assert layer is not None
        stamps: list[int] = []

        def count(event: Any) -> None:
            stamps.append(len(event.value))  # one part of the undo step for each stamp

        layer.events.paint.connect(count)
        started = time.perf_counter()

        def place(at: float) -> tuple[float, float]:
            angle, radius = number + 4 * at, 20 + 3 * number + 20 * at
            return middle[0] + radius * np.cos(angle), middle[1] + radius * np.sin(angle)

        self.send(QEvent.Type.MouseButtonPress, *place(0))
        due = started
        while (now := time.perf_counter()) - started < seconds:
            if now >= due:  # a hand does not wait: places that are missed are missed
                due = now + 1 / MOUSE_HZ
                self.send(QEvent.Type.MouseMove, *place(now - started))
            self.pump()
        spent = time.perf_counter() - started
        self.send(QEvent.Type.MouseButtonRelease, *place(seconds))
        layer.events.paint.disconnect(count)
        return sum(stamps) / spent


def run(shape: tuple[int, int, int], rounds: int) -> dict[str, Any]:
    """Drive the window through everything that is measured."""
    phantom = Phantom(PhantomParameters(shape=shape))
    image = np.empty(shape, np.uint16)
    phantom.fill_image(image)
    say("application: phantom made")
    window = Window()
    session = window.session
    limits = [float(v) for v in np.percentile(image[:: max(1, shape[0] // 8)], (1, 99))]
    window.viewer.add_image(
        image, name="cell", scale=phantom.spacing, units=("nm",) * 3, contrast_limits=limits
    )
    layer = session.painting.layer
    assert layer is not None
    for z, plane in stroke_planes(phantom, STROKES):
        layer.data[z] = plane
    layer.refresh()
    window.wait(window.dock.prepare.prepare.isEnabled)
    window.dock.prepare.prepare.click()
    prepared = window.wait(lambda: session.view.result is not None)
    say(f"application: prepared and labelled in {prepared:.0f} s")
    session.view.outline_supervoxels(True)
    settle(window)
    with GuiProbe() as probe:
        results = (
            _strokes(window, rounds)
            | _contradictions(window, rounds)
            | _strengths(window, rounds)
            | {"scroll": window.scroll(rounds), "scroll_during": _scroll_during(window, rounds)}
        )
    done = session.preparation.prepared
    assert done is not None
    results |= {
        "shape": list(shape),
        "supervoxels": done.n_supervoxels,
        "classes": len(session.classes),
        "prepared": done.seconds,
        "delay_ms": session.settings.delay_ms,
        "longest_block": probe.longest,
        "longest_block_in": probe.longest_in,
        "longest_wait": probe.longest_wait,
    }
    assert session.autosave.project is not None
    session.autosave.project.annotations.flush()
    results["journal_bytes"] = session.autosave.project.annotations.journal.size
    window.viewer.close()
    return results


def settle(window: Window) -> None:
    """Wait until nothing works any more."""
    live, autosave = window.session.live, window.session.autosave
    window.wait(lambda: not (live.is_busy or autosave.working.is_running))
    for _ in range(5):
        window.pump()


def time_stroke(window: Window, paint: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds from a stroke to labels of the slice in view, and of all there is.

    Work may have begun on the first half of the stroke: what counts is what comes last. Never
    to be painted twice in the same place: a stroke that changes nothing has no result.
    """
    session, seen, known = window.session, list[float](), list[float]()
    prepared, updating = session.preparation.prepared, session.live.updating

    def look(_: object) -> None:
        seen.append(time.perf_counter())

    def know(_: object) -> None:
        known.append(time.perf_counter())

    updating.published.connect(look)
    updating.succeeded.connect(know)
    paint()
    ended = time.perf_counter()
    window.wait(
        lambda: (
            (known and known[-1] > ended and not session.live.is_busy)
            or session.preparation.prepared is not prepared  # changed over
        )
    )
    window.pump()
    updating.published.disconnect(look)
    updating.succeeded.disconnect(know)
    whole = (known[-1] if known else time.perf_counter()) - ended
    settle(window)
    return (seen[-1] - ended if seen else whole), whole


def _strokes(window: Window, rounds: int) -> dict[str, Any]:
    session, live = window.session, window.session.live
    session.use_tool("paint")
    first: list[float] = []
    whole: list[float] = []
    for number in range(rounds):
        session.classes.selected = session.classes.ids[number % len(session.classes)]
        to_view, to_whole = time_stroke(window, partial(window.stroke, number, STROKE_SECONDS))
        first.append(to_view)
        whole.append(to_whole)
        say(f"application: a stroke {to_view:.2f} s, whole {to_whole:.2f} s")
    session.set_live(False)
    settle(window)
    alone = window.stroke(rounds, LONG_STROKE_SECONDS)
    during = []
    for number in range(3):
        changed = window.result_changes()
        live.update()
        window.wait(partial(_any_of, changed, lambda: live.updating.is_running))
        during.append(window.stroke(rounds + 1 + number, LONG_STROKE_SECONDS))
        window.wait(lambda: not live.updating.is_running)
    session.set_live(True)
    settle(window)
    return {
        "stroke_to_view": first,
        "stroke_to_whole": whole,
        "stamps_per_second_alone": alone,
        "stamps_per_second": min(during),
    }


def _contradictions(window: Window, rounds: int) -> dict[str, Any]:
    """Paint each stroke again in another class, over the one that is there."""
    session = window.session
    ids, whole = session.classes.ids, list[float]()
    for number in range(rounds):
        session.classes.selected = ids[(number + 1) % len(ids)]
        whole.append(time_stroke(window, partial(window.stroke, number, STROKE_SECONDS))[1])
    return {"contradiction_to_whole": whole}


def _any_of(*conditions: Callable[[], bool]) -> bool:
    return any(condition() for condition in conditions)


def _strengths(window: Window, rounds: int) -> dict[str, Any]:
    session = window.session
    slider = window.dock.segment.strength.slider
    first: list[float] = []
    whole: list[float] = []
    seen: list[float] = []
    session.live.updating.published.connect(lambda _: seen.append(time.perf_counter()))
    for number in range(rounds):
        seen.clear()
        changed, started = window.result_changes(), time.perf_counter()
        slider.setValue(20 if number % 2 else 10)
        window.wait(changed)
        whole.append(time.perf_counter() - started)
        first.append((seen[0] - started) if seen else whole[-1])
        settle(window)
    return {"strength_to_view": first, "strength_to_whole": whole}


def _scroll_during(window: Window, rounds: int) -> list[float]:
    """Step through some slices while updates run; return the seconds that each took."""
    session, seconds = window.session, list[float]()
    session.set_live(False)
    settle(window)
    while len(seconds) < 3 * rounds:
        changed = window.result_changes()
        session.live.update()
        window.wait(partial(_any_of, changed, lambda: session.live.updating.is_running))
        while session.live.updating.is_running:
            seconds.append(window.step(len(seconds)))
        settle(window)
    session.set_live(True)
    settle(window)
    return seconds


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:  # projects begin with the first stroke
        os.environ["XDG_DATA_HOME"] = home
        print(json.dumps(run(tuple(json.loads(sys.argv[1])), int(sys.argv[2]))))
