"""The process of the `large` benchmark: a file of full size, from opening to live labels.

``python -m benchmarks.large_window FOLDER ENDING Z Y X ROUNDS [PICTURES]`` drives the window by
mouse as a person would: looks around, prepares what is in view, paints, prepares the whole volume
behind the box, paints meanwhile, goes on in the whole, and finishes. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QToolButton
from scipy import ndimage
from supervox.napari_plugin.session.session import Session

from .application_window import Window, settle, time_stroke
from .gui_probe import GuiProbe
from .large_volume import MirroredPhantom
from .memory_stage import peak_bytes
from .timing import say

STROKE_POINTS = 12
MOST_STROKES_MEANWHILE = 5
PAUSE_MEANWHILE = 3.0  # seconds between strokes while the whole volume is prepared


class Visit:
    """A person in front of the window, with a stroke of each class in mind.

    Parameters
    ----------
    window : Window
    pictures : Path or None
        Folder for pictures of the window.

    Attributes
    ----------
    further : list of (int, int, array)
        Strokes to paint still: plane, class, places.
    """

    def __init__(self, window: Window, pictures: Path | None) -> None:
        self.window, self._pictures = window, pictures
        self.found: dict[str, Any] = {"peaks": {}}
        self.further: list[tuple[int, int, NDArray[np.float64]]] = []
        self._n_spirals = 0

    def picture(self, name: str) -> None:
        """Take a picture of the window."""
        if self._pictures is not None:
            settle(self.window)
            self.window.viewer.screenshot(
                str(self._pictures / f"{name}.png"), canvas_only=False, flash=False
            )

    def note(self, name: str, value: float) -> None:
        """Keep a figure, and the peak of memory so far."""
        self.found[name] = value
        self.found["peaks"][name] = peak_bytes()
        say(f"large: {name} {value:.2f}, peak {peak_bytes() / 1e9:.2f} GB")

    def paint_classes(self, planes: dict[int, NDArray[np.uint8]]) -> None:
        """Paint one stroke of each class that the planes have, going to each plane.

        What the last of them has more of is for later, each class in turn.
        """
        session, dims = self.window.session, self.window.viewer.dims
        for z, plane in planes.items():
            dims.set_current_step(0, z)
            self.window.pump()
            by_class = []
            for number in range(1, int(plane.max()) + 1):
                while number not in session.classes:
                    self._add_class()
                paths = _paths(plane == number)
                if paths:
                    session.classes.selected = number
                    self.drag(z, paths[0])
                by_class.append([(z, number, path) for path in paths[1:] if self._fits(z, path)])
            self.further = [item for turn in zip_longest(*by_class) for item in turn if item]

    def _add_class(self) -> None:
        """Press the button that adds a class."""
        button = self.window.dock.findChild(QToolButton, "supervox_class_add")
        assert button is not None
        button.click()

    def _fits(self, z: int, path: NDArray[np.float64]) -> bool:
        """Tell whether a path of a plane lies on the canvas."""
        canvas = self.window.canvas
        places = np.array([self.window.at(z, *place) for place in path])
        return bool(((places > 0) & (places < [canvas.width(), canvas.height()])).all())

    def drag(self, z: int, path: NDArray[np.float64]) -> None:
        """Drag the brush over voxels of a plane."""
        window = self.window
        points = [window.at(z, *place) for place in path]
        kinds = [QEvent.Type.MouseButtonPress] + [QEvent.Type.MouseMove] * (len(points) - 1)
        for kind, (x, y) in zip(kinds, points, strict=True):
            window.pump()
            window.send(kind, x, y)
        window.send(QEvent.Type.MouseButtonRelease, *points[-1])

    def stroke(self) -> tuple[float, float]:
        """Paint once more what is there; return the seconds to the slice, and to the whole."""
        z, number, path = self.further.pop(0)
        self.window.session.classes.selected = number
        return time_stroke(self.window, lambda: self.drag(z, path))

    def spiral(self) -> tuple[float, float]:
        """Paint across everything around the middle; return what `stroke` does."""
        session = self.window.session
        number, self._n_spirals = self._n_spirals, self._n_spirals + 1
        session.classes.selected = session.classes.ids[number % len(session.classes)]
        return time_stroke(self.window, lambda: self.window.stroke(number, 0.3))


def run(file: Path, phantom: MirroredPhantom, rounds: int, pictures: Path | None) -> dict[str, Any]:
    """Drive the window through everything that is measured."""
    window = Window()
    session = window.session
    visit = Visit(window, pictures)
    with GuiProbe() as probe:
        started = time.perf_counter()
        window.viewer.open(str(file), plugin="supervox")
        window.wait(lambda: session.volume.image is not None)
        settle(window)
        visit.note("open", time.perf_counter() - started)
        visit.picture("1-opened")
        visit.found["scroll"] = window.scroll(rounds)
        planes = _planes(phantom)
        window.viewer.dims.set_current_step(0, next(iter(planes)))
        window.viewer.scene.camera.zoom *= 2.5
        settle(window)

        prepare = window.dock.prepare
        window.wait(prepare.prepare_view.isEnabled)
        visit.picture("2-before-preparing")
        prepare.prepare_view.click()
        seconds = window.wait(lambda: session.preparation.prepared is not None)
        visit.note("prepare_box", seconds)
        settle(window)
        visit.picture("3-box-prepared")
        visit.paint_classes(planes)
        window.wait(lambda: session.view.result is not None)
        settle(window)
        visit.picture("4-box-painted")
        visit.found["in_box"] = [visit.stroke() for _ in range(rounds)]
        say(f"large: in the box {visit.found['in_box']}")

        box = session.preparation.prepared
        started = time.perf_counter()
        window.dock.segment.widening.button.click()
        meanwhile: list[tuple[float, float]] = []
        most = min(MOST_STROKES_MEANWHILE, len(visit.further) - rounds)
        while session.preparation.prepared is box and len(meanwhile) < most:
            meanwhile.append(visit.stroke())
            window.pause(PAUSE_MEANWHILE, unless=lambda: session.preparation.prepared is not box)
            if len(meanwhile) == 2:
                visit.picture("5-whole-meanwhile")
        visit.found["meanwhile"] = meanwhile
        say(f"large: meanwhile {meanwhile}")
        window.wait(lambda: session.preparation.prepared is not box)
        visit.note("prepare_whole", time.perf_counter() - started)
        started = time.perf_counter()
        window.wait(lambda: session.view.result is not None)
        visit.note("change_over", time.perf_counter() - started)
        settle(window)
        visit.picture("6-whole")
        visit.found["in_whole"] = [visit.stroke() for _ in range(rounds)]
        say(f"large: in the whole {visit.found['in_whole']}, {_stages(session)}")
        visit.found["scroll_labelled"] = window.scroll(rounds)
        window.viewer.reset_view()
        visit.picture("7-whole-view")
        visit.found["strength"] = _strengths(window, rounds)
        say(f"large: another strength {visit.found['strength']}")
        visit.found["peak"] = peak_bytes()
        window.dock.segment.finish.click()
        seconds = window.wait(lambda: session.delivery.is_finished)
        visit.note("finish", seconds)
        settle(window)
        visit.picture("8-finished")
        visit.found["contradicting"] = [visit.spiral() for _ in range(rounds)]
        say(f"large: strokes that contradict {visit.found['contradicting']}")
    done = session.preparation.prepared
    assert done is not None
    visit.found |= {
        "shape": list(phantom.shape),
        "file": file.name,
        "supervoxels": done.n_supervoxels,
        "classes": len(session.classes),
        "longest_block": probe.longest,
        "longest_block_in": probe.longest_in,
        "longest_wait": probe.longest_wait,
        "stages": _stages(session),
    }
    window.viewer.close()
    return visit.found


def _strengths(window: Window, rounds: int) -> list[float]:
    """Move the strength back and forth; return the seconds to the whole volume."""
    slider, seconds = window.dock.segment.strength.slider, []
    for number in range(rounds):
        changed = window.result_changes()
        slider.setValue(20 if number % 2 else 10)
        seconds.append(window.wait(changed))
        settle(window)
    return seconds


def _stages(session: Session) -> dict[str, float]:
    """Return what the stages of the last update took."""
    prepared = session.preparation.prepared
    assert prepared is not None
    return prepared.segmenter.seconds


def _planes(phantom: MirroredPhantom) -> dict[int, NDArray[np.uint8]]:
    """Return two planes with strokes, the middle of which is near that of the volume."""
    middle = phantom.shape[0] // 2
    planes = sorted(phantom.strokes(6), key=lambda item: abs(item[0] - middle))
    return dict(planes[:2])


def _paths(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return places along each stroke, the one nearest to the middle first."""
    labels, n = ndimage.label(mask, np.ones((3, 3)))
    middle = np.array(mask.shape) / 2
    centres = np.array(ndimage.center_of_mass(mask, labels, range(1, n + 1))).reshape(n, 2)
    paths = []
    for nearest in np.linalg.norm(centres - middle, axis=1).argsort(kind="stable") + 1:
        places = np.argwhere(labels == nearest).astype(float)
        along = places[:, int(np.ptp(places, axis=0).argmax())]
        places = places[np.argsort(along)]
        paths.append(places[np.linspace(0, len(places) - 1, STROKE_POINTS).astype(int)])
    return paths


def main() -> None:
    """Do what the arguments say."""
    folder, ending, *rest = sys.argv[1:]
    z, y, x, rounds = map(int, rest[:4])
    phantom = MirroredPhantom((z, y, x))
    file = Path(folder) / f"cell{ending}"
    if not file.exists():
        phantom.write(file)
        say(f"large: {file.name} written")
    pictures = Path(rest[4]) if len(rest) > 4 else None
    with tempfile.TemporaryDirectory(dir=folder) as home:  # projects begin with the first stroke
        os.environ["XDG_DATA_HOME"] = home
        print(json.dumps(run(file, phantom, rounds, pictures)))


if __name__ == "__main__":
    main()
