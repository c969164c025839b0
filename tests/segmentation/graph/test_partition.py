"""Partitions: supervoxels, features and graphs that belong together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from supervox.execution import Run
from supervox.execution.progress import Cancelled
from supervox.features import FeatureBank, FeatureParameters, IntensityRange, pool_features
from supervox.segmentation import (
    Partition,
    SegmentationParameters,
    SupervoxelParameters,
    compute_supervoxels,
    prepare_partitions,
    region_graph,
)

PARAMETERS = SegmentationParameters(
    supervoxels=SupervoxelParameters(size_voxels=5, iterations=2),
    features=FeatureParameters(filters=("raw", "gaussian"), sigmas_voxels=(1.0, 2.0)),
    partitions=3,
)
SPACING = (2.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def volume() -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(14, 30, 26))
    return gaussian_filter(noise, 1.5).astype(np.float32)


def prepare(volume: np.ndarray, parameters: SegmentationParameters, **more: object):
    return prepare_partitions(
        volume,
        parameters.shifts,
        parameters,
        spacing=SPACING,
        intensity=IntensityRange.measure(volume),
        **more,  # type: ignore[arg-type]
    )


def same(one: Partition, other: Partition) -> bool:
    return (
        np.array_equal(one.ids, other.ids)
        and np.array_equal(one.table.values, other.table.values)
        and np.array_equal(one.graph.edges, other.graph.edges)
        and np.array_equal(one.graph.area, other.graph.area)
        and np.array_equal(one.graph.mean_intensity, other.graph.mean_intensity)
    )


def test_the_parts_are_those_of_the_stages(volume: np.ndarray) -> None:
    for shift, part in zip(PARAMETERS.shifts, prepare(volume, PARAMETERS), strict=True):
        ids = compute_supervoxels(volume, 5, spacing=SPACING, iterations=2, shift=shift)
        np.testing.assert_array_equal(part.ids, ids)
        table = pool_features(volume, ids, FeatureBank(PARAMETERS.features), spacing=SPACING)
        np.testing.assert_array_equal(part.table.values, table.values)
        graph = region_graph(ids, volume, spacing=SPACING)
        np.testing.assert_array_equal(part.graph.edges, graph.edges)
        np.testing.assert_array_equal(part.graph.area, graph.area)


def test_the_parts_fit_each_other(volume: np.ndarray) -> None:
    for part in prepare(volume, PARAMETERS):
        n = int(part.ids.max()) + 1
        np.testing.assert_array_equal(part.graph.size, np.bincount(part.ids.ravel()))
        assert part.graph.n_supervoxels == len(part.table.values) == n
        assert np.isfinite(part.table.values).all()
        assert part.graph.edges.max() == n - 1


def test_partitions_differ_and_the_first_does_not_depend_on_the_others(volume: np.ndarray) -> None:
    three = prepare(volume, PARAMETERS)
    assert same(prepare(volume, replace(PARAMETERS, partitions=1))[0], three[0])
    assert not any(np.array_equal(three[0].ids, part.ids) for part in three[1:])


def test_neither_workers_nor_the_second_time_change_a_byte(volume: np.ndarray) -> None:
    first = prepare(volume, PARAMETERS, run=Run(1))
    second = prepare(volume, PARAMETERS, run=Run(3))
    assert all(same(a, b) for a, b in zip(first, second, strict=True))


def test_progress_goes_forward_to_the_end(volume: np.ndarray) -> None:
    calls: list[tuple[int, int]] = []
    prepare(volume, PARAMETERS, run=Run(progress=lambda done, total: calls.append((done, total))))
    assert len({total for _, total in calls}) == 1
    done = [at for at, _ in calls]
    assert done == sorted(done)
    assert done[-1] == calls[0][1]


@pytest.mark.parametrize("asked", [0, 5, 20])
def test_it_stops_when_asked(volume: np.ndarray, asked: int) -> None:
    answers = iter([False] * asked + [True] * 1000)
    with pytest.raises(Cancelled):
        prepare(volume, PARAMETERS, run=Run(should_stop=lambda: next(answers)))
