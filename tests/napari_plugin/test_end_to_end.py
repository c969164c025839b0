"""From a volume to a file and back to painting, in a real window, with mouse and keys only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog
from scipy.ndimage import distance_transform_edt
from supervox.napari_plugin.widgets.class_table import NAME
from supervox.sample_data import make_phantom
from supervox.volumes import open_volume, write_volume

from benchmarks.gui_probe import GuiProbe

AT_MOST = 0.05  # seconds of ours in a row on the GUI thread


@dataclass(frozen=True)
class Specimen:
    """An image and what is in it, on the plane that is painted on."""

    image: np.ndarray
    truth: np.ndarray
    spacing: tuple[float, ...]
    plane: int
    painted: tuple[int, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """What the image's layer says."""
        ndim = self.image.ndim
        return {"scale": self.spacing[-ndim:], "units": ("nm",) * ndim, "name": "cell"}

    def in_plane(self, voxels: np.ndarray) -> np.ndarray:
        """Return the plane of an array like the image."""
        return voxels if voxels.ndim == 2 else voxels[self.plane]


def synthetic(_: pytest.FixtureRequest) -> Specimen:
    sample = make_phantom((48, 96, 96))
    return Specimen(sample.image, sample.labels, sample.spacing, 24, (1, 2, 3))


def flat(_: pytest.FixtureRequest) -> Specimen:
    sample = make_phantom((48, 192, 192))
    return Specimen(sample.image[24], sample.labels[24], sample.spacing, 0, (1, 2, 3))


def cryo_sxt(request: pytest.FixtureRequest) -> Specimen:
    folder = request.getfixturevalue("data_folder") / "cryo_sxt_mitochondria"
    with open_volume(folder / "image.tif") as image, open_volume(folder / "labels.tif") as labels:
        spacing = json.loads((folder / "info.json").read_text())["spacing_zyx"]
        return Specimen(image.data[:], labels.data[:], tuple(spacing), 3, (1, 2))


class Person:
    """Knows the specimen, and paints what it sees."""

    def __init__(self, window: Any, specimen: Specimen, qtbot: Any) -> None:
        self.window, self.specimen, self._bot = window, specimen, qtbot
        self.truth = specimen.in_plane(specimen.truth)
        counts = np.bincount(self.truth.ravel(), minlength=8)
        counts[0] = 0
        self.truths = np.sort(np.argsort(-counts)[: len(specimen.painted)])

    def is_class(self, number: int) -> np.ndarray:
        """Return where a class of ours really is in the plane."""
        return self.truth == self.truths[number - 1]

    def pick(self, number: int) -> None:
        """Click on a class in the table."""
        table = self.window.find("supervox_classes")
        cell = table.visualItemRect(table.item(number - 1, NAME)).center()
        self._bot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
        self.window.settle_widgets()

    def widest(self, mask: np.ndarray) -> tuple[int, int]:
        """Return the place in the plane that is farthest from what is not in a mask."""
        padded = np.pad(mask, 1)
        row, column = np.unravel_index(
            distance_transform_edt(padded)[1:-1, 1:-1].argmax(), mask.shape
        )
        return int(row), int(column)

    def paint(self, mask: np.ndarray) -> None:
        """Drag the brush through the middle of a region, along its row."""
        row, column = self.widest(mask)
        left = right = column
        while left > max(1, column - 6) and mask[row, left - 1]:
            left -= 1
        while right < min(mask.shape[1] - 2, column + 6) and mask[row, right + 1]:
            right += 1
        columns = np.linspace(left + 1, max(left + 1, right - 1), 6)
        self.window.drag(*((self.specimen.plane, row, c) for c in columns))


def stroke_is_labelled(window: Any, number: int) -> bool:
    painted = window.strokes.data == number
    labels = np.asarray(window.session.view.prediction.data)
    return bool(painted.any() and (labels[painted] == number).all())


def labels_of(window: Any) -> np.ndarray:
    return np.asarray(window.session.view.prediction.data).copy()


def export(window: Any, kind: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose what to write, and answer the dialogue."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    window.choose("supervox_export_kind", kind)
    window.click("supervox_export")
    window.settle()
    assert window.dock.export.describe() == f"Written: {path.name}"


def command_line(folder: Path, specimen: Specimen, strength: float) -> np.ndarray:
    """Let the command line segment the same volume with the exported strokes."""
    volume, labels = folder / "volume.tif", folder / "by_command.tif"
    write_volume(volume, specimen.image, spacing=specimen.spacing, unit="nm", kind="image")
    command = [sys.executable, "-c", "from supervox.cli import main; main()"]
    command += ["segment", str(volume), "--annotations", str(folder / "strokes.tif")]
    command += ["--output", str(labels), "--refine", str(strength)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with open_volume(labels) as written:
        return written.data[:]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(synthetic, marks=pytest.mark.long),  # much of it is in the whole path as well
        flat,
        pytest.param(cryo_sxt, marks=[pytest.mark.data, pytest.mark.long]),
    ],
)
def test_from_a_volume_to_a_file_and_on(
    make: Callable[[pytest.FixtureRequest], Specimen],
    request: pytest.FixtureRequest,
    open_dock: Callable[..., Any],
    qtbot: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: list[str],
) -> None:
    specimen = make(request)
    window = open_dock(show=True)
    person = Person(window, specimen, qtbot)
    with GuiProbe() as probe:
        _work(window, person, tmp_path, monkeypatch)
        window.close_dock()
        window.open()
        _go_on(window, person)
    assert told == []
    assert probe.longest <= AT_MOST, (probe.longest, probe.longest_in)


def _work(window: Any, person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specimen, plane = person.specimen, person.specimen.plane
    painted = specimen.painted
    window.viewer.add_image(specimen.image, **specimen.fields)
    if specimen.image.ndim == 3:
        window.viewer.dims.set_current_step(0, plane)
    window.settle()

    # prepare, and paint meanwhile
    window.click("supervox_prepare")
    window.slide("supervox_brush_size", 3)
    for _ in painted[2:]:  # beside the two that are there
        window.click("supervox_class_add")
    for number in painted:
        person.pick(number)
        person.paint(person.is_class(number))
    window.settle()
    assert window.session.live.scan.counts == dict.fromkeys(painted, 1)
    assert window.session.view.result.class_ids == painted
    assert all(stroke_is_labelled(window, number) for number in painted)
    first = labels_of(window)

    # smoothness: none, and back to what the strokes call for
    window.slide("supervox_strength", 0)
    window.settle()
    assert window.session.parameters.refinement.strength == 0
    assert (labels_of(window) != first).any()
    window.click("supervox_strength_auto")
    window.settle()
    np.testing.assert_array_equal(labels_of(window), first)

    # correct the place where it is wrong most
    wrong = {k: person.is_class(k) & (specimen.in_plane(first) != k) for k in painted}
    number = max(wrong, key=lambda k: distance_transform_edt(wrong[k]).max())
    window.key(getattr(Qt.Key, f"Key_{number}"))
    row, column = person.widest(wrong[number])
    window.drag((plane, row, column), (plane, row, column + 1))
    window.settle()
    assert stroke_is_labelled(window, number)
    corrected, strokes = labels_of(window), window.strokes.data.copy()
    before, after = specimen.in_plane(first), specimen.in_plane(corrected)
    assert after[row, column] == number != before[row, column]

    # undo and redo
    window.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    window.settle()
    np.testing.assert_array_equal(labels_of(window), first)
    assert (window.strokes.data != strokes).any()
    window.click("supervox_redo")
    window.settle()
    np.testing.assert_array_equal(window.strokes.data, strokes)
    np.testing.assert_array_equal(labels_of(window), corrected)

    window.slide("supervox_strength", 10)
    window.settle()

    # full quality, and files
    window.click("supervox_finish")
    window.settle()
    assert not window.session.view.prediction.visible
    assert window.session.view.final.visible
    export(window, "Labels", folder / "labels.tif", monkeypatch)
    export(window, "Strokes", folder / "strokes.tif", monkeypatch)
    with open_volume(folder / "labels.tif") as written:
        labels = written.data[:]
        assert written.spacing[-specimen.image.ndim :] == pytest.approx(
            window.session.volume.image.scale
        )
        assert written.unit == "nm"
        assert [item.value for item in written.classes] == list(painted)
    expected = command_line(folder, specimen, 0.5)
    assert labels.dtype == expected.dtype == np.uint8
    assert labels.tobytes() == expected.tobytes()


def _go_on(window: Any, person: Person) -> None:
    specimen, painted = person.specimen, person.specimen.painted
    new = len(painted) + 1
    window.settle()
    assert window.session.live.scan.counts.keys() == set(painted)
    assert not window.find("supervox_prepare").isEnabled()  # it is there still
    assert window.session.view.result.class_ids == painted
    window.click("supervox_class_add")
    others = specimen.in_plane(window.strokes.data) != 0
    is_free = distance_transform_edt(~others) > 12
    person.paint((specimen.in_plane(labels_of(window)) == 1) & is_free)
    window.settle()
    assert window.session.view.result.class_ids == (*painted, new)
    assert stroke_is_labelled(window, new)
