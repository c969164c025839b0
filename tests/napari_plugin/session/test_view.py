"""What is shown of a result, and what becomes of layers that a person deletes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.layers import lookup
from supervox.napari_plugin.layers.lookup import LookupVolume
from supervox.napari_plugin.layers.outlines import outline
from supervox.napari_plugin.session.view_choices import UNSURE, Shown
from supervox.segmentation import SupervoxelParameters

PROBABILITY = "probability"


@pytest.fixture
def labelled(bench: Any) -> Any:
    """Prepare, and label with three classes."""
    bench.prepare(1, 2, 3)
    return bench


def shown(layer: Any) -> np.ndarray:
    """Return what a layer holds, its finest level."""
    return np.asarray(layer.data[0] if layer.multiscale else layer.data)


def test_labels_are_a_view_through_the_table(labelled: Any, scene: Any) -> None:
    view, prepared = labelled.session.view, labelled.session.preparation.prepared
    assert isinstance(view.prediction.data.labels, LookupVolume)
    np.testing.assert_array_equal(shown(view.prediction), view.result.labels[prepared.ids])
    assert (shown(view.prediction) == scene.truth).mean() > 0.97
    assert not view.prediction.editable
    names = [layer.name for layer in labelled.viewer.layers]
    assert names == ["scene", "live labels", "strokes"]
    assert labelled.viewer.layers.selection.active is labelled.strokes


def test_a_correction_changes_the_same_layer(labelled: Any, scene: Any) -> None:
    view = labelled.session.view
    layer, before = view.prediction, shown(view.prediction)
    mask = np.zeros(scene.shape, bool)
    mask[8, 10:30, 40:46] = True
    labelled.paint_voxels(mask, 1)
    labelled.settle()
    assert view.prediction is layer
    assert (shown(layer)[mask] == 1).all()
    assert (shown(layer) != before).any()


def test_probability_of_a_class(labelled: Any, scene: Any) -> None:
    view, prepared = labelled.session.view, labelled.session.preparation.prepared
    view.choose(shown=Shown.PROBABILITY, class_id=3)
    assert view.map is labelled.layer(PROBABILITY)
    np.testing.assert_array_equal(shown(view.map), view.result.probabilities[prepared.ids, 2])
    assert shown(view.map)[scene.truth == 3].mean() > 0.8
    assert not view.prediction.visible
    view.choose(class_id=1)
    np.testing.assert_array_equal(shown(view.map), view.result.probabilities[prepared.ids, 0])
    view.choose(class_id=77)
    assert not shown(view.map).any()
    view.choose(shown=Shown.LABELS)
    assert view.prediction.visible
    assert not view.map.visible


def test_uncertainty(labelled: Any) -> None:
    view, prepared = labelled.session.view, labelled.session.preparation.prepared
    view.choose(shown=Shown.UNCERTAINTY)
    np.testing.assert_array_equal(shown(view.map), view.result.uncertainty[prepared.ids])
    assert tuple(view.map.contrast_limits) == (UNSURE, 1)


def test_the_map_follows_the_strokes(labelled: Any) -> None:
    view = labelled.session.view
    view.choose(shown=Shown.UNCERTAINTY)
    before = shown(view.map)
    labelled.strokes.undo()
    labelled.settle()
    assert view.result.class_ids == (1, 2)
    assert (shown(view.map) != before).any()
    view.choose(shown=Shown.LABELS)
    assert set(np.unique(shown(view.prediction))) == {1, 2}


def test_below_the_threshold_there_is_no_label(labelled: Any) -> None:
    view = labelled.session.view
    ids = labelled.session.preparation.prepared.ids
    view.choose(threshold=0.95)
    unsure = (view.result.probabilities.max(axis=1) < 0.95)[ids]
    assert 0 < unsure.mean() < 1
    assert not shown(view.prediction)[unsure].any()
    assert shown(view.prediction)[~unsure].all()
    labelled.session.live.update()
    labelled.settle()
    assert not shown(view.prediction)[unsure].any()
    view.choose(threshold=0.0)
    assert shown(view.prediction).all()


def test_outline_and_opacity(labelled: Any) -> None:
    view = labelled.session.view
    view.choose(outline=True, opacity=0.8)
    assert (view.prediction.contour, view.prediction.opacity) == (2, pytest.approx(0.94))
    view.choose(opacity=0.0)
    assert view.prediction.opacity == pytest.approx(0.7)  # a line is seen at any
    view.choose(opacity=0.8)
    labelled.viewer.layers.remove(view.prediction)
    labelled.session.live.update()
    labelled.settle()
    assert (view.prediction.contour, view.prediction.opacity) == (2, pytest.approx(0.94))
    view.choose(outline=False)
    assert (view.prediction.contour, view.prediction.opacity) == (0, 0.8)


def test_outlines_of_supervoxels(labelled: Any) -> None:
    view = labelled.session.view
    view.outline_supervoxels(True)
    layer = labelled.layer("supervoxels")
    ids = labelled.session.preparation.prepared.ids
    np.testing.assert_array_equal(layer.data[5], outline(ids[5]))
    assert not layer.editable
    view.outline_supervoxels(False)
    assert not layer.visible
    view.outline_supervoxels(True)
    assert layer.visible
    labelled.viewer.layers.remove(layer)
    assert view.supervoxels is None
    view.outline_supervoxels(True)
    assert labelled.layer("supervoxels") is not layer


def test_a_deleted_prediction_comes_back_with_the_next_result(labelled: Any) -> None:
    view = labelled.session.view
    first = view.prediction
    labelled.viewer.layers.remove(first)
    assert view.prediction is None
    labelled.strokes.undo()
    labelled.settle()
    assert view.prediction is labelled.layer("live labels")
    assert view.prediction is not first
    assert set(np.unique(shown(view.prediction))) == {1, 2}


def test_a_prediction_that_is_hidden_by_hand_stays_hidden(labelled: Any) -> None:
    view = labelled.session.view
    view.prediction.visible = False
    labelled.strokes.undo()
    labelled.settle()
    assert not view.prediction.visible
    assert set(np.unique(shown(view.prediction))) == {1, 2}


def test_too_few_classes_after_an_undo(labelled: Any) -> None:
    """The labels of the strokes that are gone are gone with them."""
    for _ in range(2):
        labelled.strokes.undo()
    labelled.settle()
    assert labelled.session.live.scan.counts == {1: 1}
    prediction = labelled.session.view.prediction
    assert prediction is None or not shown(prediction).any()
    assert labelled.session.view.result is None
    labelled.strokes.redo()
    labelled.settle()
    assert set(np.unique(shown(labelled.session.view.prediction))) == {1, 2}


def test_preparing_again_begins_anew(labelled: Any) -> None:
    session = labelled.session
    first = session.view.prediction
    session.choose(replace(session.parameters, supervoxels=SupervoxelParameters(6.0)))
    assert session.extent.is_out_of_date
    assert session.view.prediction is first
    session.extent.prepare()
    labelled.settle()
    assert not session.extent.is_out_of_date
    assert first not in labelled.viewer.layers
    assert session.view.result.n_painted > 0
    names = [layer.name for layer in labelled.viewer.layers]
    assert names == ["scene", "live labels", "strokes"]


def test_layers_lie_on_the_image(open_bench: Callable[..., Any], scene: Any) -> None:
    bench = open_bench(
        scene.image,
        scale=(2, 3, 4),
        translate=(5, 6, 7),
        rotate=(0, 0, 30),
        units=("nm",) * 3,
    )
    session = bench.session
    session.volume.set_box((slice(2, 16), slice(4, 40), slice(0, 48)))
    bench.prepare(1, 2, 3)
    session.view.choose(shown=Shown.UNCERTAINTY)
    session.view.outline_supervoxels(True)
    session.delivery.finish()
    bench.settle()
    view = session.view
    for layer in (view.prediction, view.map, view.supervoxels, session.view.final):
        np.testing.assert_allclose(
            layer.data_to_world((1, 2, 3)), session.volume.image.data_to_world((3, 6, 3))
        )
        assert layer.units == session.volume.image.units


# -------------------------------------------------------------------------------------------- 3D


def test_in_3d_the_whole_volume_is_never_made(
    shown: Any, scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "COARSE_VOXELS", 5000)
    made: list[tuple[int, int]] = []  # voxels of the volume, voxels that were made of it

    def watch(name: str) -> None:
        inner = getattr(LookupVolume, name)

        def watched(self: LookupVolume, *args: Any, **more: Any) -> Any:
            result = inner(self, *args, **more)
            if isinstance(result, np.ndarray):
                made.append((self.size, result.size))
            return result

        monkeypatch.setattr(LookupVolume, name, watched)

    watch("__getitem__")
    watch("__array__")
    shown.prepare(1, 2)
    view = shown.session.view
    assert view.prediction.multiscale
    full = scene.image.size
    shown.viewer.dims.ndisplay = 3
    shown.viewer.dims.ndisplay = 2
    made.clear()
    shown.viewer.dims.ndisplay = 3
    shown.paint(3)
    shown.settle()
    view.choose(shown=Shown.UNCERTAINTY)
    view.choose(shown=Shown.LABELS, opacity=0.7)
    shown.session.classes.change(2, colour="#ff00ff")
    shown.viewer.screenshot(canvas_only=True, flash=False)
    assert made
    assert max((n for size, n in made if size == full), default=0) <= full // 8
    assert max(n for _, n in made) <= 5000
    picture = shown.viewer.screenshot(canvas_only=True, flash=False)
    magenta = (picture[..., 0] > picture[..., 1] + 30) & (picture[..., 2] > picture[..., 1] + 30)
    assert magenta.mean() > 0.01


def test_final_labels_are_shown_until_the_next_stroke(labelled: Any) -> None:
    session = labelled.session
    view = session.view
    session.delivery.finish()
    labelled.settle()
    assert view.choices.shown is Shown.FINAL
    assert (view.final.visible, view.prediction.visible) == (True, False)
    view.choose(shown=Shown.UNCERTAINTY)
    assert (view.final.visible, view.map.visible) == (False, True)
    view.choose(shown=Shown.FINAL, opacity=0.3, outline=True)
    assert (view.final.visible, view.map.visible) == (True, False)
    assert (view.final.opacity, view.final.contour) == (pytest.approx(0.79), 2)
    labelled.strokes.undo()
    labelled.settle()
    assert view.choices.shown is Shown.LABELS
    assert (view.final.visible, view.prediction.visible) == (False, True)
    view.choose(shown=Shown.FINAL)
    labelled.viewer.layers.remove(view.final)
    assert view.choices.shown is Shown.LABELS
    assert view.prediction.visible


def test_opacity_of_values_is_their_own(labelled: Any) -> None:
    view = labelled.session.view
    view.choose(shown=Shown.UNCERTAINTY)
    view.choose(map_opacity=0.25)
    assert (view.map.opacity, view.prediction.opacity) == (0.25, 0.4)
