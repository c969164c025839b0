"""The slice in view is shown in final quality, and what is looked at stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.session.view_choices import Shown


def in_view(bench: Any) -> np.ndarray:
    """Return the labels of the slice in view, as napari reads them."""
    prediction = bench.session.view.prediction
    data = prediction.data[0] if prediction.multiscale else prediction.data
    return np.asarray(data[bench.viewer.dims.current_step[0], :, :])


@pytest.fixture
def finished(bench: Any) -> Any:
    """Finish the labels of three classes."""
    bench.viewer.dims.set_current_step(0, 8)
    bench.prepare(1, 2, 3)
    bench.session.delivery.finish()
    bench.settle()
    assert bench.session.view.choices.shown is Shown.FINAL
    return bench


def correct(bench: Any, class_id: int = 1) -> np.ndarray:
    """Paint over labels that are right; return where."""
    mask = np.zeros(bench.strokes.data.shape, bool)
    mask[8, 30:38, 40:46] = True
    bench.paint_voxels(mask, class_id)
    return mask


def test_the_slice_in_view_is_what_finish_would_give(bench: Any) -> None:
    session = bench.session
    bench.viewer.dims.set_current_step(0, 8)
    bench.prepare(1, 2, 3)
    session.delivery.finish()
    bench.settle()
    correct(bench)
    bench.settle()
    shown = in_view(bench).copy()
    assert session.view.is_in_full(session.view.result, session.volume.slice_in_view())
    session.delivery.finish()
    bench.settle()
    assert (shown != session.view.final.data[8]).mean() < 0.01


def test_a_correction_leaves_the_rest_of_the_final_labels_in_view(finished: Any) -> None:
    view = finished.session.view
    before = view.final.data.copy()
    then = view.result.labels
    correct(finished)
    finished.settle()
    assert view.choices.shown is Shown.LABELS
    ids = finished.session.preparation.prepared.ids
    is_same = (view.result.labels == then)[ids]
    other = np.arange(len(ids)) != 8
    data = np.asarray(view.prediction.data)
    np.testing.assert_array_equal(data[other][is_same[other]], before[other][is_same[other]])
    assert (in_view(finished)[30:38, 40:46] == 1).all()


def test_undoing_a_correction_shows_the_final_labels_again(finished: Any) -> None:
    view, painting = finished.session.view, finished.session.painting
    correct(finished)
    finished.settle()
    painting.undo()
    finished.settle()
    assert finished.session.delivery.is_finished
    assert view.choices.shown is Shown.FINAL
    view.choose(shown=Shown.LABELS)
    np.testing.assert_array_equal(np.asarray(view.prediction.data), view.final.data)


def test_who_chose_something_else_meanwhile_keeps_it(finished: Any) -> None:
    view, painting = finished.session.view, finished.session.painting
    correct(finished)
    finished.settle()
    view.choose(shown=Shown.UNCERTAINTY)
    painting.undo()
    finished.settle()
    assert view.choices.shown is Shown.UNCERTAINTY


def test_the_next_slice_follows(finished: Any) -> None:
    session = finished.session
    correct(finished)
    finished.settle()
    finished.viewer.dims.set_current_step(0, 11)
    finished.settle()
    assert session.view.is_in_full(session.view.result, session.volume.slice_in_view())


def test_final_labels_have_the_outline_that_is_chosen(bench: Any) -> None:
    bench.prepare(1, 2)
    bench.session.view.choose(outline=True)
    bench.session.delivery.finish()
    bench.settle()
    assert bench.session.view.final.contour == bench.session.view.prediction.contour > 0


@pytest.fixture
def compared(bench: Any) -> Any:
    """See planes far apart, labelled from three classes."""
    bench.prepare(1, 2, 3)
    bench.session.comparison.watch(True)
    bench.session.comparison.look()
    bench.settle()
    return bench


def test_planes_that_are_compared_are_what_finish_would_give(compared: Any) -> None:
    session, comparison = compared.session, compared.session.comparison
    assert len(comparison.planes) == 4
    shown = comparison.labels_of(session.view.result)
    session.delivery.finish()
    compared.settle()
    final = [session.view.final.data[at.part][at.thin][0] for at in comparison.planes]
    assert (np.array(shown) != np.array(final)).mean() < 0.01


def test_compared_planes_follow_a_balance_at_once_and_then_in_full(compared: Any) -> None:
    session, comparison = compared.session, compared.session.comparison
    before = session.view.result
    session.balancing.move(2, 8.0)
    compared.until(lambda: session.view.result is not before)
    after = session.view.result
    more, less = (np.array(comparison.labels_of(at)) for at in (after, before))
    assert np.count_nonzero(more == 2) > np.count_nonzero(less == 2)
    compared.settle()
    assert session.view.result is after
    assert not comparison.parts_to_label(after)


def test_planes_that_nobody_sees_are_not_labelled(compared: Any) -> None:
    session, comparison = compared.session, compared.session.comparison
    comparison.watch(False)
    session.balancing.move(2, 1.0)
    compared.settle()
    comparison.is_watched = True
    assert len(comparison.parts_to_label(session.view.result)) == 4
