"""A program that paints, and tells how much is saved, until `test_killed` kills it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer
from numpy.typing import NDArray
from qtpy.QtWidgets import QApplication
from supervox.napari_plugin.io.readers import read_layers
from supervox.napari_plugin.session.session import Session
from supervox.napari_plugin.settings import Settings

from tests.napari_plugin.corrector import put


def stroke(number: int, shape: tuple[int, ...]) -> tuple[tuple[NDArray[np.int64], ...], int]:
    """Return the voxels and the class of a stroke, by its number; 0 erases.

    Those with odd numbers are corrections.
    """
    rng = np.random.default_rng(number)
    first = rng.integers(0, np.array(shape) - 3)
    box = np.zeros(shape, bool)
    box[tuple(slice(a, a + 3) for a in first)] = True
    return np.nonzero(box), int(rng.integers(0, 4))


def main(volume: str, home: str) -> None:
    """Paint for ever."""
    app = QApplication([])
    session = Session(ViewerModel(), Settings(home=Path(home), delay_ms=20))
    for layer in read_layers(volume, "volume"):
        session.viewer.layers.append(Layer.create(*layer))
    session.extent.prepare()
    for number in range(100_000):
        layer = session.painting.layer
        assert layer is not None
        voxels, class_id = stroke(number, layer.data.shape)
        if number % 2:
            raster = np.ravel_multi_index(voxels, layer.data.shape)
            classes = np.full(raster.size, class_id, np.uint8)
            put(session, raster, classes, "put")
        else:
            layer.data_setitem(voxels, class_id)
        while not _is_saved(session):
            app.processEvents()
            time.sleep(0.002)
        print(number, flush=True)  # noqa: T201


def _is_saved(session: Session) -> bool:
    recorder, project = session.painting.recorder, session.autosave.project
    if recorder is None or project is None or recorder.look().size:
        return False
    return not project.annotations.state.pending


if __name__ == "__main__":
    main(*sys.argv[1:])
