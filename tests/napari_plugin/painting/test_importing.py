"""Labels from elsewhere as strokes: layers and files, which class each value becomes, one undo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QDialog
from supervox.napari_plugin.painting.importing import EVERYTHING, Found
from supervox.volumes import VolumeClass, write_volume

SHAPE = (16, 40, 48)


@pytest.fixture
def labels() -> np.ndarray:
    values = np.zeros(SHAPE, np.int32)
    values[8, 2:6, 2:6] = 1
    values[8, 30:34, 20:28] = 7
    return values


def look(bench: Any, name: str, labels: Any, classes: tuple[VolumeClass, ...] = ()) -> Found:
    found: list[Found] = []
    bench.session.importing.found.connect(found.append)
    bench.session.importing.read(name, labels, classes)
    bench.until(lambda: found)
    return found[0]


def paint(bench: Any, found: Found, chosen: dict[int, int | None], *, over: bool = False) -> None:
    bench.session.importing.paint(found, chosen, over=over)
    bench.until(lambda: not bench.session.importing.placing.is_running)
    bench.settle()


def test_values_become_classes_in_one_step(bench: Any, labels: np.ndarray) -> None:
    bench.paint(2)
    bench.settle()
    before = bench.strokes.data.copy()
    found = look(bench, "theirs", labels, (VolumeClass(7, "lipid", "#123456"),))
    assert found.counts == {1: 16, 7: 32}
    assert found.suggest(bench.session.classes) == {1: 1, 7: None}
    paint(bench, found, {1: 1, 7: None})
    np.testing.assert_array_equal(
        bench.strokes.data, np.where(labels != 0, labels, before).astype(np.uint8)
    )
    assert bench.session.classes[7].name == "lipid"
    assert bench.session.classes[7].colour == "#123456"
    bench.session.painting.undo()
    np.testing.assert_array_equal(bench.strokes.data, before)


def test_what_is_painted_stays_unless_it_is_painted_over(bench: Any, labels: np.ndarray) -> None:
    bench.strokes.data_setitem((np.array([8]), np.array([3]), np.array([3])), 2)
    found = look(bench, "theirs", labels)
    paint(bench, found, {1: 1})
    assert bench.strokes.data[8, 3, 3] == 2
    assert (bench.strokes.data == 1).sum() == 15
    assert not (bench.strokes.data == 7).any()
    paint(bench, found, {1: 1}, over=True)
    assert (bench.strokes.data == 1).sum() == 16


def test_a_name_wins_over_a_number(bench: Any, labels: np.ndarray) -> None:
    found = look(bench, "theirs", labels, (VolumeClass(1, "structure"), VolumeClass(7, "new")))
    assert found.suggest(bench.session.classes) == {1: 2, 7: None}


def test_objects_become_one_class(bench: Any) -> None:
    objects = np.arange(np.prod(SHAPE)).reshape(SHAPE) % 100
    found = look(bench, "objects", objects)
    assert found.counts == {EVERYTHING: np.count_nonzero(objects)}
    paint(bench, found, {EVERYTHING: None})
    assert bench.session.classes.ids == (1, 2, 3)
    np.testing.assert_array_equal(bench.strokes.data, np.where(objects != 0, 3, 0))


def test_a_flat_image(open_bench: Callable[..., Any], labels: np.ndarray, tmp_path: Path) -> None:
    bench = open_bench(np.random.default_rng(0).integers(0, 99, SHAPE[1:]))
    write_volume(tmp_path / "flat.tif", labels[8].astype(np.uint8))
    found: list[Found] = []
    bench.session.importing.found.connect(found.append)
    bench.session.importing.read_file(str(tmp_path / "flat.tif"))
    bench.until(lambda: found)
    paint(bench, found[0], {1: 2})
    np.testing.assert_array_equal(bench.strokes.data, np.where(labels[8] == 1, 2, 0))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (np.ones((3, 4, 5), int), "has 3 × 4 × 5 voxels, the image 16 × 40 × 48; choose labels of"),
        (np.ones(SHAPE, np.float32), "holds float32, but labels are integers"),
        (np.zeros(SHAPE, np.uint8), "every voxel is 0; there is nothing to import"),
    ],
)
def test_what_can_not_be_imported(
    bench: Any, told: list[str], made: np.ndarray, message: str
) -> None:
    bench.session.importing.read("theirs", made, ())
    bench.until(lambda: told)
    assert told[0].startswith("theirs: ")
    assert message in told[0]


def test_no_class_is_left(bench: Any, labels: np.ndarray, told: list[str]) -> None:
    bench.session.classes.ensure(range(1, 256))
    found = look(bench, "theirs", labels)
    bench.session.importing.paint(found, {1: None}, over=False)
    assert told == ["there are 255 classes, and no more are possible: delete one"]


def test_a_person_imports_a_layer(window: Any, labels: np.ndarray) -> None:
    layer = window.viewer.add_labels(labels, name="truth")
    assert window.session.importing.layers() == [layer]
    window.session.importing.read_layer(layer)
    window.until(lambda: window.dock.findChild(QDialog, "supervox_import_dialog"))
    dialog = window.dock.findChild(QDialog, "supervox_import_dialog")
    assert [dialog.choice(row).currentText() for row in (0, 1)] == ["background", "a new class"]
    dialog.choice(0).setCurrentText("(leave out)")
    dialog.accept_button.click()
    window.until(lambda: (window.strokes.data == 7).any())
    window.settle()
    np.testing.assert_array_equal(window.strokes.data, np.where(labels == 7, 7, 0))
    assert window.session.live.scan.counts == {7: 1}


@pytest.mark.parametrize(
    ("image", "name", "warned"),
    [
        ("rows are read from their end", "theirs.tif", True),
        ("", "theirs.tif", False),
        (None, "theirs.tif", False),
        ("rows are read from their end", "theirs.nrrd", False),
    ],
)
def test_labels_that_may_be_mirrored_are_told(
    bench: Any,
    labels: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    image: str | None,
    name: str,
    warned: bool,
) -> None:
    said: list[str] = []
    monkeypatch.setattr("supervox.napari_plugin.painting.importing.show_warning", said.append)
    bench.session.volume.image.metadata["supervox"] = {"turned": image}
    write_volume(tmp_path / name, labels, spacing=(2, 1, 1))
    found: list[Found] = []
    bench.session.importing.found.connect(found.append)
    bench.session.importing.read_file(str(tmp_path / name))
    bench.until(lambda: found)
    assert bool(said) == warned
    assert all("orientation=stored" in text for text in said)
