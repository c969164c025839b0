from __future__ import annotations

import numpy as np
import pytest
from supervox.segmentation import compute_supervoxels, region_graph


def brute_force(ids: np.ndarray, areas: tuple[float, float, float]) -> dict[tuple[int, int], float]:
    found: dict[tuple[int, int], float] = {}
    for axis, area in enumerate(areas):
        a = np.moveaxis(ids, axis, 0)
        for i, j in zip(a[:-1].ravel(), a[1:].ravel(), strict=True):
            if i != j:
                key = (min(i, j), max(i, j))
                found[key] = found.get(key, 0) + area
    return found


@pytest.mark.parametrize(
    ("spacing", "areas"), [((1, 1, 1), (1, 1, 1)), ((4, 1, 2), (1, 4, 2)), ((0.5, 1, 1), (2, 1, 1))]
)
def test_edges_and_areas_are_those_of_brute_force(
    spacing: tuple[float, float, float], areas: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(0)
    volume = rng.normal(size=(9, 10, 11))
    ids = compute_supervoxels(volume, 4)
    graph = region_graph(ids, volume, spacing=spacing, block_shape=(4, 5, 3))
    expected = brute_force(ids, areas)
    assert [tuple(e) for e in graph.edges] == sorted(expected)
    assert graph.area == pytest.approx([expected[tuple(e)] for e in graph.edges])
    assert graph.n_supervoxels == ids.max() + 1
    assert np.array_equal(graph.size, np.bincount(ids.ravel()))


def test_statistics_of_two_half_spaces() -> None:
    volume = np.zeros((4, 4, 8), np.float32)
    volume[:, :, 4:] = 1
    ids = (volume > 0).astype(np.int32)
    graph = region_graph(ids, volume, smoothing=0)
    assert graph.edges.tolist() == [[0, 1]]
    assert graph.area.tolist() == [16]
    assert graph.mean_intensity.tolist() == [0, 10]


def test_blocks_and_threads_do_not_change_a_bit() -> None:
    volume = np.random.default_rng(2).normal(size=(20, 30, 25))
    ids = compute_supervoxels(volume, 5)
    one = region_graph(ids, volume, workers=1)
    other = region_graph(ids, volume, block_shape=(7, 30, 6), workers=3)
    for name in one.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_a_single_region_has_no_edges() -> None:
    volume = np.random.default_rng(0).normal(size=(3, 3, 3))
    graph = region_graph(np.zeros((3, 3, 3), np.int32), volume)
    assert graph.edges.shape == (0, 2)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="the ids have shape"):
        region_graph(np.zeros((3, 3, 3), np.int32), np.zeros((3, 3, 4)))
