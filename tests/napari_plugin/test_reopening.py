"""The dock closed and opened again in the same viewer: everything is where it was, at once."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Layer
from supervox.napari_plugin.io.readers import read_layers
from supervox.napari_plugin.session import left_behind
from supervox.napari_plugin.session.next_step import Step, next_step
from supervox.napari_plugin.session.view_choices import Shown
from supervox.napari_plugin.tasks import jobs
from supervox.objects import Asked
from supervox.project import Mask, Project
from supervox.segmentation import Segmenter
from supervox.volumes import write_volume

SPACING = (60.0, 30.0, 30.0)
BOX = (slice(2, 14), slice(0, 40), slice(4, 48))


@pytest.fixture(params=["memory", "file", "named"])
def painted(
    request: pytest.FixtureRequest,
    open_dock: Callable[..., Any],
    scene: Any,
    tmp_path: Path,
) -> Any:
    """Return a window with final labels: of an image in memory, in a file, of a named project."""
    if request.param == "memory":
        window = open_dock(scene.image, name="scene")
    else:
        path = tmp_path / "cell.tif"
        write_volume(path, scene.image, spacing=SPACING, unit="nm", kind="image")
        window = open_dock()
        for layer in read_layers(str(path), "volume"):
            window.viewer.layers.append(Layer.create(*layer))
    window.settle()
    window.prepare(1, 2)
    window.paint(3)  # a step of its own
    window.settle()
    if request.param == "named":
        window.session.autosave.save_as(tmp_path / "cell.supervox")
        window.settle()
    window.session.delivery.finish()
    window.settle()
    assert window.session.delivery.is_finished
    return window


@pytest.fixture
def prepared_anew(monkeypatch: pytest.MonkeyPatch) -> list[Segmenter]:
    """Return what is prepared from now on, one way or the other."""
    found: list[Segmenter] = []
    prepare = Segmenter.prepare

    def note(segmenter: Segmenter, **how: Any) -> None:
        if not segmenter.partitions:
            found.append(segmenter)
        prepare(segmenter, **how)

    monkeypatch.setattr(Segmenter, "prepare", note)
    return found


def reopen(window: Any, between: Callable[[], object] = lambda: None) -> None:
    window.close_dock()
    jobs.finish_files()
    between()
    window.open()
    window.settle()


def test_what_was_computed_is_there_and_nothing_is_asked_for(
    painted: Any, prepared_anew: list[Segmenter]
) -> None:
    session = painted.session
    labels, layers = session.delivery.final.labels.copy(), names(painted)
    live = np.asarray(session.view.prediction.data).copy()
    counts = painted.session.live.scan.counts
    painted.viewer.dims.set_current_step(0, 1)  # where nothing is painted
    asked = said(painted)
    painted.close_dock()
    jobs.finish_files()
    painted.open()
    assert painted.session is not session
    session = painted.session
    painted.until(lambda: session.preparation.prepared)
    assert session.delivery.is_finished  # from the first moment on
    painted.settle()
    assert said(painted) == asked
    assert painted.viewer.dims.current_step[0] == 1
    assert prepared_anew == []
    assert session.delivery.is_finished
    assert not session.extent.is_out_of_date
    assert next_step(painted.dock.state).step is Step.OBJECTS  # after Finish
    np.testing.assert_array_equal(session.delivery.final.labels, labels)
    np.testing.assert_array_equal(np.asarray(painted.layer("final labels").data), labels)
    np.testing.assert_array_equal(np.asarray(session.view.prediction.data), live)
    assert session.view.choices.shown is Shown.FINAL
    assert painted.layer("final labels").visible
    assert not session.view.prediction.visible
    assert names(painted) == layers
    assert session.live.scan.counts == counts
    # and undo goes on where it was
    assert session.autosave.project is not None
    session.painting.undo()
    painted.settle()
    assert set(session.live.scan.counts) == {1, 2}
    assert not session.delivery.is_finished
    assert session.view.choices.shown is Shown.LABELS
    session.painting.redo()
    painted.settle()
    assert session.delivery.is_finished
    assert session.view.choices.shown is Shown.FINAL


def said(window: Any) -> str:
    return str(window.dock.advice.text())


def names(window: Any) -> list[str]:
    return sorted(layer.name for layer in window.viewer.layers)


def test_a_stroke_that_was_painted_between_counts(
    painted: Any, prepared_anew: list[Segmenter]
) -> None:
    before = painted.session.delivery.final.labels.copy()
    strokes = painted.strokes

    def paint() -> None:
        index = np.zeros(before.shape, bool)
        index[1:3, 30:36, 18:30] = True
        strokes.data_setitem(np.nonzero(index), 1)

    reopen(painted, paint)
    session = painted.session
    assert prepared_anew == []
    assert session.live.scan.strokes.sizes[1] == 64 + 144
    assert not session.delivery.is_finished  # the final labels are older, and still there
    np.testing.assert_array_equal(session.delivery.final.labels, before)
    assert session.view.choices.shown is Shown.LABELS
    assert (np.asarray(session.view.prediction.data)[1:3, 30:36, 18:30] == 1).all()
    with Project.open(session.autosave.folder, read_only=True) as project:
        assert (project.annotations.voxels[1:3, 30:36, 18:30] == 1).all()
    session.painting.undo()
    painted.settle()
    assert session.delivery.is_finished
    assert session.view.choices.shown is Shown.FINAL


def test_choices_corrections_locks_and_objects(painted: Any, prepared_anew: list[Any]) -> None:
    session = painted.session
    session.correcting.locking.set_locked(2, True)
    painted.settle()
    session.balancing.nudge(3, 2)
    painted.settle()
    session.delivery.finish()
    painted.settle()
    session.correcting.whole.accept(3)
    painted.settle()
    session.by_hand.find(Asked(class_id=3))
    painted.settle()
    assert session.delivery.objects.found is not None
    painted.until(lambda: session.kept.is_done)  # in a project that has a name
    session.delivery.objects.show(True)
    session.view.choose(opacity=0.9)
    parameters, held = session.parameters, session.classes.held
    found, corrections = session.delivery.objects.found, session.painting.corrections.now.copy()
    assert parameters.refinement.balance
    assert held == (2,)
    prepared_anew.clear()
    reopen(painted)
    session = painted.session
    assert prepared_anew == []
    assert session.parameters == parameters
    assert session.classes.held == held
    assert session.delivery.is_finished
    np.testing.assert_array_equal(session.painting.corrections.now, corrections)
    again = session.delivery.objects
    assert again.found.measured is found.measured
    assert not again.is_old
    assert again.is_shown
    np.testing.assert_array_equal(np.asarray(again.layer.data), found.ids)
    assert session.kept.is_done
    assert session.view.choices.opacity == 0.9
    session.painting.undo()  # of the search
    session.painting.undo()  # of what was accepted
    painted.settle()
    assert session.painting.corrections.now.sum() < corrections.sum()


def test_a_part_without_a_stroke(window: Any, prepared_anew: list[Any]) -> None:
    session = window.session
    session.volume.set_box(BOX)
    session.choose(replace(session.parameters, partitions=2))
    session.extent.prepare()
    window.settle()
    prepared = session.preparation.prepared
    prepared_anew.clear()
    reopen(window)
    session = window.session
    assert session.autosave.project is None
    assert session.volume.box == BOX
    assert session.parameters.partitions == 2
    assert session.preparation.prepared is prepared
    assert not session.extent.is_out_of_date
    assert prepared_anew == []


def test_a_mask(window: Any, prepared_anew: list[Any]) -> None:
    session, voxels = window.session, np.ones(window.session.volume.source.shape, np.uint8)
    voxels[:, :8] = 0
    session.masking.restore(Mask.of(voxels, "half"))
    window.prepare(1, 2)
    prepared_anew.clear()
    reopen(window)
    session = window.session
    assert session.volume.mask is not None
    assert not session.extent.is_out_of_date
    assert session.preparation.prepared is not None
    assert prepared_anew == []


def test_other_voxels_since_are_prepared_anew(window: Any, scene: Any) -> None:
    window.prepare(1, 2)
    image = window.session.volume.image

    def change() -> None:
        image.data = scene.image[::-1].copy()

    reopen(window, change)
    assert window.session.preparation.prepared is None
    assert window.session.delivery.final is None
    assert window.session.volume.source.version == 1


def test_the_image_that_was_worked_on_is_the_one_to_go_on_with(window: Any, scene: Any) -> None:
    window.viewer.add_image(scene.image[::-1].copy(), name="other")
    other = window.session.volume.images()[1]
    window.session.choose_image(other)
    window.prepare(1, 2)
    reopen(window)
    assert window.session.volume.image is other
    assert window.session.preparation.prepared is not None


def test_closed_before_its_project_was_made(window: Any) -> None:
    window.paint(1)
    window.session.painting.record_all()  # and nobody had time to make one
    assert window.session.autosave.project is None
    reopen(window)
    session = window.session
    assert session.autosave.project is not None
    assert len(session.autosave.recent.entries()) == 1
    session.painting.undo()
    window.settle()
    assert not window.strokes.data.any()


def test_closed_and_opened_in_a_hurry(painted: Any) -> None:
    labels = painted.session.delivery.final.labels.copy()
    for _ in range(3):  # the project is being opened again as the dock is closed
        painted.close_dock()
        painted.open()
    painted.settle()
    assert painted.session.delivery.is_finished
    np.testing.assert_array_equal(painted.session.delivery.final.labels, labels)


def test_another_image_and_back_reads_a_named_project(
    painted: Any, scene: Any, prepared_anew: list[Any]
) -> None:
    if not painted.session.autosave.is_named:
        pytest.skip("nothing of it is on the disk")
    session, image = painted.session, painted.session.volume.image
    labels = session.delivery.final.labels.copy()
    painted.viewer.add_image(scene.image, name="other")
    session.choose_image(session.volume.images()[1])
    painted.settle()
    session.choose_image(image)
    painted.settle()
    assert prepared_anew == []
    assert session.delivery.is_finished
    np.testing.assert_array_equal(session.delivery.final.labels, labels)


def test_what_is_left_goes_with_the_image(window: Any) -> None:
    window.prepare(1, 2)
    window.close_dock()
    left = weakref.ref(left_behind._left[window.session.volume.images()[0]])
    window.viewer.layers.clear()
    window.session = None

    def is_gone() -> bool:
        gc.collect()
        return left() is None

    window.until(is_gone)
