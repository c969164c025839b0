"""Labels corrected by hand in the window: by mouse and keys, as a person does it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from supervox.napari_plugin.widgets.class_table import LOCKED

from tests.napari_plugin.corrector import put


@pytest.fixture
def labelled(shown):
    """A window with live labels of three classes, and the mouse on corrections of class 3."""
    shown.prepare(1, 2, 3)
    shown.session.volume.show_plane(0, 8)
    take_up(shown)
    return shown


def take_up(window):
    """Take a brush for corrections of class 3 in hand."""
    window.click("supervox_paint_corrections")
    window.click("supervox_brush_voxels")
    if window.find("supervox_brush_3d").isChecked():
        window.click("supervox_brush_3d")
    window.session.paint_class(3)
    window.settle()


def live_through(window, *stories):
    """Live through stories in one window, each from where the first began: by undo, to the byte."""
    painting = window.session.painting
    before, strokes = labels(window), window.strokes.data.copy()
    layers = {layer.name for layer in window.viewer.layers}

    def is_changed():
        return corrections(window).any() or (window.strokes.data != strokes).any()

    for story in stories:
        story(window)
        steps = 0
        while is_changed():
            assert steps < 20, story.__name__
            painting.undo()
            window.settle()
            steps += 1
        for item in window.session.classes:
            window.session.classes.change(item.id, locked=False)
        take_up(window)
        np.testing.assert_array_equal(labels(window), before, err_msg=story.__name__)
        np.testing.assert_array_equal(window.strokes.data, strokes, err_msg=story.__name__)
        assert {layer.name for layer in window.viewer.layers} >= layers, story.__name__


def labels(window):
    return np.array(window.session.correcting.shown.now())


def corrections(window):
    return window.session.painting.corrections.now


def a_drag_corrects_whatever_layer_is_selected_and_nothing_is_learned(labelled):
    before, result = labels(labelled), labelled.session.view.result
    strokes = labelled.strokes.data.copy()
    labelled.viewer.layers.selection.active = labelled.session.volume.image
    labelled.drag((8, 5, 5), (8, 5, 10))
    labelled.settle()
    painted = corrections(labelled) > 0
    assert painted[8, 5, 5:11].all()
    assert not np.delete(painted, 8, axis=0).any()
    np.testing.assert_array_equal(labels(labelled), np.where(painted, 3, before))
    np.testing.assert_array_equal(
        np.asarray(labelled.session.view.prediction.data), labels(labelled)
    )
    np.testing.assert_array_equal(labelled.strokes.data, strokes)
    assert labelled.session.view.result is result
    assert "by hand" in labelled.find("supervox_by_hand").text()


def the_eraser_shows_the_label_beneath_and_undo_brings_the_correction_back(labelled):
    before = labels(labelled)
    labelled.drag((8, 5, 5), (8, 5, 10))
    once = labels(labelled)
    labelled.click("supervox_brush_eraser")
    labelled.drag((8, 5, 2), (8, 5, 14))
    np.testing.assert_array_equal(labels(labelled), before)
    labelled.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    labelled.settle()
    np.testing.assert_array_equal(labels(labelled), once)
    labelled.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    labelled.settle()
    np.testing.assert_array_equal(labels(labelled), before)
    shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    labelled.key(Qt.Key.Key_Z, shift)
    labelled.settle()
    np.testing.assert_array_equal(labels(labelled), once)


def a_ball_is_one_step(labelled):
    before = labels(labelled)
    labelled.click("supervox_brush_3d")
    labelled.drag((8, 5, 5), (8, 5, 10))
    there = np.flatnonzero((corrections(labelled) > 0).any(axis=(1, 2)))
    assert there[0] < 8 < there[-1]
    labelled.click("supervox_undo")
    labelled.settle()
    assert not corrections(labelled).any()
    np.testing.assert_array_equal(labels(labelled), before)


def a_click_fills_labels_that_hang_together_in_the_plane(labelled):
    before = labels(labelled)
    labelled.click("supervox_brush_fill")
    labelled.drag((8, 20, 24))  # in the middle of class 2
    labelled.settle()
    after = labels(labelled)
    assert (after[8][before[8] == 2] == 3).mean() > 0.99
    np.testing.assert_array_equal(np.delete(after, 8, axis=0), np.delete(before, 8, axis=0))
    labelled.click("supervox_brush_3d")
    labelled.drag((8, 20, 8))  # class 1, in all planes
    labelled.settle()
    assert (labels(labelled)[before == 1] == 3).mean() > 0.99


def a_polygon_of_naparis_and_regions_correct_as_well(labelled):
    labelled.session.use_tool("polygon")
    for place in ((8, 4, 4), (8, 4, 10), (8, 12, 10), (8, 12, 4), (8, 4, 4)):
        labelled.drag(place)
    labelled.key(Qt.Key.Key_Return)
    labelled.settle()
    assert (corrections(labelled)[8, 6:11, 6:9] == 3).all()
    labelled.click("supervox_undo")
    labelled.settle()
    assert not corrections(labelled).any()
    labelled.click("supervox_brush_regions")
    labelled.drag((8, 20, 24), (8, 30, 24))
    ids = labelled.session.preparation.prepared.ids
    touched = np.isin(ids, [ids[8, 20, 24], ids[8, 30, 24]])
    assert (corrections(labelled)[touched] == 3).all()
    assert not corrections(labelled)[~touched & (ids != ids[8, 25, 24])].any()
    labelled.click("supervox_undo")
    labelled.settle()
    assert not corrections(labelled).any()


def a_tool_of_naparis_that_the_dock_lacks_is_named_while_one_corrects(labelled):
    other = labelled.find("supervox_brush_other")
    assert other.isHidden()
    labelled.session.painting.hand.layer.mode = "polygon"
    labelled.settle_widgets()
    assert (other.isVisible(), other.isChecked(), other.text()) == (True, True, "polygon")
    labelled.click("supervox_brush_voxels")
    assert (other.isVisible(), labelled.find("supervox_brush_fill").isVisible()) == (False, True)


@pytest.mark.parametrize(("voxels", "words"), [((7,), "1 voxel changed"), ((7, 9), "2 voxels")])
def test_what_was_said_of_a_step_is_gone_when_it_is_undone(bench, voxels, words):
    bench.prepare(1, 2, 3)
    classes = np.full(len(voxels), 3, np.uint8)
    put(bench.session, np.array(voxels), classes, "tried")
    assert words in bench.said
    bench.session.painting.undo()
    assert "changed" not in bench.said


def corrections_give_way_to_objects(labelled):
    labelled.drag((8, 5, 5), (8, 5, 10))
    layer, by_hand = labelled.session.correcting.by_hand.layer, labelled.session.correcting.by_hand
    assert (layer.visible, layer.contour) == (True, 0)
    by_hand.give_way(True)
    assert (layer.visible, layer.contour) == (True, 1)  # painted on, and what is below is seen
    labelled.click("supervox_paint_strokes")
    assert not layer.visible
    labelled.click("supervox_paint_corrections")
    assert layer.visible
    before = corrections(labelled).copy()
    labelled.session.use_tool("paint")
    labelled.drag((8, 30, 5), (8, 30, 10))
    assert (corrections(labelled) != before).any()
    labelled.click("supervox_paint_strokes")
    by_hand.give_way(False)
    assert (layer.visible, layer.contour) == (True, 1)


def what_is_locked_is_not_painted_over_nor_with(labelled):
    before = labels(labelled)
    labelled.session.classes.change(1, locked=True)
    labelled.settle()
    labelled.drag((8, 20, 8), (8, 20, 24))  # from class 1 into class 2
    labelled.settle()
    after = labels(labelled)
    assert (after[before == 1] == 1).all()
    assert (after != before).any()
    assert "voxels kept: background locked" in labelled.said
    count = int((corrections(labelled) > 0).sum())
    labelled.session.paint_class(1)
    labelled.settle()
    labelled.drag((8, 30, 24), (8, 30, 30))
    assert int((corrections(labelled) > 0).sum()) == count


def tick_lock(window, row):
    """Click on the box of a class in the table."""
    table = window.find("supervox_classes")
    box = table.visualItemRect(table.item(row, LOCKED))
    window._bot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=box.center() - QPoint(9, 0)
    )
    window.settle()


def a_click_on_lock_keeps_labels_whatever_is_painted_until_the_next(labelled):
    labelled.click("supervox_paint_strokes")
    before = labels(labelled)
    tick_lock(labelled, 1)
    assert labelled.session.classes.held == (2,)
    assert "structure locked: its labels stay as they are" in labelled.said
    labelled.drag((8, 30, 4), (8, 30, 28))  # class 3, over class 1 and half of 2
    labelled.settle()
    after = labels(labelled)
    assert (after[before != 2] != before[before != 2]).any()
    np.testing.assert_array_equal(after == 2, before == 2)
    assert labelled.find("supervox_by_hand").toolTip().startswith("Kept by locks: structure ")
    assert labelled.find("supervox_by_hand").text() == "by hand"
    assert "No voxel became" not in labelled.dock.segment.describe()
    np.testing.assert_array_equal(labelled.layer("corrections").colormap.map(2), 0)
    tick_lock(labelled, 1)
    assert labelled.session.classes.held == ()
    assert (labels(labelled)[before == 2] != 2).any()
    for _ in range(3):  # the end of the lock, the stroke, the lock
        labelled.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        labelled.settle()
    np.testing.assert_array_equal(labels(labelled), before)
    assert not labelled.session.classes[2].locked
    assert not corrections(labelled).any()


def c_changes_between_strokes_and_corrections_with_the_tool_that_is_in_hand(labelled):
    labelled.slide("supervox_brush_size", 4)
    labelled.key(Qt.Key.Key_C)
    assert labelled.find("supervox_paint_strokes").isChecked()
    assert labelled.strokes.brush_size == 4
    before = corrections(labelled).copy()
    labelled.drag((8, 36, 4), (8, 36, 10))
    labelled.settle()
    np.testing.assert_array_equal(corrections(labelled), before)
    assert (labelled.strokes.data[8, 36, 4:11] == 3).all()
    labelled.key(Qt.Key.Key_C)
    assert labelled.find("supervox_paint_corrections").isChecked()


def what_is_in_hand_is_filled_and_the_other_outlined(labelled):
    labelled.drag((8, 5, 5), (8, 5, 10))
    by_hand, strokes = labelled.layer("corrections"), labelled.strokes
    assert (by_hand.contour, strokes.contour) == (0, 1)
    labelled.key(Qt.Key.Key_C)
    assert (by_hand.contour, strokes.contour) == (1, 0)
    labelled.key(Qt.Key.Key_C)
    assert not labelled.session.painting.is_unseen  # nobody painted
    labelled.close_dock()
    assert strokes.contour == 0


def test_whole_classes_are_accepted_taken_back_and_learned_from(bench):
    bench.prepare(1, 2, 3)
    session, before = bench.session, labels(bench)
    session.correcting.whole.accept(3)
    bench.until(lambda: not session.correcting.whole.finding.is_running)
    bench.settle()
    np.testing.assert_array_equal(corrections(bench) == 3, before == 3)
    np.testing.assert_array_equal(labels(bench), before)
    session.correcting.whole.take_back(3)
    bench.settle()
    assert not corrections(bench).any()
    session.painting.undo()
    bench.settle()
    strokes = bench.strokes.data.copy()
    session.correcting.whole.teach(3)
    bench.settle()
    np.testing.assert_array_equal(bench.strokes.data, np.where(before == 3, 3, strokes))
    session.painting.undo()
    bench.settle()
    np.testing.assert_array_equal(bench.strokes.data, strokes)
    np.testing.assert_array_equal(corrections(bench) == 3, before == 3)


def a_layer_that_is_removed_leaves_the_corrections_and_the_mouse_to_the_strokes(labelled):
    labelled.drag((8, 5, 5), (8, 5, 10))
    labelled.settle()
    kept = corrections(labelled).copy()
    labelled.viewer.layers.remove(labelled.layer("corrections"))
    labelled.settle()
    np.testing.assert_array_equal(corrections(labelled), kept)
    assert labelled.find("supervox_paint_strokes").isChecked()
    assert (labels(labelled)[kept > 0] == 3).all()
    labelled.click("supervox_paint_corrections")
    np.testing.assert_array_equal(labelled.layer("corrections").data, kept)


def test_the_dock_closed_and_opened_again_shows_them(labelled):
    labelled.drag((8, 5, 5), (8, 5, 10))
    labelled.settle()
    kept = corrections(labelled).copy()
    labelled.close_dock()
    labelled.open()
    labelled.settle()
    np.testing.assert_array_equal(corrections(labelled), kept)
    assert labelled.session.painting.corrections.counts[3] == (kept == 3).sum()
    labelled.session.painting.undo()
    labelled.settle()
    assert not corrections(labelled).any()


def in_space_labels_have_them_and_the_layer_is_out_of_the_way(labelled):
    labelled.drag((8, 5, 5), (8, 5, 10))
    labelled.settle()
    layer = labelled.layer("corrections")
    labelled.click("supervox_3d")
    labelled.settle()
    assert not layer.visible
    labelled.click("supervox_3d")
    labelled.settle()
    assert layer.visible
    assert str(layer.mode) == "paint"
    labelled.click("supervox_paint_strokes")
    assert layer.contour == 1
    for _ in range(2):
        labelled.click("supervox_3d")
        labelled.settle()


def strokes_that_are_removed_and_brought_back_bring_corrections_back(labelled):
    labelled.drag((8, 5, 5), (8, 5, 10))
    labelled.settle()
    kept = corrections(labelled).copy()
    labelled.viewer.layers.remove(labelled.strokes)
    labelled.settle()
    assert "corrections" not in labelled.viewer.layers
    assert labelled.find("supervox_paint_strokes").isChecked()
    labelled.click("supervox_strokes_back")
    labelled.settle()
    np.testing.assert_array_equal(corrections(labelled), kept)
    np.testing.assert_array_equal(labelled.layer("corrections").data, kept)
    labelled.click("supervox_undo")
    labelled.settle()
    assert not corrections(labelled).any()


def test_another_project_on_the_same_image_begins_without_them(labelled):
    labelled.drag((8, 5, 5), (8, 5, 10))
    labelled.settle()
    labelled.session.next.begin_anew()
    labelled.settle()
    assert "corrections" not in labelled.viewer.layers
    assert not corrections(labelled).any()
    assert labelled.find("supervox_by_hand").text() == "by hand"


def choose(window, name):
    """Choose an entry of the menu of what is by hand."""
    window.settle_widgets()
    menu = window.dock.paint.what.menu
    menu.aboutToShow.emit()
    (found,) = [action for action in menu.actions() if action.objectName() == name]
    assert found.isEnabled()
    found.trigger()
    window.until(lambda: not window.session.correcting.whole.finding.is_running)
    window.settle()


def the_menu_says_what_is_by_hand_and_does_it_for_a_class_or_all(labelled):
    before = labels(labelled)
    labelled.drag((8, 5, 5), (8, 5, 10))
    labelled.session.paint_class(2)
    labelled.drag((8, 15, 5), (8, 15, 10))
    labelled.settle()
    both = corrections(labelled).copy()
    counts = [int((both == k).sum()) for k in (2, 3)]
    tip = labelled.find("supervox_by_hand").toolTip()
    assert f"By hand: {sum(counts):,} voxels" in tip
    assert f"structure {counts[0]:,}" in tip
    choose(labelled, "supervox_take_back_class")
    assert not (corrections(labelled) == 2).any()
    labelled.click("supervox_undo")
    labelled.settle()
    np.testing.assert_array_equal(corrections(labelled), both)
    strokes = labelled.strokes.data.copy()
    choose(labelled, "supervox_teach_all")
    np.testing.assert_array_equal(labelled.strokes.data, np.where(both > 0, both, strokes))
    labelled.click("supervox_undo")
    labelled.settle()
    np.testing.assert_array_equal(labelled.strokes.data, strokes)
    choose(labelled, "supervox_accept")
    now = labels(labelled)
    np.testing.assert_array_equal(corrections(labelled) == 2, now == 2)
    choose(labelled, "supervox_take_back_all")
    np.testing.assert_array_equal(labels(labelled), before)


# ---------------------------------------------------------- one window for what goes together


def test_every_tool_corrects_and_can_be_undone(labelled):
    live_through(
        labelled,
        a_drag_corrects_whatever_layer_is_selected_and_nothing_is_learned,
        the_eraser_shows_the_label_beneath_and_undo_brings_the_correction_back,
        a_ball_is_one_step,
        a_click_fills_labels_that_hang_together_in_the_plane,
        a_polygon_of_naparis_and_regions_correct_as_well,
        a_tool_of_naparis_that_the_dock_lacks_is_named_while_one_corrects,
        c_changes_between_strokes_and_corrections_with_the_tool_that_is_in_hand,
    )


def test_locks_and_whole_classes_in_the_window(labelled):
    live_through(
        labelled,
        what_is_locked_is_not_painted_over_nor_with,
        a_click_on_lock_keeps_labels_whatever_is_painted_until_the_next,
        corrections_give_way_to_objects,
        the_menu_says_what_is_by_hand_and_does_it_for_a_class_or_all,
    )


def test_layers_of_corrections_come_and_go(labelled, told):
    live_through(
        labelled,
        in_space_labels_have_them_and_the_layer_is_out_of_the_way,
        a_layer_that_is_removed_leaves_the_corrections_and_the_mouse_to_the_strokes,
        strokes_that_are_removed_and_brought_back_bring_corrections_back,
    )
    assert not [text for text in told if "ontour" in text]
    what_is_in_hand_is_filled_and_the_other_outlined(labelled)
