"""Pooled statistics against brute force; the same bytes for any blocks, threads and storage."""

from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from supervox.execution import Cancelled, Run, split_blocks
from supervox.features import (
    FeatureBank,
    FeatureParameters,
    IntensityRange,
    parameters_for_preset,
    pool_features,
    pool_partitions,
    pooling_block,
)
from supervox.features.pooling import PoolingTask, pool_block
from supervox.features.scales import plan_scales
from supervox.features.table import PooledBlock, PooledSums

AS_IT_IS = IntensityRange(0, 10, 0)
bank = FeatureBank()
small = FeatureBank(FeatureParameters(filters=("raw", "gaussian"), sigmas_voxels=(1, 4)))


def noise(shape, seed=0):
    return np.random.default_rng(seed).normal(5, 2, shape).clip(-9, 19).astype(np.float32)


def scattered_ids(shape, n, seed=0):
    """Return ids of ragged regions, every one of them used."""
    rng = np.random.default_rng(seed)
    seeds = rng.permutation(np.prod(shape))[:n]
    marks = np.zeros(shape, np.int32)
    marks.flat[seeds] = np.arange(n) + 1
    nearest = ndi.distance_transform_edt(marks == 0, return_distances=False, return_indices=True)
    return marks[tuple(nearest)] - 1


@pytest.mark.parametrize("preset", ["default", "full"])
def test_equals_brute_force(preset):
    volume, ids = noise((40, 41, 42)), scattered_ids((40, 41, 42), 60)
    chosen = FeatureBank(parameters_for_preset(preset))
    table = pool_features(volume, ids, chosen, intensity=AS_IT_IS)
    voxels = chosen.compute(volume, intensity=AS_IT_IS).astype(float)
    assert table.names == chosen.column_names
    assert table.values.dtype == np.float32
    np.testing.assert_array_equal(table.counts, np.bincount(ids.ravel()))
    labels = np.arange(60)
    for name, channel in zip(chosen.channel_names, voxels, strict=True):
        mean, std = ndi.mean(channel, ids, labels), ndi.standard_deviation(channel, ids, labels)
        np.testing.assert_allclose(table.column(f"{name} mean"), mean, atol=2e-4, err_msg=name)
        np.testing.assert_allclose(table.column(f"{name} std"), std, atol=1e-3, err_msg=name)


@settings(max_examples=15, deadline=None)
@given(
    block_shape=st.tuples(*[st.integers(5, 50)] * 3),
    workers=st.sampled_from([1, 3]),
    spacing=st.sampled_from([(1, 1, 1), (2.5, 1, 1)]),
)
def test_same_bytes_for_any_blocks_and_threads(block_shape, workers, spacing):
    volume, ids = noise((30, 43, 37)), scattered_ids((30, 43, 37), 40)
    one = pool_features(volume, ids, bank, spacing=spacing, workers=1, block_shape=volume.shape)
    many = pool_features(
        volume, ids, bank, spacing=spacing, workers=workers, block_shape=block_shape
    )
    assert one.values.tobytes() == many.values.tobytes()
    assert one.counts.tobytes() == many.counts.tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64, ">f4"])
def test_dtypes_mean_the_same(dtype):
    volume = np.round(noise((12, 13, 14)) * 10).clip(0, 200)
    ids = scattered_ids(volume.shape, 9)
    expected = pool_features(volume, ids, small)
    found = pool_features(volume.astype(dtype), ids.astype(np.int64), small)
    np.testing.assert_array_equal(found.values, expected.values)


def test_stored_arrays(tmp_path):
    volume, ids = noise((12, 13, 14)), scattered_ids((12, 13, 14), 9)
    expected = pool_features(volume, ids, small)
    with h5py.File(tmp_path / "volume.h5", "w") as file:
        stored = file.create_dataset("v", data=volume, chunks=(5, 5, 5))
        labels = zarr.create_array(store=str(tmp_path / "ids.zarr"), data=ids, chunks=(4, 8, 8))
        found = pool_features(stored, labels, small, block_shape=(5, 6, 14))
    np.testing.assert_array_equal(found.values, expected.values)


class Watched:
    """An array that remembers the largest read."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.largest = array, array.shape, array.dtype, 0

    def __getitem__(self, key):
        part = self.array[key]
        self.largest = max(self.largest, part.size)
        return part


def test_only_blocks_are_read():
    volume, ids = Watched(noise((200, 40, 40))), Watched(np.zeros((200, 40, 40), np.int32))
    pool_features(volume, ids, small, block_shape=(8, 40, 40), intensity=AS_IT_IS)
    assert ids.largest == 8 * 40 * 40
    assert volume.largest <= (8 + 2 * 16) * 40 * 40  # sigma 4: a halo of 3 sigma and what aligns it


def test_blocks_can_be_pooled_elsewhere():
    """A task and a block travel to another process, and the sums come back."""
    volume, ids = noise((20, 12, 13)), scattered_ids((20, 12, 13), 25)
    scales = plan_scales(small.parameters, volume.shape, (1, 1, 1))
    task = pickle.dumps(PoolingTask(volume, (ids,), small, scales, AS_IT_IS))
    sums = PooledSums(small)
    for block in reversed(split_blocks(volume.shape, (7, 5, 6))):
        (share,) = pool_block(pickle.loads(task), pickle.loads(pickle.dumps(block)))
        sums.add(pickle.loads(pickle.dumps(share)))
    expected = pool_features(volume, ids, small, intensity=AS_IT_IS)
    np.testing.assert_array_equal(sums.table().values, expected.values)


def test_too_large_supervoxels_are_refused():
    sums = PooledSums(small)
    shape = (len(small.channels), 1)
    zeros = np.zeros(shape, np.int64)
    sums.add(PooledBlock(np.array([3]), np.array([2**29 + 1]), zeros, zeros))
    with pytest.raises(ValueError, match="supervoxel 3 has 536870913 voxels"):
        sums.table()


def test_partitions_share_the_filtering():
    volume = noise((20, 21, 22))
    partitions = [scattered_ids(volume.shape, n, seed=n) for n in (5, 30)]
    tables = pool_partitions(volume, partitions, bank, block_shape=(9, 12, 30))
    for ids, table in zip(partitions, tables, strict=True):
        np.testing.assert_array_equal(table.values, pool_features(volume, ids, bank).values)


def test_constant_volume_has_no_features_but_its_value():
    volume = np.full((9, 10, 11), 3, np.uint8)
    table = pool_features(volume, np.zeros(volume.shape, np.int32), bank, intensity=AS_IT_IS)
    for name, value in zip(table.names, table.values[0], strict=True):
        level = name in {"raw mean"} or (name.startswith("gaussian") and name.endswith("mean"))
        assert value == pytest.approx(3 if level else 0, abs=5e-4), name
    with pytest.raises(ValueError, match="constant"):
        pool_features(volume, np.zeros(volume.shape, np.int32), bank)


def test_single_voxel():
    table = pool_features(
        np.full((1, 1, 1), 7.0), np.zeros((1, 1, 1), np.int32), bank, intensity=AS_IT_IS
    )
    assert table.column("raw mean") == pytest.approx([7])
    assert table.column("gaussian_sigma_8 mean") == pytest.approx([7])
    assert table.counts.tolist() == [1]


def test_nan_voxels_are_filled():
    volume = noise((8, 9, 10))
    volume[2:5, 3, 4] = np.nan
    table = pool_features(volume, np.zeros(volume.shape, np.int32), bank)
    assert np.isfinite(table.values).all()


def test_ids_without_voxels_are_zero_and_n_supervoxels_counts():
    volume, ids = noise((4, 5, 6)), np.full((4, 5, 6), 2, np.uint16)
    table = pool_features(volume, ids, small, n_supervoxels=5)
    assert table.counts.tolist() == [0, 0, 120, 0, 0]
    assert (table.values[[0, 1, 3, 4]] == 0).all()
    assert len(pool_features(volume, ids, small).values) == 3


def test_only_the_mean():
    parameters = FeatureParameters(filters=("raw",), sigmas_voxels=(), statistics=("mean",))
    volume, ids = noise((4, 5, 6)), scattered_ids((4, 5, 6), 7)
    table = pool_features(volume, ids, FeatureBank(parameters), intensity=AS_IT_IS)
    assert table.names == ("raw mean",)
    np.testing.assert_allclose(table.values[:, 0], ndi.mean(volume, ids, range(7)), atol=2e-4)


def test_progress_and_stopping():
    volume, ids = noise((8, 9, 10)), np.zeros((8, 9, 10), np.int32)
    seen = []
    pool_features(
        volume,
        ids,
        small,
        block_shape=(2, 9, 10),
        workers=Run(progress=lambda *step: seen.append(step)),
    )
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    with pytest.raises(Cancelled):
        pool_features(volume, ids, small, workers=Run(should_stop=lambda: True))


def test_errors():
    volume, ids = noise((4, 5, 6)), np.zeros((4, 5, 6), np.int32)
    with pytest.raises(ValueError, match=r"ids have shape \(4, 5, 5\), the volume \(4, 5, 6\)"):
        pool_features(volume, ids[:, :, :5], small)
    with pytest.raises(ValueError, match="between 0 and"):
        pool_features(volume, ids - 1, small)
    with pytest.raises(ValueError, match="must be integers, not float64"):
        pool_features(volume, ids + 0.5, small)
    with pytest.raises(ValueError, match="id 3, but n_supervoxels is 3"):
        pool_features(volume, ids + 3, small, n_supervoxels=3)
    with pytest.raises(ValueError, match="2 entries for 1 partitions"):
        pool_partitions(volume, [ids], small, n_supervoxels=[1, 1])
    with pytest.raises(ValueError, match=r"image\[None\]"):
        pool_features(volume[0], ids[0], small)


class Elsewhere:
    """A cluster, as far as the choice of blocks sees it: each worker has a memory of its own."""

    slots, slots_in_memory = 200, 1


def test_blocks_fit_the_memory_of_those_that_share_it():
    shape = (600, 1000, 1000)
    voxels = {
        workers: np.prod(pooling_block(shape, bank, workers=workers))
        for workers in (1, 8, 64, Elsewhere())
    }
    one, eight, many, elsewhere = voxels.values()
    assert one > 2 * eight > 2 * many
    assert elsewhere == one


def test_blocks_that_were_begun_with_are_kept_if_the_memory_allows():
    shape = (600, 1000, 1000)
    one, eight = (pooling_block(shape, bank, workers=workers) for workers in (1, 8))
    assert pooling_block(shape, bank, workers=4, known=one) == one
    assert pooling_block(shape, bank, workers=8, known=one) == eight
    assert pooling_block(shape, bank, workers=1, known=eight) == eight
