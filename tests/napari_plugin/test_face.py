"""The window's own face: an empty page, help, Ctrl+S, labels in space, other planes, pictures."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QVBoxLayout, QWidget
from supervox.napari_plugin import face
from supervox.napari_plugin.dock import TITLES
from supervox.napari_plugin.io.preferred_reader import is_preferred
from supervox.napari_plugin.layers.source import finest_data
from supervox.napari_plugin.session.in_space import around
from supervox.napari_plugin.session.objects_state import MeasureScale
from supervox.napari_plugin.surroundings import BAR_PIXELS
from supervox.napari_plugin.widgets.help_window import KEYS, STEPS
from supervox.napari_plugin.widgets.legend import scale_words
from supervox.napari_plugin.widgets.picture_box import figure_of


def child(window: Any, name: str) -> Any:
    """Return a widget of the whole window."""
    (found,) = window.dock.window().findChildren(QWidget, name)
    return found


@pytest.fixture
def labelled(shown: Any) -> Any:
    shown.prepare(1, 2, 3)
    return shown


def test_an_empty_window_has_a_page_of_its_own(open_dock: Callable[..., Any], qtbot: Any) -> None:
    window = open_dock(show=True)
    window.until(lambda: window.dock.around.welcome is not None)
    page = child(window, "supervox_welcome")
    assert page.isVisible()
    qtbot.mouseClick(child(window, "supervox_welcome_keys"), Qt.MouseButton.LeftButton)
    assert window.dock.around.help.isVisible()
    assert (
        window.dock.around.help.tabs.tabText(window.dock.around.help.tabs.currentIndex()) == "Keys"
    )
    reads = child(window, "supervox_welcome_reader")
    for is_wanted in (True, False):
        qtbot.mouseClick(reads, Qt.MouseButton.LeftButton, pos=QPoint(8, reads.height() // 2))
        assert is_preferred() == reads.isChecked() == is_wanted
    window.viewer.add_image(np.zeros((4, 8, 9), np.uint8))
    window.settle_widgets()
    assert not page.isVisible()


def test_the_page_goes_on_with_a_project_under_its_picture(
    open_dock: Callable[..., Any], scene: Any, qtbot: Any
) -> None:
    window = open_dock(scene.image, name="cell", show=True)
    window.paint(1)
    window.until(lambda: window.session.autosave.project is not None)
    window.settle()
    folder = window.session.autosave.folder
    picture = window.session.autosave.recent.picture(folder)
    window.until(picture.exists)
    with Image.open(picture) as found:
        assert found.size == (48, 40)
    window.session.next.close()
    window.settle_widgets()
    button = child(window, "supervox_welcome_recent_0")
    assert button.text().startswith("cell")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    window.until(lambda: window.session.volume.image is not None)
    assert window.session.autosave.folder == folder
    window.settle()


def test_help_opens_at_the_step_that_is_next(window: Any) -> None:
    window.settle_widgets()
    window.click("supervox_help")
    tabs = window.dock.around.help.tabs
    assert tabs.tabText(tabs.currentIndex()) == "Prepare"
    assert tuple(title for title, _ in STEPS) == TITLES
    assert "Ctrl+S" in dict(KEYS)


def test_the_guide_lists_the_keys_that_help_lists() -> None:
    page = Path(__file__).parents[2] / "docs" / "guide" / "keys-and-settings.md"
    text = page.read_text(encoding="utf-8")
    missing = [key for keys, _ in KEYS for key in re.split(r" to | and |(?<=\S), ", keys)]
    missing = [key for key in missing if f"`{key.removesuffix(' (hold)')}`" not in text]
    assert missing == []


def test_ctrl_s_saves_the_project(
    shown: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.paint(1)
    shown.settle()
    asked: list[str] = []

    def answer(*_: Any, **__: Any) -> tuple[str, str]:
        asked.append("where")
        return str(tmp_path / "cell.supervox"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    with pytest.warns(
        DeprecationWarning, match="setActiveWindow"
    ):  # there is no window manager to do it
        QApplication.setActiveWindow(shown.dock.window())
    shown.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    shown.until(lambda: shown.session.autosave.is_named)
    shown.settle()
    shown.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert asked == ["where"]
    shown.until(lambda: shown.session.next.offers)
    assert "All your strokes are saved" in shown.session.next.offers[0].text


def test_the_question_whether_to_close_says_that_all_is_saved(shown: Any) -> None:
    shown.paint(1)
    shown.settle()

    class ConfirmCloseDialog(QDialog):
        """Stands in for napari's, which would wait for an answer."""

    dialog = ConfirmCloseDialog(shown.dock.window())
    label = QLabel("Confirm to close window", dialog)
    QVBoxLayout(dialog).addWidget(label)
    dialog.show()
    assert label.text().startswith("All your strokes are saved, in ")
    assert label.text().endswith("Confirm to close window")
    dialog.close()
    assert ConfirmCloseDialog.__name__ == face.CLOSING


def test_what_is_said_at_the_end_where_nothing_was_painted(window: Any) -> None:
    assert "nothing to save" in window.dock.around.last_word()


def panels_of_layers_are_folded_away_and_come_back(labelled: Any) -> None:
    labelled.click("supervox_layers")
    assert not labelled.dock.around.has_layers_shown
    labelled.click("supervox_layers")
    assert labelled.dock.around.has_layers_shown


def labels_in_space_and_back(labelled: Any) -> None:
    view, viewer = labelled.session.view, labelled.viewer
    classes = labelled.session.classes
    before = [item.visible for item in classes], view.choices.opacity
    viewer.dims.set_point(0, 5)
    seen = viewer.dims.point, viewer.scene.camera.center, viewer.scene.camera.zoom
    tool = labelled.strokes.mode
    labelled.click("supervox_3d")
    assert viewer.dims.ndisplay == 3
    assert view.choices.opacity == 1.0
    assert not labelled.session.volume.image.visible
    assert view.aside
    assert view.aside < set(classes.ids)
    assert [item.visible for item in classes] == before[0], "the class table is the project's"
    assert abs(viewer.scene.camera.angles[1]) > 5
    labelled.click("supervox_3d")
    assert viewer.dims.ndisplay == 2
    assert labelled.session.volume.image.visible
    assert ([item.visible for item in classes], view.choices.opacity) == before
    assert (viewer.dims.point, viewer.scene.camera.center, viewer.scene.camera.zoom) == seen
    assert labelled.strokes.mode == tool


def is_clear(layer: Any, class_id: int) -> bool:
    return layer.colormap.color_dict[class_id][3] == 0


def napari_s_own_button_leaves_space_as_well(labelled: Any) -> None:
    viewer, view = labelled.viewer, labelled.session.view
    labelled.click("supervox_3d")
    (around_others, *_) = view.aside
    assert is_clear(view.prediction, around_others)
    viewer.dims.ndisplay = 2
    assert labelled.session.volume.image.visible
    assert labelled.strokes.visible
    assert not is_clear(view.prediction, around_others)
    labelled.click("supervox_3d")
    assert not labelled.session.volume.image.visible
    labelled.click("supervox_3d")
    assert labelled.session.volume.image.visible


def a_class_can_be_shown_in_space_by_hand(labelled: Any) -> None:
    view, classes = labelled.session.view, labelled.session.classes
    labelled.click("supervox_3d")
    (class_id, *_) = view.aside
    classes.change(class_id, visible=False)
    classes.change(class_id, visible=True)
    assert not is_clear(view.prediction, class_id)


def test_another_image_is_seen_on_its_slices_after_one_in_space(labelled: Any) -> None:
    viewer, session = labelled.viewer, labelled.session
    labelled.click("supervox_3d")
    old = session.volume.image
    session.next.close()
    viewer.add_image(np.zeros((30, 40), np.uint8), name="flat")
    labelled.settle()
    assert viewer.dims.ndisplay == 2
    assert session.volume.image.name == "flat"
    assert session.view.aside == frozenset()
    assert session.space._before is None, f"{old} would be kept"


def test_what_surrounds_the_others_touches_the_faces() -> None:
    from napari.layers import Labels

    labels = np.ones((12, 14, 16), np.uint8)
    labels[4:8, 4:8, 4:8] = 2
    assert around(Labels(labels)) == [1]
    assert around(Labels(np.ones((4, 5, 6), np.uint8))) == [], "something is to be seen"


def cuts_go_with_their_image_and_a_failed_one_is_told(labelled: Any) -> None:
    around_dock, session = labelled.dock.around, labelled.session
    labelled.click("supervox_three_planes_button")
    around_dock.cuts.go_to((8, 20, 30), 1)
    labelled.until(lambda: around_dock.planes.views[0].cut)
    around_dock.cuts.failed.emit(OSError("the disk is gone"))
    assert "the disk is gone" in session.opening.problem.text
    around_dock.cuts.go_to((8, 20, 30), 1)
    session.next.close()
    assert not around_dock.cuts.is_running
    assert all(view.cut is None for view in around_dock.planes.views)


def the_other_planes_follow_the_mouse(labelled: Any) -> None:
    labelled.viewer.dims.set_point(0, 8)
    labelled.click("supervox_three_planes_button")
    window = labelled.dock.around.planes
    assert window.isVisible()
    labelled.mouse(QEvent.Type.MouseMove, labelled.at(8, 20, 30), Qt.MouseButton.NoButton)
    labelled.until(lambda: window.views[0].cut and window.views[0].cut.place == (8, 20, 30))
    across_rows, across_columns = (view.cut for view in window.views)
    data = np.asarray(finest_data(labelled.session.view.prediction))
    np.testing.assert_array_equal(across_rows.labels, data[:, 20, :])
    np.testing.assert_array_equal(across_columns.labels, data[:, :, 30])
    place = window.views[0].at((3, 20, 10))
    labelled._bot.mouseClick(
        window.views[0], Qt.MouseButton.LeftButton, pos=QPoint(round(place.x()), round(place.y()))
    )
    labelled.until(lambda: labelled.viewer.dims.point[0] == 3)
    window.close()
    assert labelled.dock.around.cuts._on_move not in labelled.viewer.mouse_move_callbacks


def a_picture_of_the_view(labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "figure.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    zoom = labelled.viewer.scene.camera.zoom
    labelled.choose("supervox_picture_dpi", "150 dpi")
    bar, lengths = labelled.viewer.canvas.overlays.scale_bar, []
    bar.events.length.connect(lambda _: lengths.append(bar.length))
    labelled.dock.export.findChild(QWidget, "supervox_picture").click()
    with Image.open(path) as figure:
        assert figure.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        assert figure.width == pytest.approx(labelled.canvas.width() * 150 / 96, abs=2)
    assert labelled.viewer.scene.camera.zoom == zoom
    length, after = lengths  # as long for the voxels as on the screen, whatever the resolution
    assert BAR_PIXELS / 2.5 <= length * zoom <= BAR_PIXELS
    assert after is None
    # its legend is of what is there to be seen
    around_dock, view = labelled.dock.around, labelled.session.view
    look = around_dock.picture_actions()
    assert [name for name, _ in look.legend()] == ["background", "structure", "class 3"]
    assert look.scale() is None
    labelled.click("supervox_show_probability")
    labelled.strokes.visible = False
    assert look.legend() == []
    scale = look.scale()
    assert (scale.name, scale.low, scale.high) == ("probability of background", 0.0, 1.0)
    labelled.strokes.visible = True
    labelled.click("supervox_show_labels")
    assert view.map is not None
    assert look.scale() is None


def test_a_legend_names_each_class_in_its_colour(qtbot: Any) -> None:
    pixels = np.zeros((40, 300, 4), np.uint8)
    figure = figure_of(pixels, [("membrane", "#ff0000"), ("noyau é", "#00ff00")], 96)
    assert figure.width() == 300
    assert figure.height() > 40
    colours = {
        figure.pixelColor(x, y).name() for x in range(300) for y in range(40, figure.height())
    }
    assert {"#ff0000", "#00ff00", "#ffffff"} <= colours
    assert figure_of(pixels, [], 96).height() == 40
    scale = MeasureScale("volume", "um^3", 0.02, 1.3, False)
    measured = figure_of(pixels, [], 96, scale)
    row = [measured.pixelColor(x, measured.height() - 12) for x in range(300)]
    coloured = [colour for colour in row if colour.saturation() > 60]
    assert coloured[0].blue() > coloured[0].red()  # violet, and then yellow
    assert coloured[-1].red() > coloured[-1].blue()
    assert scale_words(scale) == ("volume (µm³)", "0.02", "1.3")


def test_more_volumes_are_labelled_from_a_list(
    labelled: Any, scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from supervox.volumes import write_volume

    write_volume(tmp_path / "next.tif", scene.image, kind="image")
    (tmp_path / "cut.mrc").write_bytes(b"123")
    files = [str(tmp_path / "next.tif"), str(tmp_path / "cut.mrc")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: (files, ""))
    window = labelled.dock.around.labelling
    window.bring()
    for name in ("add", "start"):
        labelled.dock.findChild(QWidget, f"supervox_labelling_{name}").click()
    labelled.until(lambda: not labelled.session.models.labelling.is_running)
    states = [window.table.item(row, 1).text() for row in range(2)]
    assert states[0] == "labelled"
    assert "is cut short" in states[1]
    assert (tmp_path / "labels" / "next_labels.tif").exists()
    assert "1 of 2 volumes are labelled" in window.says.text()


# ---------------------------------------------------------- one window for what goes together


def test_labels_are_seen_in_space_and_in_other_planes(
    labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panels_of_layers_are_folded_away_and_come_back(labelled)
    a_picture_of_the_view(labelled, tmp_path, monkeypatch)
    the_other_planes_follow_the_mouse(labelled)
    labels_in_space_and_back(labelled)
    napari_s_own_button_leaves_space_as_well(labelled)
    a_class_can_be_shown_in_space_by_hand(labelled)
    labelled.click("supervox_3d")
    cuts_go_with_their_image_and_a_failed_one_is_told(labelled)
