"""A session that lasts: nothing grows with every stroke but what is painted."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory and files are counted by /proc"
)
MOST_GROWTH = 1.10  # of the memory, from the first quarter to the end


class Held(NamedTuple):
    """What the process holds."""

    threads: int
    files: int
    memory: int


def held() -> Held:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(
        threading.active_count(),
        len(os.listdir("/proc/self/fd")),
        pages * os.sysconf("SC_PAGESIZE"),
    )


def paint_and_change_ones_mind(bench: Any, truth: np.ndarray, number: int) -> None:
    """Paint a row of voxels right; now and then take it back, or make it again."""
    rng = np.random.default_rng(number)
    plane, row = int(rng.integers(truth.shape[0])), int(rng.integers(truth.shape[1]))
    start = int(rng.integers(truth.shape[2] - 5))
    class_id = int(truth[plane, row, start])
    mask = np.zeros(truth.shape, bool)
    mask[plane, row, start : start + 5] = True
    bench.paint_voxels(mask & (truth == class_id), class_id)
    bench.settle()
    if number % 10 == 5:
        bench.session.painting.undo()
        bench.settle()
    if number % 20 == 5:
        bench.session.painting.redo()
        bench.settle()
    if number % 25 == 7:
        bench.session.balancing.move(class_id, 0.1 * (number % 3))
        bench.session.balancing.settle()
        bench.settle()


@needs_proc
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("n", [20, pytest.param(2000, marks=pytest.mark.long)])
def test_memory_threads_and_files_stay_as_they_are(
    open_bench: Callable[..., Any], scene: Any, n: int
) -> None:
    bench = open_bench(scene.image)
    bench.prepare(1, 2, 3)
    seen = []
    for number in range(n):
        paint_and_change_ones_mind(bench, scene.truth, number)
        if number % (n // 4) == n // 4 - 1:
            seen.append(held())
    first, last = seen[0], seen[-1]
    assert last.threads <= first.threads + 1  # one of a pool may be resting or not
    assert last.files <= first.files
    assert last.memory <= first.memory * MOST_GROWTH
