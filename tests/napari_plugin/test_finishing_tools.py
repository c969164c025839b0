"""Tools that finish the labels: tried by mouse, seen in the picture, applied, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton
from supervox.napari_plugin.commands import clean_up_labels, fill_between_slices
from supervox.napari_plugin.layers.trial_layer import GAINED, LOST, NAME
from supervox.napari_plugin.session.cleaning import Cleaning
from supervox.napari_plugin.session.filling import Filling
from supervox.objects import CleanStep
from supervox.project import By, Paint

from tests.napari_plugin.corrector import put

SPECK = (slice(8, 10), slice(20, 22), slice(4, 6))  # of the bright class, in the dark slab
FULL = (16, 40, 48)


def indices(*boxes: tuple[slice, ...]) -> np.ndarray:
    mask = np.zeros(FULL, bool)
    for box in boxes:
        mask[box] = True
    return np.flatnonzero(mask)


def correct(window: Any, box: tuple[slice, ...], class_id: int) -> None:
    """Correct voxels as a person does, but without a mouse, for tests of what comes after."""
    voxels = indices(box)
    given = np.full(voxels.size, class_id, np.uint8)
    change = partial(put, window.session)
    assert change(voxels, given, "painted by the test", By.HAND) == voxels.size
    window.settle()


def finish(window: Any) -> Any:
    """Compute final labels, and open the tools."""
    window.prepare(1, 2, 3)
    window.click("supervox_finish")
    window.settle()
    window.dock.sections[4].set_open(True)
    window.click("supervox_clean_fold")
    window.click("supervox_fill_fold")
    return window.dock.around.tools


def live_through(window: Any, told: list[str], *stories: Callable[..., None]) -> None:
    """Live through stories in one window, each from where the first began.

    A story is given what it asks for by name: what a person was told, and patches for itself.
    """
    session, tools = window.session, finish(window)
    before, strokes = labels(window).copy(), window.strokes.data.copy()

    def is_changed() -> bool:
        is_corrected = session.painting.corrections.over.voxels.any()
        return is_corrected or (window.strokes.data != strokes).any()

    for story in stories:
        with pytest.MonkeyPatch.context() as patch:
            given = {"told": told, "monkeypatch": patch}
            story(window, **{k: given[k] for k in given if k in signature(story).parameters})
        tools.cleaning.discard()
        tools.filling.discard()
        for item in session.classes:
            session.classes.change(item.id, locked=False)
        steps = 0
        while is_changed():
            assert steps < 20, story.__name__
            session.painting.undo()
            window.settle()
            steps += 1
        window.viewer.dims.order = (0, 1, 2)
        window.choose("supervox_clean_tool", "Remove specks")
        window.settle()
        np.testing.assert_array_equal(labels(window), before, err_msg=story.__name__)
        assert NAME not in window.viewer.layers, story.__name__


def labels(window: Any) -> np.ndarray:
    return np.asarray(window.session.correcting.shown.now())


def highlighted(window: Any) -> list[str]:
    """Names of the buttons in the dock that are highlighted."""
    window.settle_widgets()
    made = window.dock.findChildren(QPushButton)
    return [one.objectName() for one in made if one.property("next")]


def says(window: Any, name: str = "supervox_clean") -> str:
    return window.find(f"{name}_says").whole


def set_amount(window: Any, value: float) -> None:
    field = window.find("supervox_clean_amount")
    field.setFocus()
    field.selectAll()
    window._bot.keyClicks(field, f"{value:g}")
    window._bot.keyClick(field, Qt.Key.Key_Return)
    window.settle_widgets()


def test_specks_are_seen_removed_and_brought_back(shown: Any, told: list[str]) -> None:
    finish(shown)
    before = labels(shown)
    correct(shown, SPECK, 3)
    speckled = labels(shown)
    shown.choose("supervox_clean_of", shown.session.classes[3].name)
    set_amount(shown, 9)
    assert not shown.find("supervox_clean_apply").isEnabled()
    assert highlighted(shown) == ["supervox_objects_find"]
    shown.click("supervox_clean_preview")
    shown.settle()
    assert highlighted(shown) == ["supervox_clean_apply"]
    layer = shown.layer(NAME)
    np.testing.assert_array_equal(np.asarray(layer.data), LOST * (speckled != before))
    assert says(shown) == "1 speck, 8 voxels"
    np.testing.assert_array_equal(labels(shown), speckled)  # as yet
    shown.click("supervox_clean_apply")
    shown.settle()
    np.testing.assert_array_equal(labels(shown), before)
    assert NAME not in shown.viewer.layers
    assert says(shown) == "Specks of class 3 removed: 8 voxels changed. Undo takes it back"
    shown.session.painting.undo()
    shown.settle()
    np.testing.assert_array_equal(labels(shown), speckled)
    assert says(shown) == "Preview shows what would change before anything does"
    assert told == []


def a_local_tool_shows_the_slice_in_view_first_and_then_all(window: Any) -> None:
    tools = window.dock.around.tools
    window.viewer.dims.set_current_step(0, 8)
    slices: list[Any] = []
    tools.cleaning.trying.published.connect(slices.append)
    before = labels(window)
    window.choose("supervox_clean_tool", "Grow")
    window.choose("supervox_clean_of", window.session.classes[2].name)
    set_amount(window, 2)
    window.click("supervox_clean_preview")
    window.settle()
    grown = before.copy()
    for k in (1, 2):
        grown[..., k:][before[..., :-k] == 2] = 2
        grown[..., :-k][before[..., k:] == 2] = 2
    changes = np.asarray(window.layer(NAME).data)
    np.testing.assert_array_equal(changes == GAINED, (grown == 2) & (before != 2))
    assert not (changes == LOST).any()
    (first,) = slices
    np.testing.assert_array_equal(first.sides[0], changes[8])
    gained = np.count_nonzero(changes)
    assert says(window) == f"Voxels: {gained:,} gained, 0 lost"
    # another amount is followed at once
    set_amount(window, 1)
    window.settle()
    assert 0 < np.count_nonzero(np.asarray(window.layer(NAME).data)) < gained
    window.click("supervox_clean_discard")
    assert NAME not in window.viewer.layers
    np.testing.assert_array_equal(labels(window), before)


def holes_of_locked_classes_stay_and_that_is_said(window: Any) -> None:
    correct(window, SPECK, 3)
    correct(window, (slice(4, 5), slice(30, 32), slice(4, 5)), 2)
    before = labels(window)
    window.session.classes.change(3, locked=True)
    window.choose("supervox_clean_tool", "Fill holes")
    window.choose("supervox_clean_of", window.session.classes[1].name)
    window.click("supervox_clean_preview")
    window.settle()
    assert says(window) == "2 holes, 2 voxels; 8 voxels stay: classes are locked"
    window.click("supervox_clean_apply")
    window.settle()
    after = labels(window)
    assert np.count_nonzero(after != before) == 2
    np.testing.assert_array_equal(after == 3, before == 3)
    window.choose("supervox_clean_of", window.session.classes[3].name)
    window.click("supervox_clean_preview")
    window.settle()
    assert says(window) == "holes: class 3 is locked; unlock it first"


def what_was_tried_ends_with_the_labels_that_it_was_of(window: Any) -> None:
    correct(window, SPECK, 3)
    window.choose("supervox_clean_of", window.session.classes[3].name)
    window.click("supervox_clean_preview")
    window.settle()
    assert window.find("supervox_clean_apply").isEnabled()
    correct(window, (slice(2, 3), slice(2, 4), slice(2, 4)), 3)
    assert NAME not in window.viewer.layers
    assert not window.find("supervox_clean_apply").isEnabled()
    assert says(window) == "The labels changed: preview again"
    window.click("supervox_clean_preview")
    window.settle()
    assert says(window) == "2 specks, 12 voxels"


def test_live_labels_are_not_cleaned(window: Any) -> None:
    window.prepare(1, 2, 3)
    window.dock.sections[4].set_open(True)
    window.click("supervox_clean_fold")
    assert says(window).startswith("Press Finish in step 4 first")
    for name in ("preview", "apply", "discard", "amount", "of", "tool"):
        assert not window.find(f"supervox_clean_{name}").isEnabled()


def test_amounts_are_in_the_unit_of_the_volume(open_dock: Any, scene: Any) -> None:
    window = open_dock(scene.image, name="scene", scale=(20, 10, 10), units=("nm",) * 3)
    tools = finish(window)
    amount = window.find("supervox_clean_amount")
    # half the edge of a supervoxel of 8 voxels, as a cube
    assert amount.text() == "64,000 nm³"
    assert tools.clean.in_voxels.text() == "= 32 voxels"
    assert tools.clean.step().amount == 64000
    window.choose("supervox_clean_tool", "Smooth")
    assert amount.text() == "10 nm"
    assert tools.clean.in_voxels.text() == "= 1 voxel"
    window.choose("supervox_clean_tool", "Keep the largest")
    assert amount.isHidden()
    window.choose("supervox_clean_tool", "Remove specks")
    set_amount(window, 5000)
    assert tools.clean.step().amount == 5000


# ------------------------------------------------------------------------- between the slices


def test_a_thing_that_is_corrected_on_two_slices_is_filled_by_a_key(shown: Any) -> None:
    finish(shown)
    thing = (slice(10, 18), slice(4, 12))
    for plane in (9, 14):
        correct(shown, (slice(plane, plane + 1), *thing), 3)
    correct(shown, (slice(1, 2), *thing), 3)  # another gap, and another class
    for plane in (8, 15):
        correct(shown, (slice(plane, plane + 1), slice(24, 32), slice(4, 12)), 2)
    before = labels(shown)
    shown.session.paint_class(3)
    shown.viewer.dims.set_current_step(0, 15)
    shown.key(Qt.Key.Key_I)
    shown.settle()
    assert says(shown, "supervox_fill") == (
        "Nothing to fill of class 3 around this slice; Preview looks at all slices"
    )
    shown.viewer.dims.set_current_step(0, 11)
    shown.key(Qt.Key.Key_I)
    shown.settle()
    layer = shown.layer(NAME)
    start = np.rint(
        shown.session.volume.image.world_to_data(layer.data_to_world([0, 0, 0]))
    ).astype(int)
    drawn = np.zeros(FULL, np.uint8)
    drawn[tuple(slice(a, a + n) for a, n in zip(start, layer.data.shape, strict=True))] = layer.data
    assert (drawn[10:14, 11:17, 5:11] == 3).all()
    assert not drawn[:10].any()
    assert not drawn[14:].any()
    number = np.count_nonzero(drawn)
    assert says(shown, "supervox_fill").startswith(f"class 3: {number} voxels on 4 slices")
    shown.key(Qt.Key.Key_I)
    shown.settle()
    after = labels(shown)
    np.testing.assert_array_equal(after != before, (drawn == 3) & (before != 3))
    assert says(shown, "supervox_fill").endswith("voxels. Undo takes it back")
    shown.session.painting.undo()
    shown.settle()
    assert says(shown, "supervox_fill").startswith("Correct a thing on two slices")
    np.testing.assert_array_equal(labels(shown), before)


def strokes_and_locked_classes_stay_between_slices(window: Any) -> None:
    for plane in (4, 12):
        correct(window, (slice(plane, plane + 1), slice(10, 30), slice(4, 24)), 3)
    window.session.classes.change(2, locked=True)
    before = labels(window)
    window.click("supervox_fill_preview")
    window.settle()
    window.click("supervox_fill_apply")
    window.settle()
    after = labels(window)
    changed = after != before
    assert changed[5:12].any()
    assert not changed[before == 2].any()
    strokes = window.session.painting.planes > 0
    assert not changed[strokes].any()
    assert not changed[:5].any()


def other_axes_and_classes_can_be_filled(window: Any) -> None:
    window.viewer.dims.order = (2, 0, 1)
    for column in (4, 11):
        correct(window, (slice(1, 8), slice(10, 18), slice(column, column + 1)), 3)
        correct(window, (slice(1, 8), slice(24, 32), slice(column, column + 1)), 2)
    window.choose("supervox_fill_of", window.session.classes[2].name)
    window.click("supervox_fill_preview")
    window.settle()
    window.click("supervox_fill_apply")
    window.settle()
    filled = window.session.painting.corrections.over.voxels[:, :, 5:11]
    assert (filled[2:7, 25:31] == 2).all()
    assert not (filled == 3).any()


def it_is_said_what_is_missing_to_fill(window: Any) -> None:
    window.click("supervox_fill_preview")
    window.settle()
    assert says(window, "supervox_fill").startswith("Nothing to fill: paint in at least two slices")
    assert not window.find("supervox_fill_apply").isEnabled()
    filling = window.dock.around.tools.filling
    assert filling.paint is Paint.CORRECTIONS
    window.choose("supervox_fill_paint", "strokes")
    assert filling.paint is Paint.STROKES


@pytest.mark.parametrize("displayed", [2, 3])
def test_in_a_box_what_is_cleaned_is_corrected_in_the_whole_image(
    open_bench: Any, scene: Any, displayed: int
) -> None:
    bench = open_bench(scene.image, name="scene")
    session = bench.session
    session.volume.set_box((slice(4, 12), slice(2, 38), slice(3, 45)))
    bench.prepare(1, 2, 3)
    session.delivery.finish()
    bench.settle()
    bench.viewer.dims.ndisplay = displayed
    voxels = indices(SPECK)
    put(session, voxels, np.full(voxels.size, 3, np.uint8), "painted")
    cleaning = Cleaning(
        session.volume, session.classes, session.correcting, lambda: session.delivery.final, float
    )
    cleaning.attempt(CleanStep("specks", 9, (3,)))
    bench.until(lambda: cleaning.trial is not None)
    cleaning.apply()
    bench.until(lambda: not cleaning.gathering.is_running)
    over = session.painting.corrections.over.voxels
    assert set(np.flatnonzero(over)) == set(voxels)
    assert (over.reshape(-1)[voxels] == 1).all()
    cleaning.release()


def what_a_tool_did_is_not_filled_between_unless_it_is_painted_anew(window: Any) -> None:
    for plane in (9, 13):
        correct(window, (slice(plane, plane + 1), slice(20, 22), slice(4, 6)), 3)
    window.choose("supervox_clean_of", window.session.classes[3].name)
    set_amount(window, 9)
    window.click("supervox_clean_preview")
    window.settle()
    window.click("supervox_clean_apply")
    window.settle()
    over = window.session.painting.corrections.over.voxels
    assert set(np.flatnonzero(over.any(axis=(1, 2)))) == {9, 13}  # of class 1 now
    window.click("supervox_fill_preview")
    window.settle()
    assert says(window, "supervox_fill").startswith("Nothing to fill")
    window.session.painting.undo()
    window.session.painting.redo()
    window.click("supervox_fill_preview")
    window.settle()
    assert says(window, "supervox_fill").startswith("Nothing to fill")
    window.session.painting.undo()
    window.click("supervox_fill_preview")
    window.settle()
    assert says(window, "supervox_fill").startswith("class 3: ")


def what_objects_and_acceptance_corrected_is_not_filled_between(window: Any) -> None:
    for plane in (9, 13):  # as an edit of objects does
        voxels = indices((slice(plane, plane + 1), slice(10, 18), slice(4, 12)))
        given = np.full(voxels.size, 3, np.uint8)
        put(window.session, voxels, given, "1 object given to class 3")
    window.session.correcting.whole.accept(2)
    window.settle()
    assert (window.session.painting.corrections.over.voxels == 2).any()
    window.click("supervox_fill_preview")
    window.settle()
    assert says(window, "supervox_fill").startswith("Nothing to fill")
    for plane in (9, 13):
        correct(window, (slice(plane, plane + 1), slice(20, 28), slice(4, 12)), 3)
    window.click("supervox_fill_preview")
    window.settle()
    assert says(window, "supervox_fill").startswith("class 3: ")
    places = np.unravel_index(window.dock.around.tools.filling.trial.voxels, FULL)
    assert places[1].min() >= 19


def a_stroke_ends_what_was_tried_between_slices(window: Any) -> None:
    tools = window.dock.around.tools
    for plane in (9, 13):
        correct(window, (slice(plane, plane + 1), slice(10, 18), slice(4, 12)), 3)
    window.click("supervox_fill_preview")
    window.settle()
    assert tools.filling.trial is not None
    stroke = np.zeros(FULL, bool)
    stroke[11, 12:14, 6:10] = True
    window.paint_voxels(stroke, 1)
    window.settle()
    assert NAME not in window.viewer.layers
    assert not window.find("supervox_fill_apply").isEnabled()
    window.click("supervox_fill_preview")
    window.settle()
    assert not np.isin(np.flatnonzero(stroke), tools.filling.trial.voxels).any()


def a_stroke_ends_what_was_tried(window: Any) -> None:
    correct(window, SPECK, 3)
    window.choose("supervox_clean_of", window.session.classes[3].name)
    window.click("supervox_clean_preview")
    window.settle()
    assert NAME in window.viewer.layers
    stroke = np.zeros(FULL, bool)
    stroke[2, 2:6, 40:44] = True
    window.paint_voxels(stroke, 3)
    window.settle()
    assert NAME not in window.viewer.layers
    assert says(window).startswith("Press Finish in step 4 first")
    assert not window.find("supervox_clean_apply").isEnabled()


def test_another_image_and_a_closed_dock_leave_no_preview(window: Any) -> None:
    finish(window)
    for plane in (9, 13):
        correct(window, (slice(plane, plane + 1), slice(10, 18), slice(4, 12)), 3)
    window.click("supervox_fill_preview")
    window.settle()
    assert NAME in window.viewer.layers
    window.close_dock()
    assert NAME not in window.viewer.layers


def test_corrections_painted_with_the_mouse_are_filled_between(shown: Any) -> None:
    shown.prepare(1, 2, 3)
    shown.click("supervox_paint_corrections")
    shown.session.paint_class(3)
    before = labels(shown)
    for plane in (10, 14):
        shown.session.volume.show_plane(0, plane)
        for row in (8, 12, 16):
            shown.drag((plane, row, 4), (plane, row, 12))
    shown.settle()
    painted = labels(shown)
    assert set(np.flatnonzero((painted != before).any(axis=(1, 2)))) == {10, 14}
    shown.session.volume.show_plane(0, 12)
    shown.dock.window().resize(1280, 800)  # where step 5 begins at the lower edge
    shown.key(Qt.Key.Key_I)
    shown.settle()
    assert NAME in shown.viewer.layers
    assert shown.dock.sections[4].is_open
    apply = shown.find("supervox_fill_apply")
    assert apply.visibleRegion().boundingRect().size() == apply.size()  # in sight
    shown.key(Qt.Key.Key_I)
    shown.settle()
    after = labels(shown)
    assert (after[11:14, 8:17, 5:11] == 3).all()
    np.testing.assert_array_equal(after[[10, 14]], painted[[10, 14]])
    shown.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    shown.settle()
    np.testing.assert_array_equal(labels(shown), painted)


def work_is_cancelled_and_the_labels_stay(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = window.dock.around.tools
    before = labels(window)
    begun: list[bool] = []
    stopped: list[bool] = []

    def endless(*_: Any, workers: Any, **more: Any) -> None:
        begun.append(True)
        try:
            while True:
                workers.check_stop()
                workers.report(1, 4)
        finally:
            stopped.append(True)

    monkeypatch.setattr("supervox.napari_plugin.tasks.cleaning.clean", endless)
    window.click("supervox_clean_preview")
    window.until(lambda: begun)
    assert tools.clean.state.trial.progress is not None
    window.find("supervox_clean_cancel").click()
    window.until(lambda: stopped)
    window.settle()
    assert tools.clean.state.trial.progress is None
    assert not window.find("supervox_clean_apply").isEnabled()
    np.testing.assert_array_equal(labels(window), before)


def more_than_can_be_corrected_at_once_is_refused_in_words(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supervox.napari_plugin.session.cleaning.MOST_CHANGED", 100)
    window.choose("supervox_clean_tool", "Grow")
    window.choose("supervox_clean_of", window.session.classes[2].name)
    window.click("supervox_clean_preview")
    window.settle()
    assert "would change, and at most 100 can be corrected at once: take one" in says(window)
    assert not window.find("supervox_clean_apply").isEnabled()


def an_error_of_the_machine_is_told_and_nothing_changes(
    window: Any, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    def no_room(*_: Any, **more: Any) -> None:
        raise MemoryError("no room for the labels")

    monkeypatch.setattr("supervox.napari_plugin.tasks.cleaning.clean", no_room)
    window.click("supervox_clean_preview")
    window.settle()
    assert says(window) == "That didn't work; the labels are as they were"
    said = [*told, getattr(window.dock.state.opening.problem, "text", "")]
    assert "enough memory" in " ".join(map(str, said))


def test_the_command_palette_unfolds_the_tools(window: Any) -> None:
    for command, panel in (
        (clean_up_labels, window.dock.around.tools.clean),
        (fill_between_slices, window.dock.around.tools.fill),
    ):
        assert panel.isHidden()
        command(window.viewer)
        window.settle()
        assert not panel.isHidden()
    assert window.dock.sections[4].is_open
    assert says(window, "supervox_fill").startswith("Nothing to fill")


def test_a_flat_picture_is_cleaned_and_has_nothing_between(open_bench: Any, scene: Any) -> None:
    bench = open_bench(scene.image[8], name="flat")
    session = bench.session
    session.extent.prepare()
    for class_id in (1, 2, 3):
        stroke = np.zeros(FULL[1:], bool)
        stroke[scene.stroke(class_id)[1:]] = True
        bench.paint_voxels(stroke, class_id)
    bench.settle()
    session.delivery.finish()
    bench.settle()
    speck = np.zeros(FULL[1:], bool)
    speck[30:32, 3:5] = True
    voxels = np.flatnonzero(speck)
    put(session, voxels, np.full(voxels.size, 3, np.uint8), "painted")
    cleaning = Cleaning(
        session.volume, session.classes, session.correcting, lambda: session.delivery.final, float
    )
    cleaning.attempt(CleanStep("specks", 5, (3,)))
    bench.until(lambda: cleaning.trial is not None)
    np.testing.assert_array_equal(np.asarray(bench.layer(NAME).data) == LOST, speck)
    cleaning.apply()
    bench.until(lambda: not cleaning.gathering.is_running)
    assert set(np.flatnonzero(session.painting.corrections.over.voxels == 1)) == set(voxels)
    cleaning.release()
    filling = Filling(session.volume, session.painting, session.correcting)
    assert filling.state().trial.says == "A picture has no slices to fill between"
    filling.release()


# ---------------------------------------------------------- one window for what goes together


def test_what_is_cleaned_is_seen_first_and_ends_in_words(window: Any, told: list[str]) -> None:
    live_through(
        window,
        told,
        holes_of_locked_classes_stay_and_that_is_said,
        a_local_tool_shows_the_slice_in_view_first_and_then_all,
        what_was_tried_ends_with_the_labels_that_it_was_of,
        work_is_cancelled_and_the_labels_stay,
        more_than_can_be_corrected_at_once_is_refused_in_words,
        an_error_of_the_machine_is_told_and_nothing_changes,
        a_stroke_ends_what_was_tried,
    )


def test_what_is_filled_between_slices_is_what_was_painted(window: Any, told: list[str]) -> None:
    live_through(
        window,
        told,
        strokes_and_locked_classes_stay_between_slices,
        what_a_tool_did_is_not_filled_between_unless_it_is_painted_anew,
        what_objects_and_acceptance_corrected_is_not_filled_between,
        a_stroke_ends_what_was_tried_between_slices,
        other_axes_and_classes_can_be_filled,
        it_is_said_what_is_missing_to_fill,
    )
