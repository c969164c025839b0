"""Blocks tile the volume, results keep their order, stopping and progress are honest."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervox.execution import (
    Cancelled,
    Run,
    count_workers,
    default_block_shape,
    read_block,
    split_blocks,
)

sizes = st.tuples(*[st.integers(1, 23)] * 3)


@settings(max_examples=60, deadline=None)
@given(shape=sizes, block_shape=sizes, halo=st.tuples(*[st.integers(0, 5)] * 3))
def test_blocks_cover_each_voxel_once(shape, block_shape, halo):
    seen = np.zeros(shape, int)
    for index, block in enumerate(split_blocks(shape, block_shape, halo)):
        assert block.index == index
        seen[block.core] += 1
        assert seen[block.padded][block.inner].shape == block.shape
        for core, padded, pad, size in zip(block.core, block.padded, halo, shape, strict=True):
            assert padded.start == max(core.start - pad, 0)
            assert padded.stop <= size
    assert (seen == 1).all()


def test_block_without_voxels_is_refused():
    with pytest.raises(ValueError, match="at least one voxel"):
        split_blocks((4, 4, 4), (4, 0, 4))


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 5000)] * 3),
    multiple_of=st.tuples(*[st.sampled_from([1, 2, 4, 8, 11])] * 3),
)
def test_default_block_is_a_multiple_of_about_the_size(shape, multiple_of):
    block = default_block_shape(shape, multiple_of, voxels=64**3)
    assert all(
        edge % unit == 0 and edge >= unit for edge, unit in zip(block, multiple_of, strict=True)
    )
    assert np.prod(np.minimum(block, shape), dtype=float) <= 2 * 64**3 * 1.2


def test_results_come_in_block_order():
    blocks = split_blocks((20, 1, 1), (1, 1, 1))

    def slow_first(block):
        time.sleep(0.01 if block.index % 4 == 0 else 0)
        return block.index

    assert list(Run(4).blocks(slow_first, blocks)) == list(range(20))


def test_progress_counts_up_on_the_callers_thread():
    seen = []
    blocks = split_blocks((7, 1, 1), (1, 1, 1))

    def progress(done, total):
        seen.append((done, total, threading.current_thread()))

    list(Run(3, progress).blocks(lambda block: block.index, blocks))
    assert seen == [(k + 1, 7, threading.current_thread()) for k in range(7)]


def test_stopping_leaves_blocks_undone():
    done = []
    blocks = split_blocks((500, 1, 1), (1, 1, 1))
    with pytest.raises(Cancelled, match="stopped"):
        for _ in Run(2, should_stop=lambda: len(done) > 10).blocks(done.append, blocks):
            pass
    assert len(done) < 100


def test_errors_of_a_block_reach_the_caller():
    def fail(block):
        raise OSError(f"block {block.index} is torn")

    with pytest.raises(OSError, match="block 0 is torn"):
        list(Run(2).blocks(fail, split_blocks((3, 3, 3), (1, 3, 3))))


def test_count_workers():
    assert count_workers(3) == 3
    assert count_workers(None) >= 1
    with pytest.raises(ValueError, match="at least 1"):
        count_workers(0)


def test_read_block_takes_array_likes():
    class Lazy:
        shape, dtype = (2, 3, 4), np.dtype(int)

        def __getitem__(self, key):
            return np.arange(24).reshape(2, 3, 4)[key].tolist()

    assert read_block(Lazy(), (slice(1, 2), slice(0, 1), slice(0, 4))).tolist() == [
        [[12, 13, 14, 15]]
    ]
