"""The layer of strokes: made or adopted, locked classes kept, undone and redone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.layers import role_of

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


def test_a_new_layer_lies_on_the_image(open_dock: Callable[..., Any], scene: Any) -> None:
    window = open_dock(
        scene.image, scale=(2, 3, 4), translate=(5, 6, 7), units=("nm",) * 3, rotate=(0, 0, 30)
    )
    image, layer = window.session.image, window.strokes
    assert (layer.data.dtype, layer.data.shape) == (np.uint8, scene.shape)
    assert not layer.data.any()
    assert role_of(layer) == "annotations"
    assert layer.units == image.units
    for voxel in ((0, 0, 0), (3, 20, 40)):
        np.testing.assert_allclose(layer.data_to_world(voxel), image.data_to_world(voxel))
    assert layer.brush_size == window.session.settings.brush_size
    window.until(lambda: window.viewer.layers.selection.active == layer)
    assert layer.mode == "paint"


def test_strokes_that_were_opened_before_the_dock(
    plugin: Any, plugin_settings: None, make_napari_viewer_proxy: Any, scene: Any
) -> None:
    viewer = make_napari_viewer_proxy()
    viewer.add_image(scene.image)
    layer = viewer.add_labels(strokes_of(scene, 1), metadata=annotations())
    dock = viewer.window.add_plugin_dock_widget("supervox", "Supervox")[1]
    assert dock.session.painting.layer == layer
    assert [item.name for item in dock.session.classes] == ["ice", "structure", "nucleus"]
    assert len(viewer.layers) == 2


def test_strokes_that_are_opened_after_the_image(window: Any, scene: Any) -> None:
    empty = window.strokes
    layer = window.viewer.add_labels(strokes_of(scene, 1, 2), metadata=annotations())
    window.settle()
    assert window.strokes == layer
    assert empty not in window.viewer.layers
    assert window.session.live.scan.counts == {1: 1, 2: 1}
    assert window.session.classes[4].name == "nucleus"
    assert window.viewer.layers.selection.active == layer


@pytest.mark.parametrize("painted_at", ["long ago", "just now"])
def test_nothing_replaces_strokes(window: Any, scene: Any, painted_at: str) -> None:
    mine = window.strokes
    window.paint(1)
    if painted_at == "long ago":
        window.settle()
    window.viewer.add_labels(strokes_of(scene, 2), metadata=annotations())
    window.settle()
    assert window.strokes is mine
    assert mine in window.viewer.layers
    assert window.session.live.scan.counts == {1: 1}


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((16, 40, 47), np.uint8),
        np.zeros((40, 48), np.uint8),
        np.zeros((16, 40, 48), np.uint16),
    ],
    ids=["another shape", "a picture", "another type"],
)
def test_labels_that_do_not_fit(window: Any, labels: np.ndarray) -> None:
    mine = window.strokes
    window.viewer.add_labels(labels, metadata=annotations())
    assert window.strokes is mine


def test_labels_that_are_no_strokes(window: Any, scene: Any) -> None:
    mine = window.strokes
    window.viewer.add_labels(strokes_of(scene, 1))
    assert window.strokes is mine


def test_strokes_belong_to_their_image(window: Any, scene: Any) -> None:
    first = window.strokes
    window.paint(1)
    window.settle()
    window.viewer.add_image(scene.image + 1, name="other")
    window.choose("supervox_image", "other")
    window.settle()
    second = window.strokes
    assert second is not first
    assert not second.data.any()
    assert window.session.live.scan.counts == {}
    window.choose("supervox_image", "scene")
    window.settle()
    assert window.strokes is first
    assert window.session.live.scan.counts == {1: 1}


def test_after_letting_go_the_layer_is_napari_s_own(window: Any) -> None:
    layer = window.strokes
    window.close_dock()
    layer.data_setitem(tuple(np.zeros((3, 1), int)), 5)
    layer.selected_label = 7
    assert window.session.painting.layer is None
    assert 7 not in window.session.classes


# ----------------------------------------------------------------------------------------- locks


def test_a_locked_class_is_not_painted_over(window: Any, scene: Any) -> None:
    window.paint(1)
    window.settle()
    window.session.classes.change(1, locked=True)
    index = np.zeros(scene.shape, bool)
    index[8, 20:36, 6:14] = True
    window.strokes.data_setitem(np.nonzero(index), 2)
    assert (window.strokes.data[scene.stroke(1)] == 1).all()
    assert window.strokes.data[8, 34, 12] == 2
    n = int((strokes_of(scene, 1)[8, 20:36, 6:14] > 0).sum())
    assert window.viewer.status == f"background locked: {n} voxels kept"
    window.settle()
    assert window.session.live.scan.counts == {1: 1, 2: 1}


def test_erasing_undoing_and_redoing_keep_a_locked_class(window: Any, scene: Any) -> None:
    window.paint(1)
    window.settle()
    window.session.classes.change(1, locked=True)
    everything = np.nonzero(np.ones(scene.shape, bool))
    for label in (0, 2):
        window.strokes.data_setitem(everything, label)
        assert (window.strokes.data[scene.stroke(1)] == 1).all()
    for _ in range(3):
        window.strokes.undo()
    assert (window.strokes.data[scene.stroke(1)] == 1).all()
    for _ in range(3):
        window.strokes.redo()
    assert (window.strokes.data[scene.stroke(1)] == 1).all()
    assert window.strokes.data[0, 0, 0] == 2


def test_nothing_is_painted_with_a_locked_class(window: Any) -> None:
    window.session.classes.change(1, locked=True)
    assert not window.strokes.editable
    assert "background is locked" in window.viewer.status
    window.session.classes.selected = 2
    assert window.strokes.editable
    window.session.use_tool("paint")
    assert window.strokes.mode == "paint"


def test_unlocked_again_everything_is_as_before(window: Any, scene: Any) -> None:
    window.paint(1)
    window.settle()
    window.session.classes.change(1, locked=True)
    window.session.classes.change(1, locked=False)
    assert window.strokes.editable
    assert window.strokes.mode == "paint"
    window.strokes.data_setitem(np.nonzero(strokes_of(scene, 1)), 2)
    assert not (window.strokes.data == 1).any()


# --------------------------------------------------------------------------------- undo and redo


def test_undo_and_redo_are_followed(window: Any) -> None:
    live = window.session.live
    window.paint(1, 2)
    window.settle()
    assert live.scan.counts == {1: 1, 2: 1}
    window.strokes.undo()
    window.settle()
    assert live.scan.counts == {1: 1}
    window.strokes.redo()
    window.settle()
    assert live.scan.counts == {1: 1, 2: 1}


def test_a_script_that_writes_voxels_is_followed(window: Any, scene: Any) -> None:
    window.settle()
    window.strokes.data[scene.stroke(2)] = 2
    window.strokes.refresh()
    window.settle()
    assert window.session.live.scan.counts == {2: 1}


def test_scrolling_is_no_change(window: Any) -> None:
    window.settle()
    told: list[None] = []
    window.session.painting.changed.connect(lambda: told.append(None))
    for plane in (3, 9):
        window.viewer.dims.set_current_step(0, plane)
    window.viewer.dims.order = (1, 0, 2)
    window.viewer.dims.ndisplay = 3
    assert told == []


def test_deleting_a_class_and_undoing(window: Any, scene: Any) -> None:
    classes = window.session.classes
    window.paint(1, 2)
    window.settle()
    classes.change(2, name="cell", colour="#aa00aa")
    window.session.remove_class(2)
    assert not (window.strokes.data == 2).any()
    window.settle()
    assert classes.ids == (1,)
    window.strokes.undo()
    window.settle()
    assert classes[2].name == "cell"
    assert classes[2].colour == "#aa00aa"
    assert (window.strokes.data[scene.stroke(2)] == 2).all()


def test_a_class_stays_as_long_as_its_strokes(window: Any) -> None:
    """What was painted just now was not seen yet, and is not lost either."""
    window.paint(1, 2)
    window.session.remove_class(2)
    window.settle()
    assert (2 in window.session.classes) == bool((window.strokes.data == 2).any())


def test_a_locked_class_is_not_deleted(window: Any) -> None:
    window.paint(1)
    window.settle()
    window.session.classes.change(1, locked=True)
    window.session.remove_class(1)
    assert 1 in window.session.classes
    assert (window.strokes.data == 1).any()
    assert "locked" in window.viewer.status


# ---------------------------------------------------------------------------- classes and labels


def test_the_spin_box_of_napari_selects_and_adds_classes(window: Any) -> None:
    classes = window.session.classes
    window.strokes.selected_label = 2
    assert classes.selected == 2
    window.strokes.selected_label = 7
    assert classes.selected == 7
    assert classes[7].name == "class 7"
    window.strokes.selected_label = 0
    assert classes.selected == 7


def test_a_selected_class_is_what_is_painted(window: Any) -> None:
    window.session.classes.selected = 2
    assert window.strokes.selected_label == 2
    assert window.session.classes.add().id == window.strokes.selected_label == 3


def test_colours_are_the_same_everywhere(window: Any) -> None:
    window.prepare(1, 2)
    window.session.finish()
    window.settle()
    layers = (window.strokes, window.session.view.prediction, window.session.final)
    window.session.classes.change(2, colour="#336699")
    for layer in layers:
        np.testing.assert_allclose(layer.colormap.map(2), np.array([0x33, 0x66, 0x99, 255]) / 255)
        assert layer.colormap.map(0)[3] == 0
    window.session.classes.change(2, visible=False)
    for layer in layers:
        assert layer.colormap.map(2)[3] == 0
        assert layer.colormap.map(1)[3] == 1


def test_names_and_colours_go_with_the_layer(window: Any) -> None:
    window.session.classes.change(1, name="ice", colour="#abcdef")
    entries = window.strokes.metadata["supervox"]["classes"]
    assert entries[0] == {"value": 1, "name": "ice", "colour": "#abcdef"}
