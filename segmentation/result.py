"""The result of a segmentation: tables over supervoxels, turned into voxels where needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervox.features import Block, Progress, ShouldStop, run_blocks, split_blocks

from .rendering import Renderer

# A vote is the class that refinement chose plus this share of the probabilities, so that
# partitions that are sure outvote those that are not.
PROBABILITY_SHARE = 0.5
BLOCK_EDGE = 192
SLAB_BYTES = 2**29  # of one slab of whole planes, with all that is asked for


class RenderedBlock(NamedTuple):
    """Voxels of a block of a segmentation.

    Attributes
    ----------
    block : Block
    labels : uint8 or uint16, (Z, Y, X)
    probabilities : float32, (C, Z, Y, X), or None
    uncertainty : float32, (Z, Y, X), or None
    """

    block: Block
    labels: NDArray[np.unsignedinteger]
    probabilities: NDArray[np.float32] | None
    uncertainty: NDArray[np.float32] | None


@dataclass(frozen=True)
class Segmentation:
    """What a segmentation says of every supervoxel, and through it of every voxel.

    Attributes
    ----------
    class_ids : tuple of int
        The user's class ids, ascending; columns of the tables follow them.
    probabilities : tuple of float32, (S, C)
        The forest's probabilities in each partition.
    classes : tuple of int32, (S,)
        Column of the class that refinement chose, in each partition.
    renderer : Renderer
        Makes voxels of tables.
    workers : int, optional
        Threads.
    """

    class_ids: tuple[int, ...]
    probabilities: tuple[NDArray[np.float32], ...]
    classes: tuple[NDArray[np.int32], ...]
    renderer: Renderer
    workers: int | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels per axis."""
        z, y, x = self.renderer.volume.shape
        return z, y, x

    @property
    def label_dtype(self) -> np.dtype[np.unsignedinteger]:
        """Type of the labels: uint8, or uint16 where a class id is above 255."""
        return np.dtype(np.uint8 if max(self.class_ids) <= 255 else np.uint16)

    @cached_property
    def labels(self) -> NDArray[np.unsignedinteger]:
        """Class id of every voxel, (Z, Y, X); 0 where the volume is not a number."""
        result = np.zeros(self.shape, self.label_dtype)
        for part in self.render():
            result[part.block.core] = part.labels
        return result

    def render(
        self,
        *,
        probabilities: bool = False,
        uncertainty: bool = False,
        blocks: Sequence[Block] | None = None,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Iterator[RenderedBlock]:
        """Make the voxels block by block, in bounded memory.

        Parameters
        ----------
        probabilities, uncertainty : bool
            Whether to make these as well.
        blocks : sequence of Block, optional
            What to make; the whole volume by default. No voxel depends on it.
        progress, should_stop : callable, optional
            As everywhere.

        Yields
        ------
        RenderedBlock
            In the order of the blocks.
        """
        if blocks is None:
            blocks = split_blocks(self.shape, (BLOCK_EDGE, BLOCK_EDGE, BLOCK_EDGE))
        tables = self._votes()
        ids = np.array(self.class_ids, self.label_dtype)

        def one_block(block: Block) -> RenderedBlock:
            votes = self.renderer.votes(tables, block)
            labels = ids[votes.argmax(axis=0)]
            finite = self.renderer.finite(block)
            if finite is not None:
                labels[~finite] = 0
            chance = unsure = None
            if probabilities or uncertainty:
                chance = np.clip(self.renderer.votes(self.probabilities, block), 0, 1)
                chance /= chance.sum(axis=0)
            if uncertainty and chance is not None:
                unsure = normalised_entropy(chance)
            return RenderedBlock(block, labels, chance if probabilities else None, unsure)

        return run_blocks(
            one_block, blocks, workers=self.workers, progress=progress, should_stop=should_stop
        )

    def slabs(
        self,
        *,
        probabilities: bool = False,
        uncertainty: bool = False,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Iterator[RenderedBlock]:
        """Make the voxels in slabs of whole planes, as most files are written.

        Parameters and what is yielded are those of `render`.
        """
        rows, columns = self.shape[1:]
        bytes_per_voxel = 4 * (1 + uncertainty + probabilities * len(self.class_ids))
        planes = SLAB_BYTES // (rows * columns * bytes_per_voxel)
        planes = min(BLOCK_EDGE, max(8, planes), self.shape[0])
        blocks = split_blocks(self.shape, (planes, BLOCK_EDGE, BLOCK_EDGE))
        waiting: list[RenderedBlock] = []
        for part in self.render(
            probabilities=probabilities,
            uncertainty=uncertainty,
            blocks=blocks,
            progress=progress,
            should_stop=should_stop,
        ):
            waiting.append(part)
            if part.block.core[1].stop == rows and part.block.core[2].stop == columns:
                yield _join(waiting, self.shape)
                waiting = []

    def _votes(self) -> list[NDArray[np.float32]]:
        """Return what each partition votes for: rows sum to 1."""
        share = np.float32(PROBABILITY_SHARE)
        whole = np.eye(len(self.class_ids), dtype=np.float32)
        return [
            (whole[chosen] + share * chance) / (1 + share)
            for chosen, chance in zip(self.classes, self.probabilities, strict=True)
        ]


def _join(parts: Sequence[RenderedBlock], shape: tuple[int, int, int]) -> RenderedBlock:
    """Put the blocks of one slab of planes together."""
    planes = parts[0].block.core[0]
    core = (planes, slice(0, shape[1]), slice(0, shape[2]))
    joined: list[NDArray[Any] | None] = []
    for name in ("labels", "probabilities", "uncertainty"):
        first = getattr(parts[0], name)
        if first is None:
            joined.append(None)
            continue
        whole = np.empty((*first.shape[:-3], first.shape[-3], *shape[1:]), first.dtype)
        for part in parts:
            whole[(..., *part.block.core[1:])] = getattr(part, name)
        joined.append(whole)
    return RenderedBlock(Block(parts[0].block.index, core, core), *joined)  # type: ignore[arg-type]


def normalised_entropy(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 0 where one class is certain and 1 where all are equally likely.

    Parameters
    ----------
    probabilities : float32, (C, ...)
    """
    terms = -probabilities * np.log(np.maximum(probabilities, 1e-12))
    entropy: NDArray[np.float32] = terms.sum(axis=0) / np.float32(np.log(len(probabilities)))
    return np.clip(entropy, 0, 1)
