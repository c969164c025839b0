"""A window's session that prepares a volume, until it kills itself, for `test_prepare_killed`.

``python -m tests.napari_plugin.preparer VOLUME HOME LOG KIND ENOUGH`` writes a line to LOG for each
block that is worked on, kills itself when so many different ones are in it ("inf": never), and says
the digest of what was prepared at the end. KIND holds words: "small" for small blocks, "painted"
for a stroke, and so a project, at the beginning.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtWidgets import QApplication
from supervox.napari_plugin.io.readers import read_layers
from supervox.napari_plugin.session.session import Session
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks import resources
from supervox.segmentation import Partition

from tests.napari_plugin.painter import stroke
from tests.project.counted_blocks import report_blocks, use_small_blocks


def digest_of(partition: Partition) -> str:
    """Return a digest of all that a partition holds."""
    graph = partition.graph
    digest = blake2b(digest_size=16)
    for array in (partition.ids, partition.table.values, partition.table.counts, graph.edges):
        digest.update(np.ascontiguousarray(array).data)
    for array in (graph.area, graph.size, graph.mean_intensity):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def report_until(patch: pytest.MonkeyPatch, log: Path, enough: float) -> None:
    """Write a line for each block, and end without a word when so many were worked on."""
    seen = set(log.read_text().splitlines()) if log.exists() else set()
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def report(block: object) -> None:
        os.write(file, f"{block}\n".encode())
        seen.add(str(block))
        if len(seen) >= enough:
            os.kill(os.getpid(), signal.SIGKILL)

    report_blocks(patch, report)


def main(volume: str, home: str, log: str, kind: str, enough: str) -> None:
    """Prepare, from wherever it is."""
    patch = pytest.MonkeyPatch()
    patch.setattr(resources, "KEPT_SECONDS", -1e9)  # however small the volume
    if "small" in kind:
        use_small_blocks(patch)
    report_until(patch, Path(log), float(enough))
    app = QApplication([])
    session = Session(ViewerModel(), Settings(home=Path(home), delay_ms=20, workers=2))
    failures: list[Exception] = []
    session.preparation.failed.connect(failures.append)
    for layer in read_layers(volume, "volume"):
        session.viewer.layers.append(Layer.create(*layer))
    session.extent.prepare()
    if "painted" in kind:
        strokes = session.painting.layer
        assert strokes is not None
        strokes.data_setitem(*stroke(1, strokes.data.shape))
    while session.preparation.prepared is None and not failures:
        app.processEvents()
        time.sleep(0.002)
    if failures:
        raise failures[0]
    assert session.preparation.prepared is not None
    print(digest_of(session.preparation.prepared.segmenter.partitions[0]), flush=True)  # noqa: T201
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
