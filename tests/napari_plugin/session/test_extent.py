"""A box of what is in view first, then the whole volume; and what can happen meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.session import extent
from supervox.napari_plugin.session.view_choices import Shown
from supervox.segmentation import Strokes

from benchmarks.gui_probe import GuiProbe

AT_MOST = 0.05  # seconds of ours in a row on the GUI thread
SHAPE = (30, 60, 72)


@pytest.fixture
def small_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a small volume for one that takes long, and a smaller box for one that is quick."""
    monkeypatch.setattr(extent, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(extent, "ACROSS", 16)
    monkeypatch.setattr(extent, "LEAST_ALONG", 24)
    monkeypatch.setattr(extent, "MOST_ALONG", 40)


@pytest.fixture
def volume() -> np.ndarray:
    """Three slabs of columns, as in the scene, but larger."""
    rng = np.random.default_rng(0)
    slabs = 50 * (1 + np.arange(SHAPE[2]) // 24)
    return (slabs + rng.normal(0, 5, SHAPE)).clip(0, 255).astype(np.uint8)


@pytest.fixture
def boxed(small_boxes: None, open_bench: Callable[..., Any], volume: np.ndarray) -> Any:
    """Begin to prepare a box of what is in view."""
    bench = open_bench(volume)
    bench.session.extent.prepare_view()
    return bench


def test_a_box_first_then_the_whole(
    small_boxes: None, open_dock: Callable[..., Any], volume: np.ndarray, told: list[str]
) -> None:
    window = open_dock(volume, name="cell", show=True)
    session = window.session
    window.viewer.dims.set_current_step(0, 12)
    window.settle()
    assert "prepare what you see" in window.dock.advice.whole

    with GuiProbe() as probe:
        window.click("supervox_prepare_view")
        window.settle()
        assert session.volume.box == (slice(4, 20), slice(10, 50), slice(16, 56))
        assert session.preparation.prepared.source.shape == (16, 40, 40)
        assert "Only the box of 16 × 40 × 40 voxels is prepared" in window.dock.prepare.describe()
        for number, columns in ((1, (18, 22)), (2, (28, 40))):
            session.classes.selected = number
            window.drag(*((12, 30, column) for column in np.linspace(*columns, 5)))
        window.settle()
        assert session.view.prediction.data.shape == (16, 40, 40)
        strokes = window.strokes.data.copy()

        # the whole follows, while the box is painted in
        window.click("supervox_prepare_whole")
        assert session.extent.is_widening
        assert session.volume.box is not None
        assert "the box stays live" in window.dock.prepare.describe()
        session.classes.selected = 2
        window.drag((12, 40, 30), (12, 40, 38))
        window.settle()
    assert session.volume.box is None
    assert session.preparation.prepared.source.shape == SHAPE
    assert session.view.prediction.data.shape == SHAPE
    assert [layer.name for layer in window.viewer.layers].count("live labels") == 1
    kept = window.strokes.data[strokes != 0]
    np.testing.assert_array_equal(kept, strokes[strokes != 0])
    assert session.live.scan.counts == {1: 1, 2: 2}
    assert session.view.result.class_ids == (1, 2)
    assert "Whole volume is prepared" in window.dock.prepare.describe()
    assert window.dock.segment.widening.isHidden()
    assert told == []
    assert probe.longest <= AT_MOST, (probe.longest, probe.longest_in)


def test_stopping_leaves_the_box(boxed: Any) -> None:
    bench, session = boxed, boxed.session
    bench.settle()
    box, prepared = session.volume.box, session.preparation.prepared
    session.extent.prepare_whole()
    session.preparation.cancel()
    bench.settle()
    assert (session.volume.box, session.preparation.prepared) == (box, prepared)
    assert not session.extent.is_widening
    assert session.extent.is_box_ready
    assert not session.extent.is_out_of_date


def test_strokes_outside_of_the_box_count_in_the_whole(boxed: Any) -> None:
    bench, session = boxed, boxed.session
    for class_id, column in ((1, 2), (2, 30)):
        mask = np.zeros(SHAPE, bool)
        mask[15, 20:30, column : column + 3] = True
        bench.paint_voxels(mask, class_id)
    bench.settle()
    assert session.view.result is None
    assert session.live.strokes.class_ids == (2,)
    session.extent.prepare_whole()
    bench.settle()
    assert isinstance(session.live.strokes, Strokes)
    assert session.view.result.class_ids == (1, 2)


def test_another_box_meanwhile_is_what_counts(boxed: Any) -> None:
    bench, session = boxed, boxed.session
    bench.settle()
    session.extent.prepare_whole()
    other = (slice(0, 16), slice(0, 24), slice(0, 24))
    session.volume.set_box(other)
    session.extent.prepare()
    bench.settle()
    assert session.volume.box == other
    assert session.preparation.prepared.source.box == other


@pytest.mark.parametrize(
    ("middle", "edge", "size", "expected"),
    [
        (50, 20, 100, slice(40, 60)),
        (2, 20, 100, slice(0, 20)),
        (99, 20, 100, slice(80, 100)),
        (-500, 20, 100, slice(0, 20)),
        (5, 20, 10, slice(0, 10)),
    ],
)
def test_around(middle: float, edge: float, size: int, expected: slice) -> None:
    assert extent._around(middle, edge, size) == expected


def test_flat_and_small_images_need_no_box(
    open_bench: Callable[..., Any], volume: np.ndarray
) -> None:
    assert not open_bench(volume).session.extent.is_worth_a_box
    assert not open_bench(volume[0]).session.extent.is_worth_a_box


@pytest.mark.parametrize(("level", "zoom"), [(0, 2), (1, 0.4)])
def test_what_is_in_view_of_several_resolutions(
    small_boxes: None, open_dock: Callable[..., Any], level: int, zoom: float
) -> None:
    whole = np.zeros((3, 4000, 4000), np.uint8)
    window = open_dock([whole, whole[:, ::2, ::2]], name="cell", multiscale=True, show=True)
    camera = window.viewer.scene.camera
    camera.center, camera.zoom = (0, 1500, 1800), zoom
    window.until(lambda: window.session.volume.image.data_level == level)
    _, rows, columns = window.session.extent.box_in_view()
    assert (rows.start + rows.stop) / 2 == pytest.approx(1500, abs=1)
    assert (columns.start + columns.stop) / 2 == pytest.approx(1800, abs=1)


@pytest.mark.parametrize("turned", [False, True])
def test_the_box_of_what_the_canvas_shows(
    open_dock: Callable[..., Any], volume: np.ndarray, turned: bool
) -> None:
    turn = {"affine": [[1, 0, 0, 0], [0, 0, -1, 60], [0, 1, 0, 0], [0, 0, 0, 1]]} if turned else {}
    window = open_dock(volume, name="cell", show=True, **turn)
    window.settle()
    camera = window.viewer.scene.camera
    camera.zoom = window.canvas.width() / 20
    camera.center = (0, 30, 25)
    window.click("supervox_box_from_view")
    down = 20 * window.canvas.height() / window.canvas.width()
    planes, *shown = window.session.volume.box
    across, along = reversed(shown) if not turned else shown
    assert planes == slice(0, 30)
    assert (across.start, across.stop) == pytest.approx((15, 35), abs=2)
    middle = 30
    assert (along.start, along.stop) == pytest.approx(
        (max(middle - down / 2, 0), min(middle + down / 2, SHAPE[2 if turned else 1])), abs=2
    )


def test_final_labels_of_a_box_do_not_hide_the_whole(boxed: Any) -> None:
    session = boxed.session
    boxed.settle()
    for number, columns in ((1, slice(18, 22)), (2, slice(28, 40))):
        mask = np.zeros(SHAPE, bool)
        mask[12, 25:30, columns] = True
        boxed.paint_voxels(mask, number)
    boxed.settle()
    box = session.preparation.prepared
    session.delivery.finish()
    boxed.settle()
    finished = session.delivery.finishing.finished
    assert session.view.choices.shown is Shown.FINAL
    session.extent.prepare_whole()
    boxed.settle()
    assert session.preparation.prepared is not box
    session.delivery.finishing.succeeded.emit(finished)  # as if it had taken longer
    assert session.view.choices.shown is Shown.LABELS
    assert not session.delivery.is_finished
