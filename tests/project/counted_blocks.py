"""Small blocks, and a report of those that are worked on, for the tests of resuming."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from supervox.execution import Block, ShouldStop
from supervox.execution.block_log import LoggingExecutor

BLOCKS = "blocks.log"
EDGE = 16  # of a block, in voxels, at least


def small_blocks(shape: object, multiple_of: tuple[int, ...] = (1, 1, 1), voxels: int = 0) -> Any:
    """Return the shape of small blocks, in place of `default_block_shape`."""
    return tuple(max(unit, EDGE // unit * unit) for unit in multiple_of)


def use_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all stages work on small blocks."""
    for room in (
        "segmentation.supervoxels.seed_grid",
        "segmentation.graph.region_graph",
        "features.pooling",
    ):
        monkeypatch.setattr(f"supervox.{room}.default_block_shape", small_blocks)


def report_blocks(
    monkeypatch: pytest.MonkeyPatch, report: Callable[[tuple[str, int, int]], object]
) -> None:
    """Report each block that is worked on: its stage, the number of the pass, and its index."""
    real = LoggingExecutor._new

    def new(
        recorded: LoggingExecutor,
        function: Callable[[Block], Any],
        blocks: Sequence[Block],
        keys: Sequence[Any],
        should_stop: ShouldStop | None,
    ) -> Iterator[Any]:
        stage, number = recorded._log.path.parent.name, recorded._passes

        def begin(block: Block) -> Any:
            report((stage, number, block.index))
            return function(block)

        return real(recorded, begin, blocks, keys, should_stop)

    monkeypatch.setattr(LoggingExecutor, "_new", new)
