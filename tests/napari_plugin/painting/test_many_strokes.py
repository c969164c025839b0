"""Strokes of many voxels, found on a thread while a person goes on."""

from __future__ import annotations

from threading import Event, current_thread
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.painting.many_strokes import FoundStrokes, ManyStrokes
from supervox.napari_plugin.tasks.jobs import Report
from supervox.project import Recorder


class Search:
    """Finds the first rows of a plane for a class, when it may."""

    def __init__(self, class_id: int, rows: int = 4) -> None:
        self.class_id, self.rows = class_id, rows
        self.may_end, self.number = Event(), 0

    def __call__(self, report: Report) -> tuple[np.ndarray, np.ndarray]:
        self.number += 1
        assert self.may_end.wait(60)
        voxels = np.arange(self.rows * 48)
        return voxels, np.full(voxels.size, self.class_id, np.uint8)


@pytest.fixture
def many(bench: Any) -> ManyStrokes:
    return ManyStrokes(bench.session.painting)


def finish(bench: Any, many: ManyStrokes, search: Search) -> None:
    search.may_end.set()
    bench.until(lambda: not many.finding.is_running)
    bench.settle()


def test_many_voxels_are_one_step(bench: Any, many: ManyStrokes) -> None:
    told: list[FoundStrokes] = []
    many.painted.connect(told.append)
    bench.paint(2)
    bench.settle()
    before = bench.strokes.data.copy()
    search = Search(1)
    many.paint(search, "Painting")
    finish(bench, many, search)
    assert (bench.strokes.data[0, :4] == 1).all()
    assert bench.session.live.scan.strokes.sizes == {1: 192, 2: int((before == 2).sum())}
    assert (told[0].wanted, told[0].kept) == (192, 0)
    bench.session.painting.undo()
    bench.settle()
    np.testing.assert_array_equal(bench.strokes.data, before)
    bench.session.painting.redo()
    bench.settle()
    assert (bench.strokes.data[0, :4] == 1).all()


def test_strokes_of_locked_classes_stay(bench: Any, many: ManyStrokes) -> None:
    told: list[FoundStrokes] = []
    many.painted.connect(told.append)
    bench.strokes.data_setitem((np.zeros(3, int), np.zeros(3, int), np.arange(3)), 2)
    bench.settle()
    bench.session.classes.change(2, locked=True)
    search = Search(1)
    many.paint(search, "Painting")
    finish(bench, many, search)
    assert (bench.strokes.data[0, 0, :3] == 2).all()
    assert (bench.strokes.data[0, :4] == 1).sum() == 189
    assert (told[0].kept, told[0].names) == (3, bench.session.classes[2].name)


def test_what_is_painted_meanwhile_counts_as_painted_before(bench: Any, many: ManyStrokes) -> None:
    search = Search(1)
    many.paint(search, "Painting")
    bench.until(lambda: search.number)
    bench.strokes.data_setitem((np.zeros(3, int), np.zeros(3, int), np.arange(3)), 2)
    finish(bench, many, search)
    assert search.number >= 2  # again as well when the first stroke gets its project
    assert (bench.strokes.data[0, :4] == 1).all()
    bench.session.painting.undo()
    bench.settle()
    assert (bench.strokes.data[0, 0, :3] == 2).all()
    assert np.count_nonzero(bench.strokes.data) == 3


def test_what_is_painted_while_strokes_are_looked_for_counts_as_painted_before(
    bench: Any, many: ManyStrokes, monkeypatch: pytest.MonkeyPatch, held: Any
) -> None:
    look = Recorder.look
    look_for_long = held.around(look)

    def look_long(*args: Any) -> Any:
        is_scan = "Looking for strokes" in current_thread().name
        return look_for_long(*args) if is_scan else look(*args)

    bench.settle()
    monkeypatch.setattr(Recorder, "look", look_long)
    bench.session.live.update()
    bench.until(held.is_done.is_set)
    search = Search(1)
    many.paint(search, "Painting")
    bench.until(lambda: search.number)
    bench.strokes.data_setitem((np.zeros(3, int), np.zeros(3, int), np.arange(3)), 2)
    held.may_return.set()
    bench.until(lambda: not bench.session.live.scanning.is_running)
    finish(bench, many, search)
    assert search.number >= 2
    bench.session.painting.undo()
    bench.settle()
    assert (bench.strokes.data[0, 0, :3] == 2).all()
    assert np.count_nonzero(bench.strokes.data) == 3


def test_what_a_script_wrote_without_a_word_is_a_step_before(bench: Any, many: ManyStrokes) -> None:
    bench.strokes.data[0, 0, :3] = 2  # no event tells of it
    search = Search(1)
    many.paint(search, "Painting")
    finish(bench, many, search)
    bench.session.painting.undo()
    bench.settle()
    assert (bench.strokes.data[0, 0, :3] == 2).all()
    assert np.count_nonzero(bench.strokes.data) == 3


def test_another_image_is_not_painted_on(bench: Any, many: ManyStrokes, scene: Any) -> None:
    search = Search(1)
    many.paint(search, "Painting")
    bench.until(lambda: search.number)
    first = bench.strokes
    bench.session.choose_image(bench.viewer.add_image(scene.image.copy(), name="other"))
    finish(bench, many, search)
    assert not first.data.any()
    assert not bench.strokes.data.any()
