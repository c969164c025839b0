"""Objects cut, merged, deleted, given to classes, sorted by rules and brushed, by mouse."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt, QTimer
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.tasks.editing import (
    edit_found,
    lay_patches,
    take_patches_off,
)
from supervox.napari_plugin.tasks.measuring import (
    FinalLabels,
    FoundObjects,
    MeasureOrder,
    Measuring,
)
from supervox.objects import Asked, CutLine, Give, Mark, Merge, ObjectSteps, Rule, find_by_steps
from supervox.project import Project

from tests.napari_plugin.corrector import put

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


# ------------------------------------------------------------------------- without a window


def two_cubes() -> np.ndarray:
    """Two cubes of class 2 in class 1, of which one has a speck of class 3 beside it."""
    labels = np.ones((6, 12, 30), np.uint8)
    labels[1:5, 3:9, 3:9] = 2
    labels[1:5, 3:9, 20:26] = 2
    labels[2, 4, 9] = 3
    return labels


@pytest.fixture
def found(run_stage: Any) -> FoundObjects:
    labels = two_cubes()
    source = Source("layer", np.arange(labels.size).reshape(labels.shape), 0, (2.0, 1.0, 1.0), "nm")
    final = FinalLabels(source, labels, (1, 2, 3), True)
    names = {1: "ice", 2: "cell", 3: "speck"}
    order = MeasureOrder(final, 0, names, ("image",), (0.0, 0.0, 0.0))
    result: FoundObjects = run_stage(Measuring(), order)
    return result


EDITS = {
    "cut": CutLine(2, 0, ((0.0, 5.5), (12.0, 5.5)), (2, 5, 5), (2, 5, 6)),
    "merge": Merge(2, ((2, 4, 4), (2, 4, 22))),
    "give": Give((2,), ((2, 4, 22),), (3,), in_labels=True),
    "join": Give((3,), ((2, 4, 9),), (2,), in_labels=True),
    "delete": Give((3, 2), ((2, 4, 9), (2, 4, 22)), (1, 1), in_labels=True),
}


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_gives_what_finding_anew_would_and_can_be_taken_back(
    run_stage: Any, found: FoundObjects, kind: str
) -> None:
    edit, before = EDITS[kind], found.ids.copy()
    outcome = edit_found(found, edit)
    assert outcome is not None
    np.testing.assert_array_equal(found.ids, before)
    lay_patches(found.ids, outcome.patches)
    # anew, from labels that were corrected with the edit
    labels = two_cubes()
    if isinstance(edit, Give):
        for voxel, of, to in zip(edit.at, edit.of, edit.to, strict=True):
            number = before[voxel]
            assert labels[voxel] == of
            labels[before == number] = to
    final = FinalLabels(found.order.of.source, labels, (1, 2, 3), True)
    steps = ObjectSteps(edits=(edit,))
    order = MeasureOrder(final, 0, found.order.names, ("image",), (0.0, 0.0, 0.0), steps)
    anew: FoundObjects = run_stage(Measuring(), order)
    after = outcome.after
    assert after.number == anew.number
    pairs = np.unique(np.stack([found.ids.ravel(), anew.ids.ravel()]), axis=1)
    assert pairs.shape[1] == anew.number  # of which each is one of the others
    same = dict(pairs.T.tolist())
    assert {same[k] for k in after.by_hand} == anew.by_hand
    rows = [anew.row_of(same[k]) for k in after.table["id"].tolist()]
    for name in after.table.names:
        if name in ("id", "nearest"):
            continue
        values = after.table[name]
        expected = anew.table[name][rows] if name in anew.table else np.zeros(len(rows))
        if values.dtype == object:
            assert values.tolist() == expected.tolist()
        else:
            np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9, err_msg=name)
    take_patches_off(found.ids, outcome.patches)
    np.testing.assert_array_equal(found.ids, before)


def test_marked_objects_are_left_alone_by_rules(found: FoundObjects) -> None:
    outcome = edit_found(found, Mark((2,), ((2, 4, 4),)))
    assert outcome is not None
    assert outcome.patches == ()
    rules = (Rule.parse("class == 2 -> class 3"), Rule.parse("nonsense > 2 -> remove"))
    ruled = outcome.after.with_steps(ObjectSteps(rules=rules))
    assert ruled.table["class_name"].tolist() == ["ice", "cell", "speck", "speck"]
    assert ruled.table["by_hand"].tolist() == [0, 1, 0, 0]
    assert ruled.ruled[1] == (1, None)
    assert "there is no measure 'nonsense'; there are id, class" in ruled.ruled[2]


@pytest.mark.parametrize("seed", [0, 1])
def test_mixed_edits_with_undo_and_redo_equal_finding_anew(bench: Any, seed: int) -> None:
    """Cuts, merges, deletions, marks, rules, strokes' corrections; local work against all anew."""
    bench.prepare(1, 2, 3)
    session, chance = bench.session, random.Random(seed)
    bench.until(lambda: session.live.can_update)
    session.delivery.finish()
    bench.settle()
    by_hand, objects, painting = session.by_hand, session.delivery.objects, session.painting
    by_hand.find(Asked())
    bench.settle()
    kinds = ["cut", "merge", "delete", "give", "mark", "rule", "undo", "redo"]
    most = 0
    for _ in range(60):
        most = max(most, objects.found.number)
        numbers = objects.found.table["id"].tolist()
        some = tuple(chance.sample(numbers, min(2, len(numbers))))
        # what was cut and is given away is a step less in a replay, and may be cut otherwise
        plain = tuple(k for k in some if k not in objects.found.reshaped)
        objects.select(some)
        match chance.choices(kinds, [8, 2, 1, 1, 1, 1, 3, 2])[0]:
            case "cut":
                axis, first = chance.randrange(3), objects.found.row_of(some[0])
                table = objects.found.table
                middle = [
                    int(chance.uniform(table[f"first_{k}"][first], table[f"last_{k}"][first] + 1))
                    for k in ("plane", "row", "column")
                ]
                plane, turn = middle.pop(axis), chance.uniform(0, 3.1)
                way = (60 * np.cos(turn), 60 * np.sin(turn))
                line = tuple(
                    tuple(m + sign * w for m, w in zip(middle, way, strict=True))
                    for sign in (-1, 1)
                )
                by_hand._on_line("cut", axis, plane, line)
            case "merge":
                by_hand.merge()
            case "delete":
                objects.select(plain[:1])
                by_hand.delete()
            case "give":
                objects.select(plain[:1])
                by_hand.give(chance.randrange(1, 4))
            case "mark":
                by_hand.mark()
            case "rule":
                at = chance.randrange(2000)
                by_hand.set_rules([Rule.parse(f"voxels < {at} -> class {chance.randrange(1, 4)}")])
            case "undo":
                painting.undo()
            case "redo":
                painting.redo()
        bench.settle()
    assert not objects.is_old
    found = objects.found
    labels = np.asarray(session.correcting.shown.now())
    anew = find_by_steps(labels, by_hand.edits.steps)
    pairs = np.unique(np.stack([found.ids.ravel(), anew.instances.ids.ravel()]), axis=1)
    assert most > 3
    assert pairs.shape[1] == len(found.measured) == anew.instances.number
    same = dict(pairs.T.tolist())
    classes = [int(anew.instances.class_of[same[k] - 1]) for k in found.measured["id"].tolist()]
    assert found.measured["class"].tolist() == classes
    voxels = np.bincount(found.ids.ravel())
    assert found.measured["voxels"].tolist() == voxels[found.measured["id"]].tolist()


# ------------------------------------------------------------------------------ in a window


@pytest.fixture
def table(shown: Any) -> Any:
    """Find the objects of the scene, three slabs, and show them with their table."""
    shown.prepare(1, 2, 3)
    shown.click("supervox_finish")
    shown.settle()
    shown.dock.sections[4].set_open(True)
    shown.click("supervox_objects_find")
    shown.settle()
    shown.click("supervox_objects_table")
    window = shown.dock.around.objects
    shown.until(window.isVisible)
    shown.click("supervox_objects_shown")
    return window


def objects_of(window: Any) -> Any:
    return window.session.delivery.objects


def live_through(window: Any, table: Any, *stories: Callable[[Any, Any], None]) -> None:
    """Live through stories in one window, each from where the first began."""
    session, objects = window.session, objects_of(window)
    labels, ids = np.array(session.correcting.shown.now()), objects.found.ids.copy()
    steps, point = session.by_hand.edits.steps, window.viewer.dims.point

    def is_changed() -> bool:
        now = np.asarray(session.correcting.shown.now())
        return session.by_hand.edits.steps != steps or not np.array_equal(now, labels)

    for story in stories:
        story(window, table)
        for tool in ("cut", "merge", "split"):
            if window.find(f"supervox_object_{tool}").isChecked():
                window.click(f"supervox_object_{tool}")
        undone = 0
        while is_changed():
            assert undone < 20, story.__name__
            session.painting.undo()
            window.settle()
            undone += 1
        for item in session.classes:
            session.classes.change(item.id, locked=False)
        if objects.is_old:
            window.click("supervox_objects_find")
            window.settle()
        objects.select(())
        window.viewer.dims.point = point
        np.testing.assert_array_equal(objects.found.ids, ids, err_msg=story.__name__)
        assert objects.is_shown, story.__name__


def number_at(window: Any, *voxel: int) -> int:
    return int(objects_of(window).found.ids[voxel])


def click_on(window: Any, *voxel: int, **how: Any) -> None:
    window.drag(voxel, voxel, **how)
    window.settle()


def a_drawn_line_cuts_an_object_and_undo_makes_it_one_again(shown: Any, table: Any) -> None:
    before, count = objects_of(shown).found.ids.copy(), table.model.rowCount()
    labels = np.asarray(shown.session.correcting.shown.now())
    plane = shown.viewer.dims.current_step[0]
    shown.click("supervox_object_cut")
    camera = tuple(shown.viewer.scene.camera.center)
    shown.drag((plane, 20, 17), (plane, 20, 25), (plane, 20, 31))
    shown.settle()
    assert tuple(shown.viewer.scene.camera.center) == camera
    assert table.model.rowCount() == count + 1
    assert number_at(shown, plane, 10, 24) != number_at(shown, plane, 30, 24)
    assert "1 cut" in shown.find("supervox_objects_by_hand").whole
    np.testing.assert_array_equal(np.asarray(shown.session.correcting.shown.now()), labels)
    assert "line" not in shown.viewer.layers
    assert list(shown.layer("objects").features["index"]) == sorted(table.model.numbers.tolist())
    shown.session.painting.undo()
    shown.settle()
    np.testing.assert_array_equal(objects_of(shown).found.ids, before)
    assert table.model.rowCount() == count
    assert shown.find("supervox_objects_by_hand").whole.startswith("Click an object")
    shown.session.painting.redo()
    shown.settle()
    assert table.model.rowCount() == count + 1
    # and found anew it is cut as well
    shown.click("supervox_objects_find")
    shown.settle()
    assert table.model.rowCount() == count + 1


def test_objects_of_a_picture_of_one_plane_are_cut_and_deleted(open_dock: Any, scene: Any) -> None:
    window = open_dock(scene.image[scene.plane], name="scene", show=True)
    for class_id in (1, 2, 3):
        mask = np.zeros(scene.shape, np.bool_)
        mask[scene.stroke(class_id)] = True
        window.paint_voxels(mask[scene.plane], class_id)
    window.prepare()
    window.click("supervox_finish")
    window.settle()
    window.dock.sections[4].set_open(True)
    window.click("supervox_objects_find")
    window.settle()
    count = objects_of(window).found.number
    window.click("supervox_object_cut")
    window.drag((0, 20, 17), (0, 20, 31))
    window.settle()
    assert objects_of(window).found.number == count + 1
    assert window.layer("objects").data[10, 24] != window.layer("objects").data[30, 24]
    window.click("supervox_object_cut")
    click_on(window, 0, 30, 24)
    window.click("supervox_object_delete")
    window.settle()
    assert objects_of(window).found.number == count
    assert np.asarray(window.session.correcting.shown.now())[0, 30, 24] != 2


def a_line_that_cuts_nothing_says_so(shown: Any, table: Any) -> None:
    plane = shown.viewer.dims.current_step[0]
    count = table.model.rowCount()
    shown.click("supervox_object_cut")
    shown.drag((plane, 20, 21), (plane, 20, 25))
    shown.settle()
    assert table.model.rowCount() == count
    assert "The line goes across no object" in shown.said
    # the object that is chosen is meant, wherever the line ends
    shown.click("supervox_object_cut")
    click_on(shown, plane, 20, 24)
    number = number_at(shown, plane, 20, 24)
    shown.click("supervox_object_cut")
    shown.drag((plane, 20, 20), (plane, 20, 28))
    shown.settle()
    assert table.model.rowCount() == count + 1
    name = shown.session.classes[2].name
    assert f"Cut object {number}, of {name}, along the line" in shown.said
    shown.click("supervox_object_merge")
    shown.drag((plane, 20, 4), (plane, 20, 44))
    shown.settle()
    assert "Objects of two classes can't be one" in shown.said


def inner_piece(window: Any, plane: int) -> int:
    """Make the middle of the middle slab an object of class 1; return its number."""
    labels = np.asarray(window.session.correcting.shown.now())
    inside = np.zeros(labels.shape, np.bool_)
    inside[plane - 1 : plane + 2, 14:20, 21:28] = True
    voxels = np.flatnonzero(inside)
    put(window.session, voxels, np.ones(voxels.size, np.uint8), "put")
    window.settle()
    window.click("supervox_objects_find")
    window.settle()
    return number_at(window, plane, 16, 24)


def a_line_cuts_an_object_that_lies_within_another(shown: Any, table: Any) -> None:
    plane = shown.viewer.dims.current_step[0]
    inner_piece(shown, plane)
    around, count = number_at(shown, plane, 10, 24), table.model.rowCount()
    assert objects_of(shown).is_shown
    shown.click("supervox_object_cut")
    shown.drag((plane, 16, 19), (plane, 16, 30))
    shown.settle()
    assert table.model.rowCount() == count + 1
    assert number_at(shown, plane, 14, 24) != number_at(shown, plane, 19, 24)
    assert number_at(shown, plane, 10, 24) == number_at(shown, plane, 30, 24) == around
    # and its pieces are one again by a line from the one to the other
    shown.click("supervox_object_merge")
    shown.drag((plane, 14, 24), (plane, 19, 24))
    shown.settle()
    assert table.model.rowCount() == count


def the_menu_gives_an_object_to_a_class(shown: Any, table: Any) -> None:
    plane = shown.viewer.dims.current_step[0]
    labels = np.asarray(shown.session.correcting.shown.now())
    click_on(shown, plane, 20, 24)
    inside = objects_of(shown).found.ids == number_at(shown, plane, 20, 24)
    shown.settle_widgets()
    row = shown.dock.objects.edits
    (entry,) = [k for k in row.classes.actions() if k.text() == shown.session.classes[3].name]

    def choose() -> None:
        if row.classes.isVisible():
            shown._bot.mouseClick(row.classes, LEFT, pos=row.classes.actionGeometry(entry).center())

    clicker = QTimer(interval=100)
    clicker.timeout.connect(choose)
    clicker.start()  # the menu waits for the mouse
    shown.click("supervox_object_give")
    clicker.stop()
    shown.settle()
    now = np.asarray(shown.session.correcting.shown.now())
    np.testing.assert_array_equal(now, np.where(inside, 3, labels))
    shown.session.painting.undo()
    shown.settle()
    np.testing.assert_array_equal(np.asarray(shown.session.correcting.shown.now()), labels)


def a_click_on_an_object_leaves_the_plane_and_a_row_flies_to_it(shown: Any, table: Any) -> None:
    number = number_at(shown, 1, 20, 24)
    shown.viewer.dims.set_current_step(0, 1)
    click_on(shown, 1, 20, 24)
    assert objects_of(shown).selection == (number,)
    assert shown.viewer.dims.current_step[0] == 1  # where it was clicked on
    objects_of(shown).go_to(number)  # as a row does
    assert shown.viewer.dims.current_step[0] == 0  # the first of those that have most of it


def pieces_are_merged_by_a_line_or_chosen_by_clicks(shown: Any, table: Any) -> None:
    plane, count = shown.viewer.dims.current_step[0], table.model.rowCount()
    shown.click("supervox_object_cut")
    shown.drag((plane, 20, 17), (plane, 20, 31))
    shown.settle()
    shown.click("supervox_object_merge")
    shown.drag((plane, 10, 24), (plane, 30, 24))
    shown.settle()
    assert table.model.rowCount() == count
    shown.click("supervox_object_cut")
    shown.drag((plane, 15, 17), (plane, 15, 31))
    shown.settle()
    shown.click("supervox_object_cut")  # puts it down
    click_on(shown, plane, 5, 24)
    click_on(shown, plane, 30, 24, modifiers=CONTROL)
    chosen = objects_of(shown).selection
    assert len(chosen) == 2
    assert sorted(index.row() for index in table.view.selectionModel().selectedRows()) == sorted(
        table.model.row_of(number) for number in chosen
    )
    shown.click("supervox_object_merge")
    shown.settle()
    assert table.model.rowCount() == count
    assert "2 cuts, 2 merges" in shown.find("supervox_objects_by_hand").whole


def lines_in_the_parts_of_an_object_split_it(shown: Any, table: Any) -> None:
    plane, count = shown.viewer.dims.current_step[0], table.model.rowCount()
    shown.click("supervox_object_split")
    shown.drag((plane, 5, 20), (plane, 5, 28))
    shown.drag((plane, 35, 20), (plane, 35, 28))
    assert len(shown.layer("line").data) == 2
    shown.click("supervox_object_split")
    shown.settle()
    assert table.model.rowCount() == count + 1
    assert number_at(shown, plane, 5, 24) != number_at(shown, plane, 35, 24)
    assert "line" not in shown.viewer.layers
    assert "1 separation" in shown.find("supervox_objects_by_hand").whole
    shown.session.painting.undo()
    shown.settle()
    assert table.model.rowCount() == count
    shown.click("supervox_object_split")
    shown.drag((plane, 5, 20), (plane, 5, 28))
    shown.click("supervox_object_split")
    assert "Draw a line in each part of one object" in shown.said


def a_deleted_object_is_gone_from_the_labels_too_until_undo(shown: Any, table: Any) -> None:
    plane, count = shown.viewer.dims.current_step[0], table.model.rowCount()
    labels = np.asarray(shown.session.correcting.shown.now())
    shown.click("supervox_object_cut")
    shown.drag((plane, 8, 17), (plane, 8, 31))
    shown.settle()
    shown.click("supervox_object_cut")
    click_on(shown, plane, 3, 24)
    piece = objects_of(shown).found.ids == number_at(shown, plane, 3, 24)
    shown.click("supervox_object_delete")
    shown.settle()
    now = np.asarray(shown.session.correcting.shown.now())
    assert set(np.unique(now[piece])) != {2}
    np.testing.assert_array_equal(now[~piece], labels[~piece])
    assert "1 cut, 1 object deleted" in shown.find("supervox_objects_by_hand").whole
    assert not objects_of(shown).is_old
    assert table.model.rowCount() == count
    shown.session.painting.undo()
    shown.settle()
    np.testing.assert_array_equal(np.asarray(shown.session.correcting.shown.now()), labels)
    assert not objects_of(shown).is_old
    assert table.model.rowCount() == count + 1
    shown.session.painting.redo()
    shown.settle()
    np.testing.assert_array_equal(np.asarray(shown.session.correcting.shown.now()), now)
    assert not objects_of(shown).is_old


def objects_are_of_the_labels_again_after_undo_and_redo(shown: Any, table: Any) -> None:
    painting = shown.session.painting

    def correct(first: int) -> None:
        put(shown.session, np.arange(first, first + 5), np.full(5, 3, np.uint8), "put")

    correct(10)
    assert objects_of(shown).is_old
    painting.undo()
    assert not objects_of(shown).is_old
    # objects of corrected labels are of them again as well, whatever came between
    correct(10)
    shown.settle()
    shown.click("supervox_objects_find")
    shown.settle()
    assert not objects_of(shown).is_old
    correct(100)
    assert objects_of(shown).is_old
    painting.undo()
    painting.undo()
    assert objects_of(shown).is_old
    painting.redo()
    assert not objects_of(shown).is_old
    painting.undo()
    correct(12)  # as many voxels, elsewhere
    assert objects_of(shown).is_old


def corrections_leave_the_picture_to_objects_that_are_shown(shown: Any, table: Any) -> None:
    by_hand, image = shown.session.correcting.by_hand, shown.session.volume.image
    layer = by_hand.show(image)
    assert objects_of(shown).is_shown
    assert not layer.visible
    shown.click("supervox_objects_shown")
    assert (layer.visible, layer.contour) == (True, 1)
    shown.click("supervox_objects_shown")
    assert not layer.visible


def an_object_of_a_locked_class_stays(shown: Any, table: Any) -> None:
    plane = shown.viewer.dims.current_step[0]
    click_on(shown, plane, 20, 24)
    shown.session.classes.change(2, locked=True)
    shown.settle_widgets()
    shown.click("supervox_object_delete")
    shown.settle()
    assert "locked: unlock to change its objects" in shown.said
    assert objects_of(shown).found.by_hand == frozenset()


def rules_are_listed_with_what_they_catch_and_are_undone(shown: Any, table: Any) -> None:
    bot, rules, names = shown._bot, table.rules, {k.id: k.name for k in shown.session.classes}
    table.tabs.setCurrentWidget(rules)

    def add(text: str, to: str) -> None:
        rules.text.setText(text)
        rules.to.setCurrentIndex(rules.to.findText(to))
        bot.mouseClick(rules.add, LEFT)
        shown.settle()

    add(f"middle: class == {names[2]}", names[1])
    assert rules.list.item(0).text() == f"middle: class == {names[2]} → {names[1]}   (1 object)"
    assert table.model.table["class_name"].tolist().count(names[2]) == 0
    add("voxels > 0", "removed")
    assert rules.list.count() == 2
    assert table.isVisible()
    assert objects_of(shown).found.number == table.model.rowCount() == 0
    assert shown.dock.objects.describe() == "All objects are removed by rules"
    shown.session.painting.undo()
    shown.settle()
    # what can't be carried out isn't added
    for text, words in (
        ("colour > 3", "there is no measure 'colour'"),
        ("sphericity > 3 nm3", "sphericity has no unit, which 'nm3' doesn't fit"),
        ("volume >", "a number, or the name of a class, is missing"),
        ("class != nobody", "no class is called 'nobody'"),
    ):
        add(text, "removed")
        assert words in rules.says.whole
        assert rules.text.text() == text  # to be mended
    assert [rule.name for rule in shown.session.by_hand.edits.steps.rules] == ["middle"]
    # a rule of an older project, of a channel that this image lacks
    rule = Rule.parse("colour > 3 -> remove")
    shown.session.by_hand.set_rules([*shown.session.by_hand.edits.steps.rules, rule])
    shown.settle()
    assert rules.list.item(1).text() == "colour > 3 → removed   (can't be carried out)"
    assert rules.list.item(0).text().endswith("(1 object)")
    assert "there is no measure 'colour'" in rules.says.whole
    rules.list.setCurrentRow(1)
    bot.mouseClick(rules.remove, LEFT)
    shown.settle()
    assert rules.list.count() == 1
    # a class is renamed: table and columns say so, and a rule of the old name that it is of none
    shown.session.classes.change(2, name="Zellkern")
    shown.settle()
    found = objects_of(shown).found
    assert not objects_of(shown).is_old
    assert "Zellkern" in table.model.table["class_name"].tolist()
    assert "neighbours_zellkern" in found.measured
    assert rules.list.item(0).text().endswith("(can't be carried out)")
    assert f"no class is called {names[2]!r}" in rules.says.whole
    shown.session.classes.change(2, name=names[2])
    shown.settle()
    assert rules.list.item(0).text().endswith("(1 object)")


def rules_are_put_into_the_labels_and_taken_back_by_one_undo(shown: Any, table: Any) -> None:
    labels = np.asarray(shown.session.correcting.shown.now())
    rules, name = table.rules, shown.session.classes[1].name
    table.tabs.setCurrentWidget(rules)
    shown.session.by_hand.set_rules([Rule.parse("class == 2 -> class 1")])
    shown.settle()
    np.testing.assert_array_equal(np.asarray(shown.session.correcting.shown.now()), labels)
    shown._bot.mouseClick(rules.put_in, LEFT)
    shown.settle()
    now = np.asarray(shown.session.correcting.shown.now())
    np.testing.assert_array_equal(now, np.where(labels == 2, 1, labels))
    assert not objects_of(shown).is_old
    assert table.model.table["class_name"].tolist().count(name) == 1  # one with its neighbour
    assert "1 object sorted by rules" in shown.find("supervox_objects_by_hand").whole
    shown.session.painting.undo()
    shown.settle()
    np.testing.assert_array_equal(np.asarray(shown.session.correcting.shown.now()), labels)


def questions_on_objects_are_answered_by_yes_and_no(shown: Any, table: Any) -> None:
    questions, bot, count = table.questions, shown._bot, table.model.rowCount()
    table.tabs.setCurrentWidget(questions)
    plane = shown.viewer.dims.current_step[0]
    # two halves of a slab, with a gap of another class between them, made by hand
    shown.click("supervox_object_cut")
    for row in (19, 21):
        shown.drag((plane, row, 17), (plane, row, 31))
        shown.settle()
    shown.click("supervox_object_cut")
    click_on(shown, plane, 20, 24)
    shown.click("supervox_object_delete")
    shown.settle()
    bot.mouseClick(questions.look, LEFT)
    shown.settle()
    texts = [questions.list.item(k).text() for k in range(questions.list.count())]
    assert texts
    assert all("one thing?" in text and text.endswith(("likely", "perhaps")) for text in texts)
    assert len(objects_of(shown).selection) == 2
    now = table.model.rowCount()
    bot.mouseClick(questions.no, LEFT)
    shown.settle()
    assert questions.list.count() == len(texts) - 1
    assert table.model.rowCount() == now > count
    bot.mouseClick(questions.look, LEFT)
    shown.settle()
    assert questions.list.count() == len(texts) - 1  # it isn't asked again, until it is taken back
    shown.session.painting.undo()
    shown.settle()
    assert [questions.list.item(k).text() for k in range(questions.list.count())] == texts
    bot.mouseClick(questions.yes, LEFT)
    shown.settle()
    assert table.model.rowCount() == now - 1
    assert "1 merge" in shown.find("supervox_objects_by_hand").whole
    shown.session.painting.undo()
    shown.settle()
    assert table.model.rowCount() == now


def objects_framed_in_the_scatter_plot_are_chosen(shown: Any, table: Any) -> None:
    plots = table.plots
    table.tabs.setCurrentIndex(1)
    shown.until(plots.scatter.isVisible)
    places = plots.scatter.places()
    assert np.isfinite(places).all()
    whole = plots.scatter.rect()
    bot = shown._bot
    bot.mousePress(plots.scatter, LEFT, pos=whole.topLeft() + QPoint(2, 2))
    bot.mouseMove(plots.scatter, whole.center())
    bot.mouseRelease(plots.scatter, LEFT, pos=whole.bottomRight() - QPoint(2, 2))
    shown.settle()
    assert set(objects_of(shown).selection) == set(table.model.numbers.tolist())
    rows = {index.row() for index in table.view.selectionModel().selectedRows()}
    assert len(rows) == table.model.rowCount()
    bot.mouseClick(plots.scatter, LEFT, pos=QPoint(*np.rint(places[0]).astype(int).tolist()))
    shown.settle()
    assert len(objects_of(shown).selection) == 1


def objects_are_coloured_by_a_measure(shown: Any, table: Any) -> None:
    layer = shown.layer("objects")
    table.tabs.setCurrentIndex(0)
    shown.until(table.plots.coloured.isVisible)
    table.plots.measure.setCurrentIndex(table.plots.measure.findData("centre_column"))
    shown._bot.mouseClick(table.plots.coloured, LEFT, pos=QPoint(8, 8))
    found = objects_of(shown).found
    order = found.table["id"][np.argsort(found.table["centre_column"])]
    first, last = (layer.colormap.color_dict[int(k)] for k in (order[0], order[-1]))
    bars = table.plots.histogram.colours  # say which colour is which value
    values = table.plots.histogram.middles()
    np.testing.assert_allclose(bars[0], first, atol=0.1)
    np.testing.assert_allclose(bars[-1], last, atol=0.1)
    assert (np.diff(values) > 0).all()
    assert first[2] > first[0]  # violet
    assert last[0] > last[2]  # yellow
    # the dock says which values these colours are, and so does a picture of the view
    shown.settle_widgets()
    legend = shown.find("supervox_objects_legend")
    values = found.table["centre_column"]
    assert not legend.isHidden()
    assert legend.title.text().startswith("centre column")
    assert [legend.bar.low.text(), legend.bar.high.text()] == [
        f"{value:.4g}" for value in (values.min(), values.max())
    ]
    assert shown.dock.around.picture_actions().scale() == shown.dock.state.objects.scale
    shown._bot.mouseClick(table.plots.coloured, LEFT, pos=QPoint(8, 8))
    shown.settle_widgets()
    assert legend.isHidden()
    assert not hasattr(layer.colormap, "color_dict")
    assert table.plots.histogram.colours is None


@pytest.fixture
def objects_are_kept_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a project keep no objects, only how they are found."""
    monkeypatch.setattr("supervox.napari_plugin.session.kept_objects.PAUSE_MS", 10**8)


@pytest.mark.usefixtures("objects_are_kept_late")
def test_a_project_keeps_edits_rules_and_how_objects_are_found(
    shown: Any, table: Any, tmp_path: Any
) -> None:
    plane = shown.viewer.dims.current_step[0]
    shown.session.autosave.save_as(tmp_path / "cell.supervox")
    shown.settle()
    shown.click("supervox_object_cut")
    shown.drag((plane, 20, 17), (plane, 20, 31))
    shown.settle()
    shown.session.by_hand.set_rules([Rule.parse("voxels < 3 -> remove")])
    shown.choose("supervox_objects_split", "are split at necks: round things")
    shown.click("supervox_objects_find")
    shown.settle()
    shown.close_dock()
    with Project.open(tmp_path / "cell.supervox", read_only=True) as project:
        steps = ObjectSteps.of(project.annotations.edits)
    assert [edit.kind for edit in steps.edits] == ["cut"]
    assert steps.rules == (Rule.parse("voxels < 3 -> remove"),)
    assert steps.asked.split == "round"
    # opened again, one click brings it all back
    shown.viewer.layers.clear()
    shown.open()
    shown.session.autosave.open(tmp_path / "cell.supervox")
    shown.settle()
    shown.until(lambda: shown.session.delivery.final is not None)
    shown.settle()
    assert "Kept in the project: 1 cut, 1 rule" in shown.dock.objects.status.text.whole
    assert shown.dock.objects.split.currentData() == "round"
    shown.dock.sections[4].set_open(True)
    shown.click("supervox_objects_find")
    shown.settle()
    assert "1 cut, 1 rule" in shown.find("supervox_objects_by_hand").whole
    assert number_at(shown, plane, 10, 24) != number_at(shown, plane, 30, 24)


def test_going_to_space_with_an_object_chosen_gives_no_warning(
    shown: Any, table: Any, told: list[str]
) -> None:
    go_to_space_with_an_object(shown, table)
    put(shown.session, np.arange(10, 15), np.full(5, 3, np.uint8), "put")
    shown.settle()
    shown.click("supervox_objects_find")
    shown.settle()
    go_to_space_with_an_object(shown, table)
    assert told == []


def go_to_space_with_an_object(shown: Any, table: Any) -> None:
    session = shown.session
    view, rows = table.view, table.model
    at = view.visualRect(rows.index(0, 1)).center()
    shown._bot.mouseClick(view.viewport(), LEFT, pos=at)
    assert len(objects_of(shown).selection) == 1
    with warnings.catch_warnings(record=True) as heard:
        shown.viewer.dims.ndisplay = 3  # napari's own button
        shown.settle()
        shown.viewer.dims.ndisplay = 2
        shown.settle()
        session.space.toggle()
        shown.settle()
        session.space.toggle()
        shown.settle()
        session.view.choose(outline=True)
        shown.settle()
        shown.viewer.dims.ndisplay = 3
        shown.settle()
        shown.viewer.dims.ndisplay = 2
        shown.settle()
    assert [str(one.message) for one in heard] == []


# ---------------------------------------------------------- one window for what goes together


def test_objects_are_edited_by_lines_clicks_and_buttons(
    shown: Any, table: Any, told: list[str]
) -> None:
    live_through(
        shown,
        table,
        a_drawn_line_cuts_an_object_and_undo_makes_it_one_again,
        a_line_that_cuts_nothing_says_so,
        a_line_cuts_an_object_that_lies_within_another,
        the_menu_gives_an_object_to_a_class,
        a_click_on_an_object_leaves_the_plane_and_a_row_flies_to_it,
        pieces_are_merged_by_a_line_or_chosen_by_clicks,
        lines_in_the_parts_of_an_object_split_it,
        a_deleted_object_is_gone_from_the_labels_too_until_undo,
        an_object_of_a_locked_class_stays,
    )
    assert told == []


def test_corrections_rules_and_questions_change_objects(
    shown: Any, table: Any, told: list[str]
) -> None:
    live_through(
        shown,
        table,
        objects_are_of_the_labels_again_after_undo_and_redo,
        rules_are_listed_with_what_they_catch_and_are_undone,
        rules_are_put_into_the_labels_and_taken_back_by_one_undo,
        questions_on_objects_are_answered_by_yes_and_no,
    )
    assert told == []


def test_objects_are_seen_in_plots_and_colours(shown: Any, table: Any, told: list[str]) -> None:
    live_through(
        shown,
        table,
        objects_framed_in_the_scatter_plot_are_chosen,
        objects_are_coloured_by_a_measure,
        corrections_leave_the_picture_to_objects_that_are_shown,
    )
    assert told == []
