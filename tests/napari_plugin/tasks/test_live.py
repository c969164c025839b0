"""The live loop: what it sees, when it updates, and what it drops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks.live import LiveLoop, LiveResult, StrokeScan, ViewResult
from supervox.napari_plugin.tasks.preparing import Preparation, Prepared
from supervox.segmentation import RefinementParameters, SegmentationParameters, Strokes


@pytest.fixture
def volume(scene: Any) -> np.ndarray:
    return scene.image


@pytest.fixture
def prepared(volume: np.ndarray, run_stage: Callable[..., Any]) -> Prepared:
    source = Source("id", volume, 0, (1.0, 1.0, 1.0), None)
    return run_stage(Preparation(Settings().resources), source, SegmentationParameters())


class Loop:
    """A live loop whose surroundings are set by hand."""

    def __init__(self, volume: np.ndarray, qtbot: Any) -> None:
        self.annotations: np.ndarray | None = np.zeros(volume.shape, np.uint8)
        self.prepared: Prepared | None = None
        self.in_view: Any = None
        self.strength = 1.0
        self.held: tuple[int, ...] = ()
        self.seen: list[Any] = []
        self._bot = qtbot
        self.live = LiveLoop(
            0,
            lambda: self.annotations,
            lambda: None,
            lambda: self.prepared,
            lambda: self.in_view,
            lambda: SegmentationParameters(refinement=RefinementParameters(self.strength)),
            lambda: self.held,
        )
        self.live.scanned.connect(self.seen.append)
        self.live.updating.published.connect(self.seen.append)
        self.live.updating.succeeded.connect(self.seen.append)
        self.live.failed.connect(self.seen.append)

    def paint(self, scene: Any, *class_ids: int) -> None:
        assert self.annotations is not None
        for class_id in class_ids:
            self.annotations[scene.stroke(class_id)] = class_id

    def settle(self) -> list[Any]:
        """Wait for the end of all work; return what was told since the last time."""
        self._bot.waitUntil(lambda: not self.live.is_busy, timeout=60_000)
        told, self.seen[:] = list(self.seen), []
        return told

    def kinds(self) -> list[type]:
        return [type(item) for item in self.settle()]


@pytest.fixture
def loop(volume: np.ndarray, qtbot: Any, quiet: None) -> Loop:
    return Loop(volume, qtbot)


def test_a_scan_sees_strokes_and_counts_them(loop: Loop, scene: Any) -> None:
    loop.paint(scene, 1, 2)
    loop.annotations[0, 0, 0] = loop.annotations[15, 39, 47] = 9
    loop.live.strokes_changed()
    (scan,) = loop.settle()
    assert isinstance(scan, StrokeScan)
    assert scan.counts == {1: 1, 2: 1, 9: 2}
    np.testing.assert_array_equal(scan.strokes.voxels, np.flatnonzero(loop.annotations))
    assert loop.live.scan is scan


def test_a_picture_is_scanned_as_one_plane(loop: Loop) -> None:
    loop.annotations = np.zeros((6, 7), np.uint8)
    loop.annotations[2, 1:5] = 3
    loop.annotations[5, 6] = 3
    loop.live.strokes_changed()
    (scan,) = loop.settle()
    assert scan.counts == {3: 2}


def test_nothing_new_tells_nobody(loop: Loop, scene: Any) -> None:
    loop.paint(scene, 1)
    loop.live.strokes_changed()
    assert loop.kinds() == [StrokeScan]
    loop.live.strokes_changed()
    assert loop.kinds() == []


def test_many_changes_are_one_scan(loop: Loop, scene: Any) -> None:
    for class_id in (1, 2, 3):
        loop.paint(scene, class_id)
        loop.live.strokes_changed()
    assert loop.kinds() == [StrokeScan]


def test_strokes_lead_to_labels(
    loop: Loop, scene: Any, volume: np.ndarray, prepared: Prepared
) -> None:
    loop.prepared = prepared
    loop.paint(scene, 1, 2, 3)
    loop.live.strokes_changed()
    scan, result = loop.settle()
    assert isinstance(scan, StrokeScan)
    assert isinstance(result, LiveResult)
    assert result.class_ids == (1, 2, 3)
    assert result.labels.dtype == np.uint8
    assert result.probabilities.shape == (prepared.n_supervoxels, 3)
    assert result.uncertainty.shape == (prepared.n_supervoxels,)
    assert result.n_painted == np.unique(prepared.ids[loop.annotations > 0]).size
    assert result.seconds_in_view == 0
    assert (result.labels[prepared.ids] == scene.truth).mean() > 0.97


def test_the_slice_in_view_comes_first(loop: Loop, scene: Any, prepared: Prepared) -> None:
    loop.prepared, loop.in_view = prepared, (slice(8, 9), slice(None), slice(None))
    loop.paint(scene, 1, 2, 3)
    loop.live.strokes_changed()
    _, part, result = loop.settle()
    assert isinstance(part, ViewResult)
    np.testing.assert_array_equal(part.supervoxels, np.unique(prepared.ids[8]))
    assert part.classes.dtype == np.uint8
    assert part.confidence.min() > 1 / 3 - 1e-6
    assert (part.classes == result.labels[part.supervoxels]).mean() > 0.95
    assert 0 < part.seconds == result.seconds_in_view <= result.seconds


def test_one_class_is_not_enough(loop: Loop, scene: Any, prepared: Prepared) -> None:
    loop.prepared = prepared
    loop.paint(scene, 1)
    loop.live.update()
    assert loop.kinds() == [StrokeScan]
    assert not loop.live.can_update


def test_not_live_waits_to_be_asked(loop: Loop, scene: Any, prepared: Prepared) -> None:
    loop.prepared, loop.live.is_live = prepared, False
    loop.paint(scene, 1, 2)
    loop.live.strokes_changed()
    assert loop.kinds() == [StrokeScan]
    loop.live.update()
    assert loop.kinds() == [LiveResult]


def test_an_update_that_is_asked_for_during_a_scan(
    loop: Loop, scene: Any, prepared: Prepared
) -> None:
    loop.prepared, loop.live.is_live = prepared, False
    loop.live.update()
    loop.paint(scene, 1, 2)
    loop.live.update()
    assert loop.kinds()[-1:] == [LiveResult]


def test_a_stroke_that_a_scan_found_before_another_scan(
    loop: Loop, scene: Any, prepared: Prepared
) -> None:
    """Strokes that follow one another quickly: the last scan finds nothing that is new."""
    loop.prepared = prepared
    loop.paint(scene, 1, 2)
    loop.live._start_scan()
    loop.live._start_scan()  # while the first one runs
    assert loop.kinds() == [StrokeScan, LiveResult]


def test_another_strength(loop: Loop, scene: Any, prepared: Prepared) -> None:
    loop.prepared = prepared
    loop.live.update_again()
    assert loop.kinds() == []
    loop.paint(scene, 1, 2)
    loop.live.strokes_changed()
    loop.settle()
    loop.strength = 0.0
    loop.live.update_again()
    (result,) = loop.settle()
    best = np.array(result.class_ids)[result.probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(result.labels, best)


def test_the_newest_update_wins(loop: Loop, scene: Any, prepared: Prepared) -> None:
    loop.prepared = prepared
    loop.paint(scene, 1, 2, 3)
    loop.live.strokes_changed()
    loop.settle()
    for strength in (2.0, 1.0, 0.0):
        loop.strength = strength
        loop.live.update_again()
    (result,) = loop.settle()
    best = np.array(result.class_ids)[result.probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(result.labels, best)


def test_strokes_outside_of_the_box_are_not_used(
    loop: Loop, scene: Any, volume: np.ndarray, run_stage: Callable[..., Any]
) -> None:
    box = (slice(0, 16), slice(0, 40), slice(0, 32))
    source = Source("id", volume, 0, (1.0, 1.0, 1.0), None, box)
    loop.prepared = run_stage(Preparation(Settings().resources), source, SegmentationParameters())
    loop.paint(scene, 1, 3)
    loop.live.strokes_changed()
    assert loop.kinds() == [StrokeScan]
    assert loop.live.strokes.class_ids == (1,)
    loop.paint(scene, 2)
    loop.live.strokes_changed()
    result = loop.settle()[-1]
    assert result.class_ids == (1, 2)


def test_after_stopping_nothing_arrives(loop: Loop, scene: Any, prepared: Prepared) -> None:
    loop.prepared = prepared
    loop.paint(scene, 1, 2)
    loop.live.update()
    loop.live.stop()
    assert loop.kinds() == []
    assert loop.live.scan.counts == {}
    loop.live.update()
    assert loop.kinds() == [StrokeScan, LiveResult]


def test_an_error_is_told(
    loop: Loop, scene: Any, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    loop.prepared = prepared
    monkeypatch.setattr(prepared.segmenter, "segment", fail)
    loop.paint(scene, 1, 2)
    loop.live.strokes_changed()
    _, error = loop.settle()
    assert isinstance(error, MemoryError)
    assert isinstance(loop.live.strokes, Strokes)


def test_there_is_no_layer(loop: Loop) -> None:
    loop.annotations = None
    loop.live.update()
    assert loop.kinds() == []
