"""The layer of strokes: made or adopted, locked classes kept, undone and redone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.layers.make_layers import role_of
from supervox.napari_plugin.session.notices import paint_notice
from supervox.segmentation import find_strokes

CLASSES = [
    {"value": 1, "name": "ice", "colour": "#102030"},
    {"value": 4, "name": "nucleus", "colour": "#405060"},
]


def strokes_of(scene: Any, *class_ids: int) -> np.ndarray:
    painted = np.zeros(scene.shape, np.uint8)
    for class_id in class_ids:
        painted[scene.stroke(class_id)] = class_id
    return painted


def annotations(classes: list[dict[str, Any]] = CLASSES) -> dict[str, Any]:
    return {"supervox": {"role": "annotations", "classes": classes}}


def test_a_new_layer_lies_on_the_image(open_bench: Callable[..., Any], scene: Any) -> None:
    bench = open_bench(
        scene.image, scale=(2, 3, 4), translate=(5, 6, 7), units=("nm",) * 3, rotate=(0, 0, 30)
    )
    image, layer = bench.session.volume.image, bench.strokes
    assert (layer.data.dtype, layer.data.shape) == (np.uint8, scene.shape)
    assert not layer.data.any()
    assert role_of(layer) == "annotations"
    assert layer.units == image.units
    for voxel in ((0, 0, 0), (3, 20, 40)):
        np.testing.assert_allclose(layer.data_to_world(voxel), image.data_to_world(voxel))
    assert layer.brush_size == bench.session.settings.brush_size
    bench.until(lambda: bench.viewer.layers.selection.active is layer)
    assert layer.mode == "paint"


def test_strokes_that_were_opened_before(bench: Any, scene: Any) -> None:
    bench.viewer.layers.clear()
    layer = bench.viewer.add_labels(strokes_of(scene, 1), metadata=annotations())
    bench.viewer.add_image(scene.image)
    assert bench.strokes is layer
    assert [item.name for item in bench.session.classes] == ["ice", "structure", "nucleus"]
    assert len(bench.viewer.layers) == 2


def test_strokes_that_are_opened_after_the_image(bench: Any, scene: Any) -> None:
    empty = bench.strokes
    layer = bench.viewer.add_labels(strokes_of(scene, 1, 2), metadata=annotations())
    bench.settle()
    assert bench.strokes is layer
    assert empty not in bench.viewer.layers
    assert bench.session.live.scan.counts == {1: 1, 2: 1}
    assert bench.session.classes[4].name == "nucleus"
    assert bench.viewer.layers.selection.active is layer


@pytest.mark.parametrize("painted_at", ["long ago", "just now"])
def test_nothing_replaces_strokes(bench: Any, scene: Any, painted_at: str) -> None:
    mine = bench.strokes
    bench.paint(1)
    if painted_at == "long ago":
        bench.settle()
    bench.viewer.add_labels(strokes_of(scene, 2), metadata=annotations())
    bench.settle()
    assert bench.strokes is mine
    assert mine in bench.viewer.layers
    assert bench.session.live.scan.counts == {1: 1}


def test_nothing_replaces_strokes_that_were_painted_during_a_look(
    bench: Any, scene: Any, monkeypatch: pytest.MonkeyPatch, held: Any
) -> None:
    mine = bench.strokes
    bench.paint(1)
    bench.settle()

    def open_others(scan: object) -> None:
        bench.session.live.scanned.disconnect(open_others)
        bench.viewer.add_labels(strokes_of(scene, 2), metadata=annotations())

    look_long = held.around(find_strokes)
    monkeypatch.setattr("supervox.napari_plugin.tasks.live.find_strokes", look_long)
    bench.session.live.scanned.connect(open_others)
    bench.session.painting.undo()
    bench.until(held.is_done.is_set)
    bench.paint(1)
    held.may_return.set()
    bench.settle()
    assert bench.strokes is mine
    assert bench.session.live.scan.counts == {1: 1}


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((16, 40, 47), np.uint8),
        np.zeros((40, 48), np.uint8),
        np.zeros((16, 40, 48), np.uint16),
    ],
    ids=["another shape", "a picture", "another type"],
)
def test_labels_that_do_not_fit(bench: Any, labels: np.ndarray) -> None:
    mine = bench.strokes
    bench.viewer.add_labels(labels, metadata=annotations())
    assert bench.strokes is mine


def test_labels_that_are_no_strokes(bench: Any, scene: Any) -> None:
    mine = bench.strokes
    bench.viewer.add_labels(strokes_of(scene, 1))
    assert bench.strokes is mine


def test_strokes_belong_to_their_image(bench: Any, scene: Any) -> None:
    first = bench.strokes
    bench.paint(1)
    bench.settle()
    bench.viewer.add_image(scene.image + 1, name="other")
    bench.session.choose_image(bench.layer("other"))
    bench.settle()
    second = bench.strokes
    assert second is not first
    assert not second.data.any()
    assert bench.session.live.scan.counts == {}
    bench.session.choose_image(bench.layer("scene"))
    bench.settle()
    assert bench.strokes is first
    assert bench.session.live.scan.counts == {1: 1}


def test_after_letting_go_the_layer_is_napari_s_own(bench: Any) -> None:
    layer = bench.strokes
    bench.session.close()
    layer.data_setitem(tuple(np.zeros((3, 1), int)), 5)
    layer.selected_label = 7
    assert bench.session.painting.layer is None
    assert 7 not in bench.session.classes


# ----------------------------------------------------------------------------------------- locks


def test_a_locked_class_is_not_painted_over(bench: Any, scene: Any) -> None:
    bench.paint(1)
    bench.settle()
    bench.session.classes.change(1, locked=True)
    index = np.zeros(scene.shape, bool)
    index[8, 20:36, 6:14] = True
    bench.paint_voxels(index, 2)
    assert (bench.strokes.data[scene.stroke(1)] == 1).all()
    assert bench.strokes.data[8, 34, 12] == 2
    n = int((strokes_of(scene, 1)[8, 20:36, 6:14] > 0).sum())
    assert bench.said == f"background locked: {n} voxels kept"
    bench.settle()
    assert bench.session.live.scan.counts == {1: 1, 2: 1}


def test_erasing_undoing_and_redoing_keep_a_locked_class(bench: Any, scene: Any) -> None:
    bench.paint(1)
    bench.settle()
    bench.session.classes.change(1, locked=True)
    for label in (0, 2):
        bench.paint_voxels(np.ones(scene.shape, bool), label)
        assert (bench.strokes.data[scene.stroke(1)] == 1).all()
    for _ in range(3):
        bench.strokes.undo()
    assert (bench.strokes.data[scene.stroke(1)] == 1).all()
    for _ in range(3):
        bench.strokes.redo()
    assert (bench.strokes.data[scene.stroke(1)] == 1).all()
    assert bench.strokes.data[0, 0, 0] == 2


def test_a_script_does_not_paint_over_a_locked_class(bench: Any, scene: Any) -> None:
    """Napari tells of it before the voxels change."""
    bench.paint(1)
    bench.settle()
    bench.session.classes.change(1, locked=True)
    bench.strokes.data_setitem(np.nonzero(strokes_of(scene, 1)), 2)
    bench.settle()
    assert (bench.strokes.data[scene.stroke(1)] == 1).all()
    assert bench.session.live.scan.counts == {1: 1}


def test_nothing_is_painted_with_a_locked_class(bench: Any) -> None:
    bench.session.classes.change(1, locked=True)
    assert not bench.strokes.editable
    assert "background is locked" in paint_notice(bench.session.painting, "").text
    bench.session.classes.selected = 2
    assert bench.strokes.editable
    bench.session.use_tool("paint")
    assert bench.strokes.mode == "paint"


def test_unlocked_again_everything_is_as_before(bench: Any, scene: Any) -> None:
    bench.paint(1)
    bench.settle()
    bench.session.classes.change(1, locked=True)
    bench.session.classes.change(1, locked=False)
    assert bench.strokes.editable
    assert bench.strokes.mode == "paint"
    bench.paint_voxels(strokes_of(scene, 1) > 0, 2)
    assert not (bench.strokes.data == 1).any()


# --------------------------------------------------------------------------------- undo and redo


def test_undo_and_redo_are_followed(bench: Any) -> None:
    live = bench.session.live
    bench.paint(1, 2)
    bench.settle()
    assert live.scan.counts == {1: 1, 2: 1}
    bench.strokes.undo()
    bench.settle()
    assert live.scan.counts == {1: 1}
    bench.strokes.redo()
    bench.settle()
    assert live.scan.counts == {1: 1, 2: 1}


def test_a_script_that_writes_voxels_is_followed(bench: Any, scene: Any) -> None:
    bench.settle()
    bench.strokes.data[scene.stroke(2)] = 2
    bench.strokes.refresh()
    bench.settle()
    assert bench.session.live.scan.counts == {2: 1}


def test_scrolling_is_no_change(bench: Any) -> None:
    bench.settle()
    told: list[None] = []
    bench.session.painting.changed.connect(lambda: told.append(None))
    for plane in (3, 9):
        bench.viewer.dims.set_current_step(0, plane)
    bench.viewer.dims.order = (1, 0, 2)
    bench.viewer.dims.ndisplay = 3
    assert told == []


def test_deleting_a_class_and_undoing(bench: Any, scene: Any) -> None:
    classes = bench.session.classes
    bench.paint(1, 2)
    bench.settle()
    classes.change(2, name="cell", colour="#aa00aa")
    bench.session.deleting.remove(2)
    assert not (bench.strokes.data == 2).any()
    bench.settle()
    assert classes.ids == (1,)
    bench.strokes.undo()
    bench.settle()
    assert classes[2].name == "cell"
    assert classes[2].colour == "#aa00aa"
    assert (bench.strokes.data[scene.stroke(2)] == 2).all()


def test_a_class_stays_as_long_as_its_strokes(bench: Any) -> None:
    """What was painted just now was not seen yet, and is not lost either."""
    bench.paint(1, 2)
    bench.session.deleting.remove(2)
    bench.settle()
    assert (2 in bench.session.classes) == bool((bench.strokes.data == 2).any())


def test_a_locked_class_is_not_deleted(bench: Any) -> None:
    bench.paint(1)
    bench.settle()
    bench.session.classes.change(1, locked=True)
    bench.session.deleting.remove(1)
    assert 1 in bench.session.classes
    assert (bench.strokes.data == 1).any()
    assert "locked" in bench.said


# ---------------------------------------------------------------------------- classes and labels


def test_the_spin_box_of_napari_selects_and_adds_classes(bench: Any) -> None:
    classes = bench.session.classes
    bench.strokes.selected_label = 2
    assert classes.selected == 2
    bench.strokes.selected_label = 7
    assert classes.selected == 7
    assert classes[7].name == "class 7"
    bench.strokes.selected_label = 0
    assert classes.selected == 7


def test_a_selected_class_is_what_is_painted(bench: Any) -> None:
    bench.session.classes.selected = 2
    assert bench.strokes.selected_label == 2
    assert bench.session.classes.add().id == bench.strokes.selected_label == 3


def test_colours_are_the_same_everywhere(bench: Any) -> None:
    bench.prepare(1, 2)
    bench.session.delivery.finish()
    bench.settle()
    layers = (bench.strokes, bench.session.view.prediction, bench.session.view.final)
    bench.session.classes.change(2, colour="#336699")
    for layer in layers:
        np.testing.assert_allclose(layer.colormap.map(2), np.array([0x33, 0x66, 0x99, 255]) / 255)
        assert layer.colormap.map(0)[3] == 0
    bench.session.classes.change(2, visible=False)
    for layer in layers:
        assert layer.colormap.map(2)[3] == 0
        assert layer.colormap.map(1)[3] == 1


def test_names_and_colours_go_with_the_layer(bench: Any) -> None:
    bench.session.classes.change(1, name="ice", colour="#abcdef")
    entries = bench.strokes.metadata["supervox"]["classes"]
    assert entries[0] == {"value": 1, "name": "ice", "colour": "#abcdef"}


def test_what_a_script_paints_on_another_slice_is_undone_first(bench: Any) -> None:
    bench.paint(1)
    bench.settle()
    before = bench.strokes.data.copy()
    plane = (int(bench.viewer.dims.current_step[0]) + 3) % before.shape[0]
    elsewhere = np.zeros(before.shape, bool)
    elsewhere[plane, 2:5, 2:5] = True
    bench.paint_voxels(elsewhere, 2)
    bench.session.painting.undo()  # at once, before anything has looked there
    bench.settle()
    np.testing.assert_array_equal(bench.strokes.data, before)
