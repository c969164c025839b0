"""Unsure places: the least certain first, each once, none a sliver."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from supervox.napari_plugin.tasks import unsure
from supervox.napari_plugin.tasks.unsure import UnsurePlaces

# Eight supervoxels in a row; the last is a sliver.
IDS = np.repeat(np.arange(8), [4, 4, 4, 4, 4, 4, 4, 1])[np.newaxis, np.newaxis].astype(np.int32)
IMAGE = Image(np.zeros(IDS.shape, np.uint8))
UNCERTAINTY = np.array([0.1, 0.9, 0.3, 0.9, 0.5, 0.0, 0.2, 1.0], np.float32)


def prepared(start: tuple[int, int, int] = (0, 0, 0)) -> Any:
    graph = SimpleNamespace(size=np.bincount(IDS.ravel()))
    return SimpleNamespace(
        ids=IDS,
        source=SimpleNamespace(start=start),
        segmenter=SimpleNamespace(partitions=[SimpleNamespace(graph=graph)]),
    )


def result() -> Any:
    return SimpleNamespace(uncertainty=UNCERTAINTY)


def test_the_order(run_stage: Callable[..., Any]) -> None:
    stage, found = UnsurePlaces(ViewerModel()), result()
    places = [run_stage(stage, IMAGE, prepared(), found) for _ in range(7)]
    assert [int(IDS[place]) for place in places] == [1, 3, 4, 2, 6, 0, 5]


def test_after_all_were_shown_it_begins_again(
    run_stage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsure, "CANDIDATES", 3)
    stage, found = UnsurePlaces(ViewerModel()), result()
    places = [run_stage(stage, IMAGE, prepared(), found) for _ in range(5)]
    assert [int(IDS[place]) for place in places] == [1, 3, 4, 1, 3]


def test_another_result_begins_anew(run_stage: Callable[..., Any]) -> None:
    stage = UnsurePlaces(ViewerModel())
    places = [run_stage(stage, IMAGE, prepared(), result()) for _ in range(2)]
    assert [int(IDS[place]) for place in places] == [1, 1]


def test_places_are_those_of_the_image(run_stage: Callable[..., Any]) -> None:
    z, y, x = run_stage(UnsurePlaces(ViewerModel()), IMAGE, prepared((5, 6, 7)), result())
    assert (z, y) == (5, 6)
    assert IDS[0, 0, x - 7] == 1


def test_the_view_goes_there(run_stage: Callable[..., Any]) -> None:
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((9, 9, 60), np.uint8), scale=(2, 1, 1))
    z, y, x = run_stage(UnsurePlaces(viewer), image, prepared((5, 6, 7)), result())
    assert viewer.dims.point == (2 * z, y, x)
    assert tuple(viewer.scene.camera.center)[-2:] == (y, x)
