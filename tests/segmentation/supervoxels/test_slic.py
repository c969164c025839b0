from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label
from supervox.execution import Cancelled, Run
from supervox.segmentation import SegmentationError, SupervoxelParameters, compute_supervoxels
from supervox.segmentation.supervoxels.seed_grid import SeedGrid


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def assert_partition(ids: np.ndarray) -> None:
    """Dense, none empty, each 6-connected."""
    assert ids.dtype == np.int32
    assert np.array_equal(np.unique(ids), np.arange(ids.max() + 1))
    assert label(ids, background=-1, connectivity=1).max() == ids.max() + 1


def test_two_half_spaces_are_never_mixed() -> None:
    volume = np.zeros((24, 24, 24), np.float32)
    volume[:, :, 13:] = 1
    ids = compute_supervoxels(volume, 8, smoothing=0)
    assert_partition(ids)
    assert not set(np.unique(ids[:, :, :13])) & set(np.unique(ids[:, :, 13:]))


def test_smooth_volume_keeps_the_regular_grid() -> None:
    volume = np.zeros((16, 16, 16), np.float32)
    volume[0, 0, 0] = 1  # not constant, but next to nothing
    ids = compute_supervoxels(volume, 8, compactness=20, smoothing=0)
    assert ids.max() + 1 == 8
    assert np.bincount(ids.ravel()).min() > 400


def test_ids_follow_the_raster_order_of_the_seeds() -> None:
    ids = compute_supervoxels(noise((24, 24, 24)), 8, compactness=50)
    centres = [np.argwhere(ids == k).mean(axis=0) // 8 for k in range(ids.max() + 1)]
    order = [tuple(c) for c in centres]
    assert order == sorted(order)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 40, 40), (5, 33, 17), (30, 1, 30), (40, 40, 40)])
def test_any_shape_gives_a_partition(shape: tuple[int, int, int]) -> None:
    volume = noise(shape)
    if volume.size == 1:
        with pytest.raises(ValueError, match="constant"):
            compute_supervoxels(volume)
        return
    assert_partition(compute_supervoxels(volume, 6))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_dtypes_of_equal_content_give_equal_ids(dtype: type) -> None:
    volume = np.random.default_rng(1).integers(0, 200, (20, 20, 20))
    assert np.array_equal(
        compute_supervoxels(volume.astype(dtype)), compute_supervoxels(volume.astype(np.int32))
    )


@settings(max_examples=15)
@given(
    block=st.tuples(*[st.integers(5, 50)] * 3),
    workers=st.integers(1, 3),
    seed=st.integers(0, 3),
)
def test_blocks_and_threads_do_not_change_a_bit(
    block: tuple[int, int, int], workers: int, seed: int
) -> None:
    volume = noise((31, 42, 37), seed)
    options = {"size": 7, "compactness": 0.5, "spacing": (2, 1, 1), "shift": (0.3, 0.6, 0.2)}
    whole = compute_supervoxels(volume, block_shape=volume.shape, **options)
    parts = compute_supervoxels(volume, block_shape=block, workers=workers, **options)
    assert np.array_equal(whole, parts)
    assert_partition(whole)


def test_noise_leaves_no_small_regions() -> None:
    ids = compute_supervoxels(noise((48, 48, 48)), 8, compactness=0.1)
    assert_partition(ids)
    assert np.bincount(ids.ravel()).min() >= 8**3 / 4


def test_spacing_makes_cells_of_equal_physical_edges() -> None:
    grid = SeedGrid.for_volume((10, 512, 512), (50, 4.6, 4.6), SupervoxelParameters())
    assert grid.step == (1, 8, 8)
    grid = SeedGrid.for_volume((100, 100, 100), (2, 1, 1), SupervoxelParameters())
    assert grid.step == (4, 8, 8)


def test_axes_are_equivalent() -> None:
    volume = noise((24, 24, 24), 5)
    a = compute_supervoxels(volume, 8, compactness=30)
    b = compute_supervoxels(volume.transpose(2, 1, 0), 8, compactness=30).transpose(2, 1, 0)
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1).shape[1]
    assert pairs <= 1.1 * (a.max() + 1)  # the same regions, up to ties


def test_a_picture_is_one_plane() -> None:
    picture = noise((40, 40))
    ids = compute_supervoxels(picture, 8)
    assert ids.shape == (40, 40)
    assert np.array_equal(ids, compute_supervoxels(picture[np.newaxis], 8)[0])


def test_shifted_grids_cut_elsewhere() -> None:
    volume = noise((32, 32, 32))
    first = compute_supervoxels(volume, 8)
    second = compute_supervoxels(volume, 8, shift=(0.5, 0.5, 0.5))
    assert_partition(second)
    assert not np.array_equal(first, second)


def test_voxels_that_are_not_finite_are_bridged() -> None:
    volume = noise((20, 20, 20))
    volume[5:7, 5, 5] = np.nan
    volume[0, 0, 0] = np.inf
    assert_partition(compute_supervoxels(volume))


def test_progress_counts_up_to_the_total() -> None:
    seen: list[tuple[int, int]] = []
    compute_supervoxels(
        noise((32, 32, 32)),
        8,
        block_shape=(16, 16, 16),
        workers=Run(progress=lambda *at: seen.append(at)),
    )
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]


def test_stopping_raises_cancelled() -> None:
    with pytest.raises(Cancelled):
        compute_supervoxels(noise((32, 32, 32)), workers=Run(should_stop=lambda: True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 1}, "size must be 2 voxels or more"),
        ({"compactness": 0}, "compactness must be positive"),
        ({"iterations": 0}, "iterations must be 1 or more"),
        ({"smoothing": -1}, "smoothing must be 0 voxels or more"),
        ({"spacing": (1, 1)}, "one value per axis"),
        ({"spacing": (1, 0, 1)}, "three positive numbers"),
        ({"workers": 0}, "workers must be at least 1"),
    ],
)
def test_bad_parameters_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compute_supervoxels(noise((8, 8, 8)), **options)


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        (np.zeros((2, 2, 2, 2)), "plane, row and column"),
        (np.zeros((0, 4, 4)), "no voxels"),
        (np.zeros((4, 4, 4), complex), "integers or real numbers"),
    ],
)
def test_bad_volumes_are_refused(volume: np.ndarray, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        compute_supervoxels(volume)
