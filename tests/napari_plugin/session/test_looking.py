"""Where to look next: what planes have, and the places that are asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.session.questions import Answer


def look(bench: Any) -> Any:
    bench.session.questions.look_on()
    bench.settle()
    return bench.session.looking.asked


def test_amounts_are_those_of_the_labels(bench: Any) -> None:
    bench.prepare(1, 2, 3)
    amounts = bench.session.looking.amounts
    prepared, result = bench.session.preparation.prepared, bench.session.view.result
    labels = result.labels[prepared.ids]
    for column, class_id in enumerate(amounts.class_ids):
        expected = (labels == class_id).mean(axis=(1, 2))
        np.testing.assert_allclose(amounts.shares[:, column], expected)
    doubt = result.uncertainty[prepared.ids].mean(axis=(1, 2))
    np.testing.assert_allclose(amounts.doubt, doubt, rtol=1e-5)
    assert np.flatnonzero(amounts.is_painted).tolist() == [8]


def test_amounts_follow_the_axis_that_is_not_displayed(bench: Any) -> None:
    bench.prepare(1, 2, 3)
    bench.viewer.dims.order = (2, 0, 1)
    bench.settle()
    amounts = bench.session.looking.amounts
    assert amounts.axis == 2
    assert len(amounts.doubt) == 48
    assert amounts.shares[:10, 0].min() > 0.9  # the first slab is at the left


def test_there_are_none_of_what_is_not_there(bench: Any) -> None:
    assert bench.session.looking.amounts is None
    bench.prepare(1, 2)
    assert bench.session.looking.amounts is not None
    bench.session.choose_image(None)
    assert bench.session.looking.amounts is None


@pytest.mark.parametrize("plane", [0, 5, 15])
def test_going_to_a_plane(bench: Any, plane: int) -> None:
    bench.session.looking.go_to_plane(plane)
    assert bench.viewer.dims.current_step[0] == plane
    assert bench.session.looking.plane == plane


def test_a_flat_image_has_no_plane(open_bench: Callable[..., Any]) -> None:
    assert open_bench(np.zeros((20, 20), np.uint8)).session.looking.plane is None


@pytest.mark.parametrize(("order", "ndisplay"), [((0, 1, 2), 2), ((1, 0, 2), 2), ((0, 1, 2), 3)])
def test_the_view_goes_to_each_place_once(
    open_bench: Callable[..., Any], scene: Any, order: tuple[int, ...], ndisplay: int
) -> None:
    bench = open_bench(scene.image, scale=(2, 3, 4), translate=(50, 60, 70))
    bench.prepare(1, 2, 3)
    session, dims = bench.session, bench.viewer.dims
    dims.order, dims.ndisplay = order, ndisplay
    bench.settle()
    places = []
    for _ in range(3):
        asked = look(bench)
        world = session.volume.image.data_to_world(asked.voxel)
        np.testing.assert_allclose(dims.point, world)
        ids = session.preparation.prepared.ids
        assert ids[asked.voxel] == asked.place.supervoxel
        assert (ids[asked.voxels] == asked.place.supervoxel).all()
        places.append(asked.place)
    assert len(set(places)) == 3


def test_after_all_were_shown_it_begins_again(bench: Any) -> None:
    bench.prepare(1, 2, 3)
    first = look(bench).place
    seen = [first]
    for _ in range(15):
        seen.append(look(bench).place)
        if seen[-1] == first:
            break
    assert seen[-1] == first
    assert len(set(seen)) == len(seen) - 1


def test_a_place_is_ringed_until_the_next_stroke(bench: Any) -> None:
    bench.prepare(1, 2)
    look(bench)
    mark = bench.layer("place in doubt")
    assert bench.viewer.layers.selection.active is not mark
    bench.paint(3)
    bench.settle()
    assert mark not in bench.viewer.layers
    assert bench.session.looking.asked is None


@pytest.mark.parametrize(("answer", "which"), [(Answer.YES, 0), (Answer.OTHER, 1)])
def test_an_answer_paints_the_region_as_one_step(bench: Any, answer: Answer, which: int) -> None:
    bench.prepare(1, 2, 3)
    asked = look(bench)
    expected = (asked.place.class_id, asked.place.other)[which]
    before = bench.strokes.data.copy()
    bench.session.questions.answer(answer)
    bench.settle()
    assert (bench.strokes.data[asked.voxels] == expected).all()
    assert np.count_nonzero(bench.strokes.data != before) <= asked.voxels[0].size
    bench.session.painting.undo()
    bench.settle()
    np.testing.assert_array_equal(bench.strokes.data, before)


def test_leaving_paints_nothing(bench: Any) -> None:
    bench.prepare(1, 2, 3)
    look(bench)
    before = bench.strokes.data.copy()
    bench.session.questions.answer(Answer.LEAVE)
    bench.settle()
    np.testing.assert_array_equal(bench.strokes.data, before)
    assert not bench.session.questions.is_open


@pytest.mark.parametrize(
    ("why", "change"), [("locked", {"locked": True}), ("hidden", {"visible": False})]
)
def test_a_class_that_is_locked_or_hidden_is_not_painted(
    bench: Any, why: str, change: dict[str, bool]
) -> None:
    bench.prepare(1, 2, 3)
    asked = look(bench)
    bench.session.classes.change(asked.place.class_id, **change)
    said: list[str] = []
    bench.session.looking.hint.connect(said.append)
    before = bench.strokes.data.copy()
    bench.session.questions.answer(Answer.YES)
    assert why in said[0]
    np.testing.assert_array_equal(bench.strokes.data, before)


def test_nothing_is_painted_on_strokes_that_are_not_seen(bench: Any) -> None:
    bench.prepare(1, 2, 3)
    look(bench)
    bench.strokes.visible = False
    said: list[str] = []
    bench.session.looking.hint.connect(said.append)
    before = bench.strokes.data.copy()
    bench.session.questions.answer(Answer.YES)
    assert "The strokes are hidden" in said[0]
    np.testing.assert_array_equal(bench.strokes.data, before)


def test_without_labels_it_says_so(bench: Any) -> None:
    said: list[str] = []
    bench.session.looking.hint.connect(said.append)
    bench.session.questions.look_on()
    assert said == ["Places to look at: once there are live labels"]


def test_final_labels_end_the_question(bench: Any) -> None:
    bench.prepare(1, 2, 3)
    look(bench)
    bench.session.delivery.finish()
    bench.settle()
    assert bench.session.looking.asked is None
