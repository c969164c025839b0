"""A mask in the window: a layer chosen, painted on, read from a file, kept, and taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from napari.layers import Labels
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from supervox.napari_plugin.session import masking
from supervox.napari_plugin.widgets.volume_section import MASK_FILE, NO_MASK


@pytest.fixture
def inside(scene: Any) -> np.ndarray:
    """Return a mask that leaves ten columns out; its values are labels of any kind."""
    mask: np.ndarray = np.full(scene.shape, 7, np.uint16)
    mask[:, :, :10] = 0
    return mask


def final_labels(bench: Any) -> np.ndarray:
    bench.session.delivery.finish()
    bench.settle()
    labels: np.ndarray = bench.session.delivery.finishing.finished.labels
    return labels


def test_a_mask_layer_leaves_out_and_is_taken_away_again(
    open_dock: Callable[..., Any], scene: Any, inside: np.ndarray
) -> None:
    window = open_dock(scene.image)
    session = window.session
    window.viewer.add_layer(Labels(inside, name="tube"))
    window.settle()
    window.prepare(2, 3)
    assert session.view.result.labels.all()

    window.choose("supervox_mask", "tube")
    window.settle()
    assert window.find("supervox_mask").currentText() == "tube"
    assert session.extent.is_out_of_date
    session.extent.prepare()
    window.settle()
    share = 100 * 10 / scene.shape[2]
    note = window.find("supervox_no_data")
    assert note.text() == f"The mask leaves {share:.3g} % of the volume out: labels there are 0"
    empty = session.preparation.prepared.segmenter.partitions[0].graph.size == 0
    assert empty.any()
    assert not session.view.result.labels[empty].any()
    labels = final_labels(window)
    assert not labels[inside == 0].any()
    assert labels[inside > 0].all()

    window.choose("supervox_mask", NO_MASK)
    window.settle()
    assert session.volume.mask is None
    assert session.extent.is_out_of_date
    session.extent.prepare()
    window.settle()
    assert session.view.result.labels.all()


@pytest.fixture
def clicks_follow_at_once() -> Iterator[None]:
    """Have menus take a click right after they opened."""
    interval = QApplication.doubleClickInterval()
    QApplication.setDoubleClickInterval(1)
    yield
    QApplication.setDoubleClickInterval(interval)


@pytest.mark.usefixtures("clicks_follow_at_once")
def test_a_mask_is_chosen_by_mouse(
    open_dock: Callable[..., Any], scene: Any, inside: np.ndarray, qtbot: QtBot
) -> None:
    window = open_dock(scene.image)
    window.viewer.add_layer(Labels(inside, name="tube"))
    window.settle()
    box = window.find("supervox_mask")
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton)
    items = box.view()
    qtbot.waitUntil(items.isVisible)
    at = items.visualRect(box.model().index(box.findText("tube"), 0)).center()

    def is_clicked() -> bool:
        qtbot.mouseMove(items.viewport(), at)
        qtbot.mouseClick(items.viewport(), Qt.MouseButton.LeftButton, pos=at)
        return not items.isVisible()

    qtbot.waitUntil(is_clicked, timeout=60_000)
    window.until(lambda: window.session.volume.mask is not None)
    window.settle()
    assert box.currentText() == "tube"
    np.testing.assert_array_equal(window.session.volume.mask.voxels[:], inside > 0)


def test_a_mask_is_read_again_when_it_is_painted_on(
    open_bench: Callable[..., Any], scene: Any, inside: np.ndarray
) -> None:
    bench = open_bench(scene.image)
    masking, volume = bench.session.masking, bench.session.volume
    layer = bench.viewer.add_layer(Labels(inside, name="tube"))
    masking.choose_layer(layer)
    bench.settle()
    before = volume.mask
    layer.data_setitem(np.nonzero(inside[:4] == 0), 3)
    bench.until(lambda: volume.mask is not before)
    assert volume.mask.voxels[:4].all()
    assert not volume.mask.voxels[4:, :, :10].any()
    bench.viewer.layers.selection.active = layer
    layer.undo()
    bench.until(lambda: volume.mask == before)


@pytest.mark.parametrize("is_new", [True, False])
def test_what_is_painted_while_a_mask_is_read_counts(
    open_bench: Callable[..., Any],
    scene: Any,
    inside: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    held: Any,
    is_new: bool,
) -> None:
    monkeypatch.setattr(masking, "SETTLE_MS", 200)
    bench = open_bench(scene.image)
    layer = bench.viewer.add_layer(Labels(inside.copy(), name="tube"))
    masks = bench.session.masking
    if not is_new:
        masks.choose_layer(layer)
        bench.settle()
    monkeypatch.setattr(masking, "_copy", held.around(masking._copy))
    masks.choose_layer(layer)
    bench.until(held.is_done.is_set)
    layer.data_setitem((np.array([8]), np.array([20]), np.array([24])), 0)
    held.may_return.set()
    bench.until(lambda: not masks.is_changing)
    assert bench.session.volume.mask.voxels[8, 20, 24] == 0
    np.testing.assert_array_equal(bench.session.volume.mask.voxels[:], layer.data > 0)


def test_removing_the_layer_takes_the_mask_away(
    open_bench: Callable[..., Any], scene: Any, inside: np.ndarray
) -> None:
    bench = open_bench(scene.image)
    layer = bench.viewer.add_layer(Labels(inside, name="tube"))
    bench.session.masking.choose_layer(layer)
    bench.settle()
    assert bench.session.volume.mask is not None
    bench.viewer.layers.remove(layer)
    assert bench.session.volume.mask is None


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones((16, 40, 47), np.uint8), "has 16 x 40 x 47 voxels, the image 16 x 40 x 48"),
        (np.ones((40, 48), np.uint8), "has 40 x 48 voxels, the image 16 x 40 x 48"),
        (np.zeros((16, 40, 48), np.uint8), "is 0 everywhere, which leaves nothing to segment"),
    ],
)
def test_what_can_not_be_a_mask_is_told(
    open_dock: Callable[..., Any],
    scene: Any,
    told: list[str],
    mask: np.ndarray,
    message: str,
) -> None:
    window = open_dock(scene.image)
    window.viewer.add_layer(Labels(mask, name="tube"))
    window.settle()
    window.choose("supervox_mask", "tube")
    window.until(lambda: told)
    window.settle()
    assert f"tube: {message}" in told[0]
    assert window.session.volume.mask is None
    assert window.find("supervox_mask").currentText() == NO_MASK


def test_a_file_becomes_a_mask_layer(
    open_dock: Callable[..., Any],
    scene: Any,
    inside: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: list[str],
) -> None:
    window = open_dock(scene.image)
    for name, values in (("tube.tif", inside), ("small.tif", inside[1:])):
        tifffile.imwrite(tmp_path / name, values)
    asked = "supervox.napari_plugin.widgets.volume_section.QFileDialog.getOpenFileName"
    monkeypatch.setattr(asked, lambda *_: (str(tmp_path / "small.tif"), ""))
    window.choose("supervox_mask", MASK_FILE)
    window.until(lambda: told)
    assert "small.tif: has 15 x 40 x 48 voxels" in told[0]
    window.settle()
    monkeypatch.setattr(asked, lambda *_: (str(tmp_path / "tube.tif"), ""))
    window.choose("supervox_mask", MASK_FILE)
    window.settle()
    layer = window.layer("tube.tif")
    np.testing.assert_array_equal(layer.data, inside > 0)
    assert window.find("supervox_mask").currentText() == "tube.tif"
    assert window.session.volume.mask.reference.left_out == np.count_nonzero(inside == 0)
    assert window.viewer.layers.selection.active == window.strokes


def test_a_mask_of_a_single_plane(open_bench: Callable[..., Any], scene: Any) -> None:
    bench = open_bench(scene.image[8])
    mask = np.ones(scene.shape[1:], np.uint8)
    mask[:, :10] = 0
    bench.session.masking.choose_layer(bench.viewer.add_layer(Labels(mask, name="tube")))
    bench.settle()
    bench.session.extent.prepare()
    for class_id in (2, 3):
        painted = np.zeros(mask.shape, bool)
        painted[scene.stroke(class_id)[1:]] = True
        bench.paint_voxels(painted, class_id)
    bench.settle()
    np.testing.assert_array_equal(final_labels(bench)[0] > 0, mask > 0)
