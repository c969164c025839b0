"""Deleting a class is undone like a stroke, also another day."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.project.project_files import reopen
from supervox.project import ClassChange, ProjectClass

from tests.napari_plugin.corrector import put


def test_an_empty_class_comes_back_by_undo(bench: Any) -> None:
    session = bench.session
    session.classes.change(2, name="cell", colour="#aa00aa")
    bench.paint(1)
    bench.settle()
    session.deleting.remove(2)
    assert session.classes.ids == (1,)
    session.painting.undo()
    bench.settle()
    assert session.classes[2].name == "cell"
    assert session.classes[2].colour == "#aa00aa"
    assert session.classes.ids == (1, 2)
    assert (bench.strokes.data == 1).any()
    session.painting.redo()
    bench.settle()
    assert session.classes.ids == (1,)


def test_a_class_and_its_strokes_are_one_step(bench: Any) -> None:
    session = bench.session
    bench.paint(1, 2)
    bench.settle()
    before = bench.strokes.data.copy()
    session.deleting.remove(1)
    bench.settle()
    assert session.classes.ids == (2,)
    session.painting.undo()
    bench.settle()
    assert session.classes.ids == (1, 2)
    np.testing.assert_array_equal(bench.strokes.data, before)
    session.painting.redo()
    bench.settle()
    assert session.classes.ids == (2,)
    assert not (bench.strokes.data == 1).any()
    session.painting.undo()
    session.painting.undo()
    bench.settle()
    assert session.classes.ids == (1, 2)
    assert not (bench.strokes.data == 2).any()


@pytest.mark.parametrize("with_strokes", [True, False])
def test_a_class_its_strokes_and_its_corrections_are_one_step(
    bench: Any, with_strokes: bool
) -> None:
    session = bench.session
    bench.paint(1, 2)
    bench.settle()
    if not with_strokes:
        bench.paint_voxels(bench.strokes.data == 1, 0)
        bench.settle()
    correct = partial(put, session)
    for first, class_id in ((0, 1), (30, 2), (60, 1)):
        correct(np.arange(first, first + 20), np.full(20, class_id, np.uint8), "put")
    before, corrections = bench.strokes.data.copy(), session.painting.corrections.now
    kept = corrections.copy()
    session.deleting.remove(1)
    bench.settle()
    assert not (corrections == 1).any()
    for _ in range(2):
        session.painting.undo()
        bench.settle()
        assert session.classes.ids == (1, 2)
        np.testing.assert_array_equal(bench.strokes.data, before)
        np.testing.assert_array_equal(corrections, kept)
        session.painting.redo()
        bench.settle()
        assert session.classes.ids == (2,)
        assert not (bench.strokes.data == 1).any()
        assert not (corrections == 1).any()
    session.painting.undo()
    bench.settle()
    session.painting.undo()
    bench.settle()
    np.testing.assert_array_equal(bench.strokes.data, before)
    assert (corrections == 1).sum() == 20
    assert session.painting.corrections.counts.tolist()[:3] == [0, 20, 20]


def test_strokes_since_the_last_look_are_those_of_their_class(bench: Any, scene: Any) -> None:
    session = bench.session
    bench.paint(1, 2)
    bench.settle()
    over, more = np.zeros(scene.shape, bool), np.zeros(scene.shape, bool)
    over[scene.plane, 12:16] = True
    more[3, 5:9, 5:9] = True
    bench.paint_voxels(over, 2)
    bench.paint_voxels(more, 1)
    before = bench.strokes.data.copy()
    session.deleting.remove(1)
    np.testing.assert_array_equal(bench.strokes.data, np.where(before == 1, 0, before))
    bench.settle()
    session.painting.undo()
    bench.settle()
    assert session.classes.ids == (1, 2)
    np.testing.assert_array_equal(bench.strokes.data, before)


def test_a_class_that_was_deleted_another_day_comes_back_with_its_name(
    bench: Any, open_bench: Callable[..., Any], tmp_path: Path
) -> None:
    session = bench.session
    session.classes.change(2, name="cell", colour="#aa00aa")
    bench.paint(1, 2)
    bench.settle()
    session.deleting.remove(2)
    bench.settle()
    session.autosave.save_as(tmp_path / "cell.supervox")
    bench.settle()
    session.choose_image(None)
    again = open_bench()
    again.session.autosave.open(tmp_path / "cell.supervox")
    again.settle()
    assert again.session.classes.ids == (1,)
    again.session.painting.undo()
    again.settle()
    assert again.session.classes[2].name == "cell"
    assert (again.strokes.data == 2).any()


def test_deletions_are_no_strokes(tmp_path: Path, bench: Any) -> None:
    """Of those since a balance was set."""
    bench.paint(1)
    bench.settle()
    session = bench.session
    session.balancing.move(1, 0.5)
    session.balancing.settle()
    session.deleting.remove(2)
    assert session.balancing.strokes_since(1) == 0


@pytest.mark.parametrize(
    "damage",
    [
        {"place": -1},
        {"place": "1"},
        {"is_there": 1},
        {"item": {"id": 3}},
        {"item": None},
        {"more": 1},
    ],
)
def test_a_damaged_deletion_is_refused(damage: dict[str, Any]) -> None:
    content = ClassChange(ProjectClass(2, "cell", "#aa00aa"), 1, False, True).to_json()
    assert ClassChange.from_json(content).to_json() == content
    with pytest.raises(ValueError, match="class"):
        ClassChange.from_json(content | damage)


def test_a_name_is_typed_at_once_and_fires_no_shortcut(shown: Any, qtbot: Any) -> None:
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QLineEdit

    table = shown.find("supervox_classes")
    before = (shown.strokes.mode, shown.session.view.choices.outline)
    shown.dock.sections[2].set_open(True)
    shown.click("supervox_class_add")
    assert table.is_editing
    editor = table.findChild(QLineEdit)
    shown.session.changed.emit()  # labels come meanwhile
    shown.session.classes.change(1, name="outside")
    shown.settle_widgets()
    assert table.is_editing
    qtbot.keyClicks(editor, "lipid droplets, E 2 h o l")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    shown.until(lambda: not table.is_editing)
    shown.settle_widgets()
    assert [item.name for item in shown.session.classes][-1] == "lipid droplets, E 2 h o l"
    assert (shown.strokes.mode, shown.session.view.choices.outline) == before
    assert shown.session.classes.selected == shown.session.classes.ids[-1]
    assert table.item(0, 2).text() == "outside"


def test_all_rows_of_the_table_are_seen(shown: Any) -> None:
    for _ in range(14):
        shown.session.classes.add()
    shown.dock.sections[2].set_open(True)
    shown.settle_widgets()
    table = shown.find("supervox_classes")
    assert table.viewport().height() >= 16 * table.rowHeight(0)
    assert not table.verticalScrollBar().isVisible()
    assert [table.item(row, 0).text() for row in (0, 8, 9)] == ["1", "9", ""]


def test_projects_keep_deletions_apart_from_strokes(tmp_path: Path, bench: Any) -> None:
    bench.paint(1)
    bench.settle()
    bench.session.deleting.remove(2)
    folder = bench.session.autosave.project.folder
    bench.session.autosave.release()
    bench.settle()
    with reopen(folder) as project:
        strokes = project.strokes
        project.annotations.undo()
        np.testing.assert_array_equal(project.strokes.voxels, strokes.voxels)


def test_a_class_with_much_of_it_is_looked_for_on_a_thread_and_is_one_step_all_the_same(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("deleting", "undoing"):
        monkeypatch.setattr(f"supervox.napari_plugin.painting.{module}.LARGE", 0)
    session = bench.session
    bench.paint(1, 2)
    bench.settle()
    put(session, np.arange(20), np.full(20, 1, np.uint8))
    before, kept = bench.strokes.data.copy(), session.painting.corrections.now.copy()
    session.deleting.remove(1)
    bench.paint_voxels(np.arange(before.size).reshape(before.shape) == 900, 1)  # meanwhile
    assert session.classes.ids == (1, 2)  # nothing has waited for it
    bench.settle()
    assert session.classes.ids == (2,)
    assert not (bench.strokes.data == 1).any()
    assert not session.painting.corrections.now.any()
    assert "Undo brings it back" in bench.said
    session.painting.undo()
    bench.settle()
    assert session.classes.ids == (1, 2)
    np.testing.assert_array_equal(session.painting.corrections.now, kept)
    assert np.count_nonzero(bench.strokes.data != before) == 1
    session.painting.redo()
    bench.settle()
    assert session.classes.ids == (2,)
    assert not session.painting.corrections.now.any()
    session.painting.undo()
    bench.settle()
    session.deleting.remove(1)
    session.deleting.finding.cancel()
    bench.settle()
    assert session.classes.ids == (1, 2)


def test_a_class_stays_deleted_when_an_older_look_at_the_strokes_arrives(bench: Any) -> None:
    session = bench.session
    bench.paint(1, 2)
    bench.settle()
    scan = session.live.scan
    assert scan.strokes.class_ids == (1, 2)
    session.deleting.remove(1)
    session.live.scanned.emit(scan)
    assert session.classes.ids == (2,)
    bench.settle()
    assert session.classes.ids == (2,)


def test_a_project_that_moves_meanwhile_does_not_keep_a_class_from_being_deleted(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supervox.napari_plugin.painting.deleting.LARGE", 0)
    session = bench.session
    bench.paint(1, 2)
    bench.settle()
    put(session, np.arange(20), np.full(20, 1, np.uint8))
    bench.settle()
    session.deleting.remove(1)
    session.autosave.bind()  # as saving it elsewhere does
    bench.settle()
    assert session.classes.ids == (2,)
    assert not session.painting.corrections.now.any()
