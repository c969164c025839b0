"""Blocks with halos: how every stage walks through a volume in bounded memory.

A stage is a function of one block, run on a pool of threads (the kernels release the GIL) or on
another executor; its results come back in block order, so a reduction over them does not depend on
the timing.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Triple = tuple[int, int, int]
Slices = tuple[slice, slice, slice]
Progress = Callable[[int, int], None]
ShouldStop = Callable[[], bool]
Item = TypeVar("Item")
Result = TypeVar("Result")
Made = TypeVar("Made", covariant=True)

DEFAULT_BLOCK_VOXELS = 128**3
WAIT_SECONDS = 0.5


class Cancelled(Exception):
    """The caller asked a long computation to stop; nothing was kept."""


def check_stop(should_stop: ShouldStop | None) -> None:
    """Ask whether to stop.

    Raises
    ------
    Cancelled
        If so.
    """
    if should_stop is not None and should_stop():
        raise Cancelled("stopped on request")


def latch(should_stop: ShouldStop | None) -> ShouldStop:
    """Make a question that any thread may ask: of one at a time, and never again after a yes."""
    lock, stopped = Lock(), False

    def ask() -> bool:
        nonlocal stopped
        with lock:
            stopped = stopped or (should_stop is not None and should_stop())
            return stopped

    return ask


class VolumeLike(Protocol):
    """What the stages need of a volume: NumPy arrays, memory maps, HDF5 and Zarr arrays fit."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels per axis (plane, row, column)."""

    @property
    def dtype(self) -> Any:
        """Type of the voxels."""

    def __getitem__(self, key: Any, /) -> Any:
        """Read the voxels of a box."""


@dataclass(frozen=True)
class Block:
    """A box of a volume and the same box grown by a halo, clipped to the volume.

    Attributes
    ----------
    index : int
        Position in the list of blocks, raster order.
    core : tuple of 3 slice
        The block's own voxels, in coordinates of the volume. The cores tile the volume.
    padded : tuple of 3 slice
        The core with its halo, in coordinates of the volume.
    """

    index: int
    core: Slices
    padded: Slices

    @property
    def inner(self) -> Slices:
        """The core in coordinates of an array that was read from `padded`."""
        z, y, x = (
            slice(core.start - padded.start, core.stop - padded.start)
            for core, padded in zip(self.core, self.padded, strict=True)
        )
        return z, y, x

    @property
    def shape(self) -> Triple:
        """Voxels of the core per axis."""
        z, y, x = (core.stop - core.start for core in self.core)
        return z, y, x


def split_blocks(
    shape: Sequence[int], block_shape: Sequence[int], halo: Sequence[int] = (0, 0, 0)
) -> list[Block]:
    """Tile a volume with blocks in raster order.

    Parameters
    ----------
    shape, block_shape : sequence of 3 int
        Voxels of the volume and of a block's core; the last blocks of an axis may be smaller.
    halo : sequence of 3 int
        Voxels that `Block.padded` adds on both sides of an axis, where the volume has them.

    Returns
    -------
    list of Block

    Raises
    ------
    ValueError
        If a block has no voxels along an axis.
    """
    if min(block_shape) < 1:
        raise ValueError(f"blocks need at least one voxel per axis, not {tuple(block_shape)}")
    axes = [
        [
            (
                slice(start, min(start + step, size)),
                slice(max(start - pad, 0), min(start + step + pad, size)),
            )
            for start in range(0, size, step)
        ]
        for size, step, pad in zip(shape, block_shape, halo, strict=True)
    ]
    return [
        Block(index, (z[0], y[0], x[0]), (z[1], y[1], x[1]))
        for index, (z, y, x) in enumerate(itertools.product(*axes))
    ]


def default_block_shape(
    shape: Sequence[int], multiple_of: Sequence[int] = (1, 1, 1), voxels: int = DEFAULT_BLOCK_VOXELS
) -> Triple:
    """Choose a near-cubic block of about `voxels` voxels that suits a volume.

    Parameters
    ----------
    shape : sequence of 3 int
        Voxels of the volume; an axis that is shorter than the block's edge leaves room to others.
    multiple_of : sequence of 3 int
        The block's edges are multiples of these (the grid of supervoxel cells, or of coarse
        voxels).
    voxels : int
        Voxels of a block, about.

    Returns
    -------
    tuple of 3 int
    """
    block = [0, 0, 0]
    left = float(voxels)
    by_length = sorted(range(3), key=lambda axis: shape[axis])
    for rank, axis in enumerate(by_length):
        edge = min(float(shape[axis]), left ** (1 / (3 - rank)))
        unit = multiple_of[axis]
        block[axis] = max(unit, round(edge / unit) * unit)
        left = max(1.0, left / min(block[axis], shape[axis]))
    return block[0], block[1], block[2]


class Executor(Protocol):
    """What runs a function on blocks."""

    @property
    def slots(self) -> int:
        """Blocks that can be at work at the same time."""

    @property
    def slots_in_memory(self) -> int:
        """How many of them share the memory of one process."""

    def run(
        self,
        function: Callable[[Block], Result],
        blocks: Sequence[Block],
        should_stop: ShouldStop | None = None,
    ) -> Generator[Result, None, None]:
        """Yield the results in block order, a few ahead; closed, it gives up what is unfinished.

        Raises
        ------
        Cancelled
            If `should_stop` said so, which is asked while a result is waited for.
        """


Workers = int | Executor | None


class Waiting(Protocol[Made]):
    """A result that may not be there yet."""

    def done(self) -> bool:
        """Tell whether it is there."""

    def result(self, timeout: float | None = None) -> Made:
        """Return it, when it is there.

        Raises
        ------
        TimeoutError
            If it isn't in time.
        """


@dataclass(frozen=True)
class Threads:
    """Runs blocks on threads of this process.

    Attributes
    ----------
    slots : int
        Threads.
    """

    slots: int

    @property
    def slots_in_memory(self) -> int:
        """All of them share the memory of this process."""
        return self.slots

    def run(
        self,
        function: Callable[[Block], Result],
        blocks: Sequence[Block],
        should_stop: ShouldStop | None = None,
    ) -> Generator[Result, None, None]:
        """Yield the results in block order."""
        with ThreadPoolExecutor(self.slots) as pool:

            def start(block: Block) -> Waiting[Result]:
                return pool.submit(function, block)

            try:
                yield from run_ahead(start, blocks, self.slots, should_stop)
            finally:
                pool.shutdown(cancel_futures=True)


def run_ahead(
    start: Callable[[Item], Waiting[Result]],
    items: Iterable[Item],
    slots: int,
    should_stop: ShouldStop | None = None,
) -> Iterator[Result]:
    """Yield the results of what is started, in order; two for each slot are under way at a time."""
    todo, under_way = iter(items), deque[Waiting[Result]]()
    while True:
        under_way.extend(start(item) for item in islice(todo, 2 * slots - len(under_way)))
        if not under_way:
            return
        yield _wait(under_way.popleft(), should_stop)


def _wait(waiting: Waiting[Result], should_stop: ShouldStop | None) -> Result:
    """Return a result when it is there, unless somebody wants to stop before."""
    while True:
        check_stop(should_stop)
        try:
            return waiting.result(timeout=WAIT_SECONDS)
        except TimeoutError:
            if waiting.done():
                return waiting.result()  # just in time, or an error of its own


def count_workers(workers: Workers) -> int:
    """Return the number of threads to use: `workers`, or one per processor of this process."""
    if workers is None:
        if hasattr(os, "sched_getaffinity"):
            return max(1, len(os.sched_getaffinity(0)))
        return os.cpu_count() or 1
    if not isinstance(workers, int):
        return workers.slots
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    return workers


def choose_executor(workers: Workers) -> Executor:
    """Return what runs blocks: `workers` itself, or so many threads."""
    if workers is None or isinstance(workers, int):
        return Threads(count_workers(workers))
    return workers


def run_blocks(
    function: Callable[[Block], Result],
    blocks: Sequence[Block],
    *,
    workers: Workers = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Iterator[Result]:
    """Apply a function to every block and yield the results in block order.

    Only a few results wait at a time, so the memory does not grow with the number of blocks.

    Parameters
    ----------
    function : callable
        Called as ``function(block)``; should release the GIL for most of its time.
    blocks : sequence of Block
    workers : int or Executor, optional
        Threads, one per processor by default; or what runs the blocks instead, as a `Cluster`.
    progress : callable, optional
        Called as ``progress(done, total)`` after every block, on the caller's thread.
    should_stop : callable, optional
        Asked before each result, and now and then while it is waited for.

    Yields
    ------
    object
        What `function` returned, in the order of `blocks`.

    Raises
    ------
    Cancelled
        If `should_stop` said so.
    """
    with closing(choose_executor(workers).run(function, blocks, should_stop)) as results:
        for done in range(len(blocks)):
            yield next(results)
            if progress is not None:
                progress(done + 1, len(blocks))


def run_parallel(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    should_stop: ShouldStop | None = None,
) -> list[Result]:
    """Apply a function to a few independent items on threads; results in the order of the items.

    Parameters
    ----------
    function : callable
        Should release the GIL for most of its time.
    items : sequence
    workers : int, optional
        Threads; one per processor by default.
    should_stop : callable, optional
        Asked before each item, on any thread; see `latch`.

    Raises
    ------
    Cancelled
        If `should_stop` said so.
    """

    def one(item: Item) -> Result:
        check_stop(should_stop)
        return function(item)

    if len(items) == 1:
        return [one(items[0])]  # no thread need be started for it
    with ThreadPoolExecutor(count_workers(workers)) as pool:
        return list(pool.map(one, items))


def read_block(volume: VolumeLike, slices: Slices) -> NDArray[Any]:
    """Read a box of any array-like as a NumPy array."""
    return np.asarray(volume[slices])
