"""The brush paints only where the image, the label or doubt allow: strokes and corrections."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from supervox.napari_plugin.dock import WIDTH


@pytest.fixture
def labelled(shown):
    shown.prepare(1, 2, 3)
    shown.session.volume.show_plane(0, 8)
    shown.settle()
    return shown


def painted(window, what):
    """Return what is painted with class 3 beside the scene's strokes."""
    now = window.strokes.data if what == "strokes" else window.session.painting.corrections.now
    return np.asarray(now) == 3


@pytest.fixture(params=["strokes", "corrections"])
def what(request, labelled):
    labelled.click(f"supervox_paint_{request.param}")
    labelled.session.paint_class(3)
    labelled.slide("supervox_brush_size", 6)
    labelled.settle()
    return request.param


def across(window):
    """Drag from class 1 over class 2 into class 3."""
    window.drag((8, 34, 4), (8, 34, 20), (8, 34, 44))
    window.settle()


def only_values_between_two(labelled, what, scene):
    labelled.session.correcting.mask.choose(values=(40.0, 120.0))
    labelled.settle()
    before = painted(labelled, what).copy()
    across(labelled)
    new = painted(labelled, what) & ~before
    values = scene.image[new]
    assert new.any()
    assert values.min() >= 40
    assert values.max() <= 120
    assert "voxels kept: only where image 40 to 120" in labelled.said
    labelled.click("supervox_undo")
    labelled.settle()
    np.testing.assert_array_equal(painted(labelled, what), before)


def only_on_a_class_also_with_a_ball(labelled, what, scene):
    labels = np.array(labelled.session.correcting.shown.now())
    labelled.click("supervox_only_where")
    labelled.choose("supervox_only_of", labelled.session.classes[2].name)
    assert labelled.find("supervox_only_class").isChecked()
    labelled.click("supervox_brush_3d")
    before = painted(labelled, what).copy()
    across(labelled)
    new = painted(labelled, what) & ~before
    assert new.any()
    assert new[7].any()
    assert (labels[new] == 2).all()
    labelled.click("supervox_only_where_clear")
    across(labelled)
    assert (labels[painted(labelled, what) & ~before & ~new] != 2).any()


def a_polygon_is_kept_to_it_as_well(labelled, what, scene):
    labelled.session.correcting.mask.choose(values=(0.0, 75.0))
    labelled.session.use_tool("polygon")
    before = painted(labelled, what).copy()
    for place in ((8, 2, 10), (8, 2, 22), (8, 9, 22), (8, 9, 10), (8, 2, 10)):
        labelled.drag(place)
    labelled.key(Qt.Key.Key_Return)
    new = painted(labelled, what) & ~before
    labelled.until(lambda: not (painted(labelled, what) & ~before & (scene.image > 75)).any())
    labelled.settle()
    new = painted(labelled, what) & ~before
    assert new[8, 4:7, 12:15].all()
    assert scene.image[new].max() <= 75


def only_where_labels_are_unsure_or_in_the_region_that_was_asked_about(labelled, what, scene):
    session = labelled.session
    prepared, result = session.preparation.prepared, session.view.result
    unsure = (result.uncertainty >= 0.5)[prepared.ids]
    session.correcting.mask.choose(unsure=True)
    before = painted(labelled, what).copy()
    across(labelled)
    assert unsure[painted(labelled, what) & ~before].all()
    session.correcting.mask.choose(unsure=False, in_place=True)
    across(labelled)
    assert unsure[painted(labelled, what) & ~before].all()  # nothing was asked as yet
    voxels = prepared.voxels_at((8, 34, 20))
    place = np.zeros(prepared.ids.shape, bool)
    place[voxels] = True
    session.correcting.mask._on_place((None, type("Place", (), {"voxels": voxels})()))
    before = painted(labelled, what).copy()
    across(labelled)
    new = painted(labelled, what) & ~before
    assert new.any()
    assert place[new].all()


def test_values_are_taken_from_the_strokes_of_a_class(labelled, scene):
    labelled.session.paint_class(2)
    labelled.settle()
    labelled.click("supervox_only_where")
    labelled.click("supervox_only_as_strokes")
    low, high = labelled.session.correcting.mask.limits.values
    expected = np.percentile(scene.image[scene.stroke(2)], (5, 95))
    assert (low, high) == pytest.approx(tuple(expected))
    assert labelled.find("supervox_only_values").isChecked()
    assert "image " in labelled.find("supervox_only_where_text").text()
    # all four limits are read without a tooltip, in the narrowest dock
    labelled.session.classes.change(2, name="endoplasmic reticulum")
    labelled.session.correcting.mask.choose(
        values=(12345.6, 23456.7), class_id=2, unsure=True, in_place=True
    )
    labelled.settle_widgets()
    line = labelled.find("supervox_only_where_text")
    line.resize(WIDTH - 60, line.height())
    assert line.text().replace("\n", " ") == line.whole
    assert line.whole.endswith("label endoplasmic reticulum, unsure, region asked")
    new = labelled.session.classes.add()
    labelled.session.paint_class(new.id)
    labelled.settle()
    labelled.click("supervox_only_as_strokes")
    assert "no strokes to take values from" in labelled.said
    labelled.click("supervox_only_where_clear")
    assert not labelled.session.correcting.mask.limits.is_on


def test_the_mask_holds_for_every_tool_until_it_is_cleared(labelled, what, scene):
    """One window for stories, each from where the first began."""
    session = labelled.session
    before = painted(labelled, what).copy()
    stories = (
        only_values_between_two,
        only_on_a_class_also_with_a_ball,
        a_polygon_is_kept_to_it_as_well,
        only_where_labels_are_unsure_or_in_the_region_that_was_asked_about,
    )
    for story in stories:
        story(labelled, what, scene)
        steps = 0
        while (painted(labelled, what) != before).any():
            assert steps < 20, story.__name__
            session.painting.undo()
            labelled.settle()
            steps += 1
        if labelled.find("supervox_brush_3d").isChecked():
            labelled.click("supervox_brush_3d")
        session.correcting.mask.choose(values=None, class_id=0, unsure=False, in_place=False)
        labelled.click("supervox_brush_voxels")
        session.paint_class(3)
        labelled.settle()
