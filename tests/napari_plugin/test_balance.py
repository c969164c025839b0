"""More and less of a class, in a real window, with the mouse and the keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QStyle, QStyleOptionSlider
from scipy.ndimage import gaussian_filter
from supervox.napari_plugin.tasks.exporting import ExportKind
from supervox.napari_plugin.widgets.class_table import LESS, MORE, SHARE, percent
from supervox.parameters import change_entry
from supervox.project import Project
from supervox.segmentation import RefinementParameters, Segmenter
from supervox.volumes import open_labels, write_volume

from tests.napari_plugin.corrector import put

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def gradual(scene: Any) -> np.ndarray:
    """Return a ramp under clouds, on which classes have no sharp border."""
    rng = np.random.default_rng(1)
    clouds = gaussian_filter(rng.normal(size=scene.shape), 2)
    ramp = 3 * np.arange(scene.shape[2]) + 25 * clouds / clouds.std()
    return (ramp + rng.normal(0, 10, scene.shape)).astype(np.float32)


@pytest.fixture
def at_work(open_dock: Callable[..., Any], gradual: np.ndarray) -> Any:
    """Open a window with live labels of three classes, of which the second is chosen."""
    window = open_dock(gradual, name="scene", show=True)
    session = window.session
    session.choose(change_entry(session.parameters, ("supervoxels", "size_voxels"), 4.0))
    session.classes.add()
    window.viewer.dims.set_current_step(0, 8)
    window.prepare(1, 2, 3)
    session.classes.selected = 2
    window.settle()
    return window


def voxels(window: Any, class_id: int = 2) -> int:
    return int((np.asarray(window.session.view.prediction.data) == class_id).sum())


def share(window: Any, class_id: int = 2) -> float:
    return float(window.session.view.result.shares[class_id].share)


def balance(window: Any) -> tuple[tuple[int, float], ...]:
    chosen: RefinementParameters = window.session.parameters.refinement
    return chosen.balance


def drag_slider(window: Any, qtbot: Any, name: str, *values: int) -> None:
    """Drag the handle of a slider over some values, and let it go."""
    slider = window.find(name)
    option = QStyleOptionSlider()

    def handle(value: int) -> QPoint:
        slider.initStyleOption(option)
        option.sliderPosition = value
        found: QPoint = (
            slider.style()
            .subControlRect(
                QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
            )
            .center()
        )
        return found

    qtbot.mousePress(slider, LEFT, pos=handle(slider.value()))
    for value in values:
        qtbot.mouseMove(slider, handle(value))
    qtbot.mouseRelease(slider, LEFT, pos=handle(values[-1]))
    window.settle()


def test_the_slider_is_effective_at_once_and_a_drag_is_one_step(at_work: Any, qtbot: Any) -> None:
    window = at_work
    before, first = voxels(window), np.asarray(window.session.view.prediction.data).copy()
    drag_slider(window, qtbot, "supervox_balance", 10, 20, 30, 40)
    ((class_id, value),) = balance(window)
    assert class_id == 2
    assert 1 < value < 3
    assert voxels(window) > before
    assert share(window) == pytest.approx(voxels(window) / first.size)
    moved = np.asarray(window.session.view.prediction.data).copy()
    window.key(Qt.Key.Key_Z, CTRL)
    window.settle()
    assert balance(window) == ()
    np.testing.assert_array_equal(window.session.view.prediction.data, first)
    assert window.session.live.scan.counts == {1: 1, 2: 1, 3: 1}  # no stroke went with it
    window.click("supervox_redo")
    window.settle()
    assert balance(window) == ((2, value),)
    np.testing.assert_array_equal(window.session.view.prediction.data, moved)
    window.click("supervox_undo")
    window.settle()
    window.key(Qt.Key.Key_Z, CTRL)  # the stroke before
    window.settle()
    assert window.session.live.scan.counts == {1: 1, 2: 1}


def buttons_keys_and_the_row_give_steps(at_work: Any, qtbot: Any) -> None:
    window = at_work
    window.click("supervox_more")
    assert balance(window) == ((2, 0.2),)
    window.key(Qt.Key.Key_Comma)
    window.key(Qt.Key.Key_Comma)
    assert balance(window) == ((2, -0.2),)
    window.key(Qt.Key.Key_Period)
    assert balance(window) == ()
    table = window.find("supervox_classes")
    for column, value in ((MORE, 0.2), (LESS, 0.0), (LESS, -0.2)):
        cell = table.visualItemRect(table.item(2, column)).center()
        qtbot.mouseClick(table.viewport(), LEFT, pos=cell)
        window.settle()
        assert dict(balance(window)).get(3, 0.0) == pytest.approx(value)
    shown = table.item(2, SHARE).text()
    assert shown.endswith(" %")
    assert float(shown.removesuffix(" %")) == pytest.approx(100 * share(window, 3), rel=0.05)
    assert window.session.classes.selected == 3  # the row was clicked
    window.click("supervox_balance_reset")
    window.settle()
    assert balance(window) == ()
    window.click("supervox_undo")
    assert balance(window) == ((3, -0.2),)


def a_typed_share_is_met(at_work: Any, qtbot: Any, typed: str) -> None:
    window = at_work
    field = window.find("supervox_share")
    qtbot.mouseDClick(field, LEFT)
    field.selectAll()
    qtbot.keyClicks(field, typed)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert window.session.balancing.searching.is_running
    window.settle()
    assert share(window) == pytest.approx(0.2, abs=0.02)
    assert dict(balance(window))[2] < 0
    assert field.text() == f"{100 * share(window):.0f} %"
    window.click("supervox_undo")
    window.settle()
    assert balance(window) == ()


def what_is_no_share_is_put_back(at_work: Any, qtbot: Any) -> None:
    window = at_work
    field = window.find("supervox_share")
    was = field.text()
    for typed in ("much", "0", "100", "-3"):
        field.selectAll()
        qtbot.keyClicks(field, typed)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert not window.session.balancing.searching.is_running
        assert field.text() == was


def a_share_that_can_not_be_reached_is_told(at_work: Any) -> None:
    window = at_work
    hints: list[str] = []
    window.session.balancing.hint.connect(hints.append)
    window.session.balancing.ask_for_share(2, 0.0001)
    window.settle()
    assert balance(window) != ()
    assert hints[0].startswith("0.01 % can't be reached")


def test_after_further_strokes_the_balance_is_offered_again(at_work: Any) -> None:
    window, news = at_work, at_work.dock.segment.balance.news
    window.click("supervox_more")
    window.session.balancing.settle()
    window.settle()
    again = window.find("supervox_balance_again")
    assert not again.isVisible()
    mask = np.zeros(window.strokes.data.shape, bool)
    mask[4, 12:28, 22:26] = True
    window.paint_voxels(mask, 2)
    window.settle()
    assert news.text() == "set 1 stroke ago"
    window.click("supervox_balance_again")
    assert not again.isVisible()
    assert balance(window) == ((2, 0.2),)
    window.click("supervox_undo")
    assert again.isVisible()


def a_stroke_after_a_move_is_undone_before_it(at_work: Any) -> None:
    window = at_work
    window.click("supervox_more")
    window.drag((8, 14, 22), (8, 24, 22))
    window.settle()
    assert window.session.balancing.strokes_since(2) == 1
    window.click("supervox_undo")
    window.settle()
    assert balance(window) == ((2, 0.2),)
    window.click("supervox_undo")
    assert balance(window) == ()


def test_planes_far_apart_follow_the_slider_and_are_a_click_away(at_work: Any, qtbot: Any) -> None:
    window, planes = at_work, at_work.dock.planes
    window.click("supervox_compare")
    window.settle()
    window.settle()
    assert planes.isVisible()
    assert [view.plane.at for view in planes.views] == [2, 6, 10, 14]
    labels = np.asarray(window.session.view.prediction.data)
    np.testing.assert_array_equal(
        window.session.view.result.labels[planes.views[0].plane.ids], labels[2]
    )
    before = [view.pixels.copy() for view in planes.views]
    drag_slider(window, qtbot, "supervox_balance", 20, 40)
    assert all((view.pixels != old).any() for view, old in zip(planes.views, before, strict=True))
    qtbot.mouseClick(planes.views[3], LEFT)
    assert window.viewer.dims.current_step[0] == 14
    planes.grab()  # paints
    qtbot.keyClick(planes, Qt.Key.Key_K)
    assert not planes.isVisible()
    window.key(Qt.Key.Key_K)
    assert planes.isVisible()
    window.close_dock()
    assert not planes.isVisible()


def test_the_dock_keeps_still(at_work: Any, qtbot: Any) -> None:
    window, box = at_work, at_work.dock.segment.balance
    heights = {box.height()}
    for act in (
        lambda: drag_slider(window, qtbot, "supervox_balance", 20),
        lambda: window.paint(2),
        lambda: window.session.balancing.ask_for_share(2, 0.2),
        lambda: window.click("supervox_balance_reset"),
    ):
        act()
        window.settle_widgets()
        heights.add(box.height())
        window.settle()
        heights.add(box.height())
    assert len(heights) == 1


def test_before_there_are_labels_nothing_can_be_moved(window: Any, told: list[str]) -> None:
    for name in ("supervox_less", "supervox_more", "supervox_balance", "supervox_share"):
        assert not window.find(name).isEnabled()
    assert not window.find("supervox_compare").isEnabled()
    window.key(Qt.Key.Key_Period)
    assert balance(window) == ()
    assert window.said.startswith("More or less of a class: once there are live labels")
    window.key(Qt.Key.Key_K)
    assert not window.dock.planes.isVisible()


def test_final_labels_are_those_of_the_engine_with_the_balance(
    at_work: Any, gradual: np.ndarray
) -> None:
    window = at_work
    window.click("supervox_finish")
    window.settle()
    plain = np.asarray(window.session.view.final.data).copy()
    for _ in range(8):
        window.click("supervox_more")
    window.settle()
    assert not window.session.delivery.is_finished
    window.click("supervox_finish")
    window.settle()
    final = np.asarray(window.session.view.final.data)
    assert (final == 2).sum() > (plain == 2).sum()
    finished = window.session.delivery.finishing.finished
    parameters = finished.segmenter.parameters
    assert parameters.refinement.balance == ((2, 1.6),)
    expected = Segmenter(gradual, parameters=parameters).segment(finished.strokes).labels
    assert final.tobytes() == expected.tobytes()


def test_a_project_has_the_balance_and_undo_goes_on_across_sessions(
    open_dock: Callable[..., Any], gradual: np.ndarray, tmp_path: Path
) -> None:
    write_volume(tmp_path / "cell.tif", gradual, kind="image")
    window = open_dock()
    window.viewer.open(tmp_path / "cell.tif", plugin="supervox")
    window.settle()
    window.prepare(1, 2)
    window.session.classes.selected = 2
    window.settle()
    window.click("supervox_more")
    window.session.balancing.settle()
    window.session.autosave.save_as(tmp_path / "cell.supervox")
    window.settle()
    window.close_dock()
    with Project.open(tmp_path / "cell.supervox") as project:
        assert project.settings.parameters.refinement.balance == ((2, 0.2),)
    again = open_dock()
    again.session.autosave.open(tmp_path / "cell.supervox")
    again.settle()
    assert balance(again) == ((2, 0.2),)
    again.click("supervox_undo")
    again.settle()
    assert balance(again) == ()


def another_image_begins_without_a_balance(at_work: Any, scene: Any) -> None:
    window = at_work
    window.click("supervox_more")
    other = window.viewer.add_image(scene.image, name="other")
    window.session.choose_image(other)
    assert balance(window) == ()


# ---------------------------------------------------------- one window for what goes together


def test_a_share_is_typed_and_met_put_back_or_told(at_work: Any, qtbot: Any) -> None:
    for typed in ("20", "20 %", "20,0"):
        a_typed_share_is_met(at_work, qtbot, typed)
    what_is_no_share_is_put_back(at_work, qtbot)
    a_share_that_can_not_be_reached_is_told(at_work)


def test_steps_follow_each_other_until_another_image(at_work: Any, scene: Any, qtbot: Any) -> None:
    a_stroke_after_a_move_is_undone_before_it(at_work)
    at_work.session.classes.selected = 2
    at_work.settle()
    buttons_keys_and_the_row_give_steps(at_work, qtbot)
    another_image_begins_without_a_balance(at_work, scene)


@pytest.mark.parametrize("wanted", [0.95, 0.02])
def test_shares_that_are_shown_are_those_of_the_voxels_that_are_exported(
    at_work: Any, tmp_path: Path, wanted: float
) -> None:
    window, session = at_work, at_work.session
    hints: list[str] = []
    session.balancing.hint.connect(hints.append)
    session.balancing.ask_for_share(2, wanted)
    window.settle()
    labels = np.asarray(session.view.prediction.data)
    assert session.looking.shares == pytest.approx(counted(labels))
    for hint in hints:  # "5 % can't be reached: 3.1 % is the closest"
        told = float(hint.split(": ")[1].split(" %")[0])
        assert told == pytest.approx(100 * counted(labels)[2], rel=0.01)
    session.delivery.finish()
    window.settle()
    exported = exported_labels(window, tmp_path / "labels.tif")
    assert session.looking.shares == pytest.approx(counted(exported))
    assert window.dock.segment.balance.share.text() == percent(counted(exported)[2])
    assert abs(counted(exported)[2] - share(window)) > 1e-3  # of live labels: shown once
    # corrections count as well
    put(session, np.arange(3000), np.full(3000, 3, np.uint8), "put")
    window.settle()
    corrected = exported_labels(window, tmp_path / "corrected.tif")
    assert not np.array_equal(corrected, exported)
    assert session.looking.shares == pytest.approx(counted(corrected))


def counted(labels: np.ndarray) -> dict[int, float]:
    return {k: (labels == k).sum() / (labels > 0).sum() for k in (1, 2, 3)}


def exported_labels(window: Any, path: Path) -> np.ndarray:
    window.session.delivery.export(ExportKind.LABELS, path)
    window.until(path.exists)
    window.settle()
    with open_labels(path) as volume:
        return np.array(volume.data[:])
