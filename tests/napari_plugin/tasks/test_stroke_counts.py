"""Strokes are counted as a person does: erasing makes no new ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.napari_plugin.tasks.stroke_counts import StrokeCounts

LOOK = st.tuples(st.integers(1, 9), st.integers(0, 300))


def test_erasing_and_undoing_it(bench: Any) -> None:
    bench.paint(1, 2)
    bench.settle()
    counts = bench.session.live
    assert counts.scan.counts == {1: 1, 2: 1}
    hole = np.zeros(bench.strokes.data.shape, bool)
    hole[8, 18:20, :] = True
    bench.paint_voxels(hole & (bench.strokes.data > 0), 0)
    bench.settle()
    assert counts.scan.counts == {1: 1, 2: 1}
    other = np.zeros(bench.strokes.data.shape, bool)
    other[4, 5:9, 5:9] = True
    bench.paint_voxels(other, 1)
    bench.settle()
    assert counts.scan.counts == {1: 2, 2: 1}
    for _ in range(2):
        bench.session.painting.undo()
    bench.settle()
    assert counts.scan.counts == {1: 1, 2: 1}
    bench.session.deleting.remove(1)
    bench.settle()
    assert counts.scan.counts == {2: 1}


@given(st.lists(LOOK, min_size=1))
def test_there_are_never_more_strokes_than_pieces(looks: list[tuple[int, int]]) -> None:
    """And never none of a class that is painted; fewer voxels never make more strokes."""
    counts, before, size = StrokeCounts(), 0, 0
    for pieces, more in looks:
        voxels = pieces + more
        found = counts.follow({7: pieces}, {7: voxels})[7]
        assert 1 <= found <= pieces
        if before and voxels <= size:
            assert found <= before
        before, size = found, voxels


def test_another_day_there_are_as_many(bench: Any, open_bench: Callable[..., Any]) -> None:
    bench.paint(1, 2)
    bench.settle()
    hole = np.zeros(bench.strokes.data.shape, bool)
    hole[8, 18:20, :] = True
    bench.paint_voxels(hole & (bench.strokes.data > 0), 0)
    bench.settle()
    session = bench.session
    folder = session.autosave.project.folder
    session.last_view.note()
    session.autosave.release()
    bench.settle()
    other = open_bench()
    other.session.autosave.open(folder)
    other.settle()
    assert other.session.live.scan.counts == {1: 1, 2: 1}


def test_what_is_remembered_of_other_strokes_counts_nothing() -> None:
    counts = StrokeCounts()
    counts.follow({7: 3}, {7: 30})
    kept = counts.to_json()
    for pieces, voxels, strokes in ((3, 30, 2), (4, 30, 4), (3, 29, 3)):
        later = StrokeCounts()
        later.remember({"7": [2, *kept["7"][1:]]})
        assert later.follow({7: pieces}, {7: voxels}) == {7: strokes}
    for damaged in (None, {"7": 3}, {"7": [1, 2]}, {"x": [1, 2, 3]}):
        with pytest.raises((TypeError, ValueError)):
            StrokeCounts().remember(damaged)
    later = StrokeCounts()
    later.remember({"7": [9, 3, 30]})  # more strokes than pieces
    assert later.follow({7: 3}, {7: 30}) == {7: 3}
