"""What a device computes against the compiled code, and what happens when it can't."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervox.execution import Device, DeviceError, describe_device, find_device
from supervox.execution import device as device_module
from supervox.features import (
    FILTERS,
    FeatureBank,
    FeatureParameters,
    IntensityRange,
    gaussian_smooth,
    parameters_for_preset,
    pool_features,
    pool_partitions,
)
from supervox.features.array_filters import eigenvalues
from supervox.features.kernels import ArrayKernels

TOLERANCE = 1e-3  # in units of the normalised intensity, whose noise is about 1: as documented
EVERYTHING = FeatureBank(FeatureParameters(filters=tuple(FILTERS), sigmas_voxels=(1, 2, 4, 8)))
SPACINGS = [(1, 1, 1), (3, 1, 1.5), (0.5, 1, 1)]


def noise(shape, seed=0):
    return np.random.default_rng(seed).normal(5, 2, shape).clip(-9, 19).astype(np.float32)


def boxes(shape, edge=5):
    """Return ids of boxes, some of which are cut by the border."""
    z, y, x = (np.arange(n) // edge for n in shape)
    return ((z[:, None, None] * (y[-1] + 1) + y[:, None]) * (x[-1] + 1) + x).astype(np.int32)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shape", [(24, 37, 41), (1, 40, 50), (33, 34, 9)])
def test_every_filter_is_that_of_the_processors(device, shape, spacing):
    volume, ids = noise(shape), boxes(shape)
    ours = pool_features(volume, ids, EVERYTHING, spacing=spacing)
    theirs = pool_features(volume, ids, EVERYTHING, spacing=spacing, device=device)
    np.testing.assert_array_equal(theirs.counts, ours.counts)
    np.testing.assert_allclose(theirs.values, ours.values, rtol=0, atol=TOLERANCE)


def test_voxels_that_are_not_finite_and_constant_regions(device):
    volume = noise((20, 30, 30))
    volume[:10] = 5
    volume[3:5, 4:9] = np.nan
    volume[15, 15, 15] = np.inf
    ours = pool_features(volume, boxes(volume.shape), EVERYTHING)
    theirs = pool_features(volume, boxes(volume.shape), EVERYTHING, device=device)
    np.testing.assert_allclose(theirs.values, ours.values, rtol=0, atol=TOLERANCE)


def test_the_same_bytes_where_numbers_are_rounded_alike(pretend):
    volume, ids = noise((30, 37, 41)), boxes((30, 37, 41))
    ours = pool_features(volume, ids, EVERYTHING, spacing=(2, 1, 1))
    theirs = pool_features(volume, ids, EVERYTHING, spacing=(2, 1, 1), device=pretend(np))
    assert theirs.values.tobytes() == ours.values.tobytes()


@pytest.mark.parametrize("voxels", [1000, 7000])
def test_neither_blocks_nor_parts_matter(device, voxels):
    volume, ids = noise((33, 34, 35)), boxes((33, 34, 35), 7)
    whole = pool_features(volume, ids, EVERYTHING, device=device)
    device.voxels = voxels
    parts = pool_features(
        volume, ids, EVERYTHING, device=device, block_shape=(16, 24, 40), workers=3
    )
    assert parts.values.tobytes() == whole.values.tobytes()


def test_several_partitions_and_presets(device):
    volume = noise((20, 30, 30))
    partitions = [boxes(volume.shape, 4), boxes(volume.shape, 9)]
    bank = FeatureBank(parameters_for_preset("default"))
    for ours, theirs in zip(
        pool_partitions(volume, partitions, bank),
        pool_partitions(volume, partitions, bank, device=device),
        strict=True,
    ):
        np.testing.assert_allclose(theirs.values, ours.values, rtol=0, atol=TOLERANCE)


def test_ids_of_a_huge_supervoxel_and_gaps(device):
    volume = noise((20, 30, 30))
    ids = np.full(volume.shape, 7, np.int64)
    ids[4, 5, 6] = 100
    bank = FeatureBank(FeatureParameters(filters=("raw", "gaussian"), sigmas_voxels=(1, 8)))
    ours = pool_features(volume, ids, bank)
    theirs = pool_features(volume, ids, bank, device=device)
    np.testing.assert_allclose(theirs.values, ours.values, rtol=0, atol=TOLERANCE)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-6, 1.0, 1e4]))
def test_eigenvalues(compiled_eigenvalues, seed, scale):
    tensors = (np.random.default_rng(seed).normal(0, scale, (6, 50))).astype(np.float32)
    tensors[:, 0] = 0
    tensors[3:, 1] = 0  # diagonal
    np.testing.assert_array_equal(eigenvalues(np, list(tensors)), compiled_eigenvalues(tensors))


@pytest.mark.parametrize("sigma", [(0, 0, 0), (1, 2, 0), (6, 6, 6)])
def test_smoothing(device, sigma):
    block = noise((5, 20, 30))  # narrower than the kernel: reflected more than once
    found = gaussian_smooth(block, sigma, device=device)
    np.testing.assert_allclose(found, gaussian_smooth(block, sigma), rtol=0, atol=TOLERANCE)


# ------------------------------------------------------------------------------ when it can't


class Failing:
    """NumPy, until a number of calls of `take` has failed."""

    def __init__(self, error, times):
        self.error, self.left = error, times

    def __getattr__(self, name):
        if name == "take" and self.left:
            self.left -= 1
            raise self.error
        return getattr(np, name)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(device_module, "SMALLEST_PART", 1000)
    return noise((20, 30, 30)), boxes((20, 30, 30))


def test_too_little_memory_is_answered_with_smaller_parts(small, pretend):
    volume, ids = small
    device = pretend(Failing(MemoryError(), 3), free_bytes=1e7)
    before = device.voxels
    found = pool_features(volume, ids, EVERYTHING, device=device, workers=2)
    assert found.values.tobytes() == pool_features(volume, ids, EVERYTHING).values.tobytes()
    assert device.voxels == before // 8
    assert not device.reason


def test_a_device_without_memory_is_given_up_and_told_once(small, pretend):
    volume, ids = small
    told = []
    device = pretend(Failing(MemoryError(), 10**6), free_bytes=0, tell=told.append)
    found = pool_features(
        volume, ids, EVERYTHING, device=device, workers=2, block_shape=(8, 16, 16)
    )
    assert found.values.tobytes() == pool_features(volume, ids, EVERYTHING).values.tobytes()
    assert told == ["NumPy is not used any more, the processors go on: its memory doesn't suffice"]


def test_a_device_that_fails_is_given_up_with_its_reason(small, pretend):
    volume, ids = small
    told = []
    device = pretend(Failing(RuntimeError("cudaError:\n lost"), 10**6), tell=told.append)
    found = pool_features(volume, ids, EVERYTHING, device=device)
    assert found.values.tobytes() == pool_features(volume, ids, EVERYTHING).values.tobytes()
    assert told == ["NumPy is not used any more, the processors go on: cudaError: lost"]


def test_errors_of_the_input_pass(pretend):
    volume = noise((8, 8, 8))
    with pytest.raises(ValueError, match="n_supervoxels is 3"):
        pool_features(
            volume, boxes((8, 8, 8), 2), FeatureBank(), n_supervoxels=3, device=pretend(np)
        )


def test_parts_fit_the_free_memory(pretend):
    assert pretend(np, free_bytes=0).voxels == device_module.SMALLEST_PART
    assert pretend(np, free_bytes=1e12).voxels == device_module.LARGEST_PART
    voxels = pretend(np, free_bytes=1e9).voxels
    assert voxels * device_module.BYTES_PER_VOXEL <= 0.6e9


def test_the_memory_per_voxel_is_what_is_needed(pretend):
    import tracemalloc

    volume = IntensityRange(0, 10, 0).normalise(noise((64, 64, 64)))
    ids = boxes(volume.shape, 8)
    pool_features(volume, ids, EVERYTHING, workers=1)  # compiled before it counts
    tracemalloc.start()
    pool_features(volume, ids, EVERYTHING, workers=1, device=pretend(np))
    needed = tracemalloc.get_traced_memory()[1] / volume.size
    tracemalloc.stop()
    assert needed <= device_module.BYTES_PER_VOXEL


# ----------------------------------------------------------------------------------- finding one


def cupy_like(count=1, error=None):
    """Return what stands for CuPy: a machine with some devices, or a broken one."""

    def get_count():
        if error is not None:
            raise error
        return count

    runtime = SimpleNamespace(
        getDeviceCount=get_count,
        getDeviceProperties=lambda _: {"name": b"Card"},
        memGetInfo=lambda: (2 * 10**9, 8 * 10**9),
    )
    pool = SimpleNamespace(free_bytes=lambda: 5 * 10**8, free_all_blocks=lambda: None)
    return SimpleNamespace(
        cuda=SimpleNamespace(
            runtime=runtime, compiler=SimpleNamespace(CompileException=type("E", (Exception,), {}))
        ),
        arange=np.arange,
        get_default_memory_pool=lambda: pool,
    )


def test_without_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert find_device("auto", pytest.fail) is None
    with pytest.raises(DeviceError, match=r'is not installed: pip install "supervox\[gpu\]"'):
        find_device("gpu", pytest.fail)
    assert describe_device().startswith("none: CuPy")


@pytest.mark.parametrize(
    ("cupy", "why"),
    [
        (cupy_like(count=0), "there is no CUDA device"),
        (cupy_like(error=RuntimeError("cudaErrorInsufficientDriver:\nold")), "Driver: old"),
        (cupy_like(error=ImportError("libnvrtc.so.12")), "libnvrtc"),
    ],
)
def test_without_a_device(monkeypatch, cupy, why):
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    assert find_device("auto", pytest.fail) is None
    with pytest.raises(DeviceError, match=why):
        find_device("gpu", pytest.fail)
    assert why in describe_device()


@pytest.mark.parametrize("choice", ["auto", "gpu"])
def test_with_a_device(monkeypatch, choice):
    monkeypatch.setitem(sys.modules, "cupy", cupy_like())
    found = find_device(choice, pytest.fail)
    assert isinstance(found, Device)
    assert (found.name, found.free_bytes()) == ("Card", 25 * 10**8)
    assert describe_device() == "Card, 2.5 GB free"


def test_processors_ask_nobody(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", cupy_like(error=AssertionError("asked")))
    assert find_device("cpu", pytest.fail) is None


def test_another_word():
    with pytest.raises(ValueError, match="one of auto, cpu, gpu, not 'cuda'"):
        find_device("cuda", pytest.fail)


def test_arrays_of_the_device_never_meet_those_of_numpy(device):
    kernels = ArrayKernels(device.xp)
    with pytest.raises(TypeError):
        kernels.zeros((3,)) + np.zeros(3)
