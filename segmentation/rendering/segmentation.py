"""The result of a segmentation: tables over supervoxels, turned into voxels where needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, count_workers, split_blocks
from supervox.segmentation.refinement.held import are_held, next_best

from ._block import BlockRendering
from ._election import Election
from ._probabilities import TINY, spread
from .renderer import Renderer

Kind = TypeVar("Kind", bound=np.generic)

SLAB_BYTES = 2**29  # of one slab of whole planes, with all that is asked for
BLOCK_VOXELS, LEAST_BLOCK_VOXELS = 3 * 2**19, 2**17
# What a block takes while it is made: about 80 bytes a voxel with its halo, of which a small one
# has as much again. One more than there are threads is in the making.
BLOCK_BYTES, BLOCK_BYTES_PER_VOXEL = 130e6, 160
BLOCK_EDGE, BLOCK_WIDTH = 96, 256  # at most; long rows suit the kernels
WAITING_BYTES = 2**27  # of probabilities that are made but not fetched
COUNTED_VOXELS = 2**20


def count_labels(labels: NDArray[np.unsignedinteger]) -> NDArray[np.int64]:
    """Return how many voxels have each label, from 0 on.

    In pieces, since `numpy.bincount` takes 8 bytes a voxel.

    Parameters
    ----------
    labels : uint8 or uint16, any shape, C-contiguous
    """
    flat, counts = labels.reshape(-1), np.zeros(np.iinfo(labels.dtype).max + 1, np.int64)
    for start in range(0, flat.size, COUNTED_VOXELS):
        piece = np.bincount(flat[start : start + COUNTED_VOXELS])
        counts[: piece.size] += piece
    return counts


def lay_over(labels: NDArray[np.unsignedinteger], corrections: NDArray[np.uint8]) -> None:
    """Give corrected voxels the labels that a person painted, in place."""
    np.copyto(labels, corrections, where=corrections > 0)


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
        The classifier's probabilities in each partition, balanced.
    classes : tuple of int32, (S,)
        Column of the class that refinement chose, in each partition.
    renderer : Renderer
        Makes voxels of tables.
    workers : int, optional
        Threads.
    corrections : uint8, (Z, Y, X), optional
        Labels that a person painted, which take the place of those made here; 0 = none.
    held : tuple of int
        Ids of classes that no voxel gets here, but by corrections: where one of them would win,
        the best of the others does. No other label depends on it.
    """

    class_ids: tuple[int, ...]
    probabilities: tuple[NDArray[np.float32], ...]
    classes: tuple[NDArray[np.int32], ...]
    renderer: Renderer
    workers: int | None = None
    corrections: NDArray[np.uint8] | None = field(default=None, repr=False)
    held: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels per axis."""
        z, y, x = self.renderer.volume.shape
        return z, y, x

    @cached_property
    def label_ids(self) -> tuple[int, ...]:
        """The classes that labels can have: those of the strokes, and those of corrections."""
        painted = () if self.corrections is None else np.flatnonzero(count_labels(self.corrections))
        return tuple(sorted({*self.class_ids, *(int(k) for k in painted if k)}))

    @property
    def label_dtype(self) -> np.dtype[np.unsignedinteger]:
        """Type of the labels: uint8, or uint16 where a class id is above 255."""
        return np.dtype(np.uint8 if max(self.class_ids) <= 255 else np.uint16)

    def supervoxel_classes(self, partition: int = 0) -> NDArray[np.unsignedinteger]:
        """Return the class id that refinement chose for each supervoxel: labels are a look-up.

        Parameters
        ----------
        partition : int
            Whose supervoxels.

        Returns
        -------
        uint8 or uint16, (S,)
            0 where one of the classes would be chosen and all are held.
        """
        ids = np.array([*self.class_ids, 0], self.label_dtype)
        is_held = are_held(self.class_ids, self.held)
        columns = next_best(self.probabilities[partition], self.classes[partition], is_held)
        chosen: NDArray[np.unsignedinteger] = ids[columns]
        return chosen

    def supervoxel_uncertainty(self, partition: int = 0) -> NDArray[np.float32]:
        """Return how undecided the classifier is about each supervoxel.

        Parameters
        ----------
        partition : int
            Whose supervoxels.

        Returns
        -------
        float32, (S,)
            Entropy of the probabilities over the largest possible: 0 where one class is certain,
            1 where all are equally likely.
        """
        p = self.probabilities[partition]
        terms = p * np.log(np.maximum(p, TINY))
        entropy: NDArray[np.float32] = -terms.sum(axis=1) / np.float32(np.log(max(p.shape[1], 2)))
        return np.clip(entropy, 0, 1, out=entropy)

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
        run: Run = Run(),
    ) -> Iterator[RenderedBlock]:
        """Make the voxels block by block, in bounded memory.

        Parameters
        ----------
        probabilities, uncertainty : bool
            Whether to make these as well.
        blocks : sequence of Block, optional
            What to make; the whole volume by default. No voxel depends on it.
        run : Run
            On as many threads as the segmentation, if it doesn't say on how many.

        Yields
        ------
        RenderedBlock
            In the order of the blocks.
        """
        if blocks is None:
            blocks = split_blocks(self.shape, self._block_shape(probabilities))
        election = Election(self.class_ids, self.probabilities, self.classes)
        without = election.without(self.held) if self.held else None

        def one_block(block: Block) -> RenderedBlock:
            canvas = self.renderer.read(block)
            labels = self._label(canvas, election, without)
            if self.corrections is not None:
                lay_over(labels, self.corrections[block.core])
            chance = unsure = None
            if probabilities or uncertainty:
                chance, unsure = spread(
                    canvas, canvas.pick(self.probabilities), probabilities, uncertainty
                )
            return RenderedBlock(block, labels, chance, unsure)

        return run.by_default_on(self.workers).local().blocks(one_block, blocks)

    def slabs(
        self,
        *,
        probabilities: bool = False,
        uncertainty: bool = False,
        run: Run = Run(),
    ) -> Iterator[RenderedBlock]:
        """Make the voxels in slabs of whole planes, as most files are written.

        Parameters and what is yielded are those of `render`.
        """
        rows, columns = self.shape[1:]
        bytes_per_voxel = self.label_dtype.itemsize + 4 * uncertainty
        bytes_per_voxel += 4 * len(self.class_ids) * probabilities
        planes = max(1, SLAB_BYTES // (rows * columns * bytes_per_voxel))
        blocks = split_blocks(self.shape, self._block_shape(probabilities, planes))
        slab = None
        for part in self.render(
            probabilities=probabilities,
            uncertainty=uncertainty,
            blocks=blocks,
            run=run,
        ):
            if slab is None:
                slab = _start_slab(part, self.shape)
            _copy(part, slab)
            if part.block.core[1].stop == rows and part.block.core[2].stop == columns:
                yield slab
                slab = None

    def _block_shape(self, probabilities: bool, planes: int | None = None) -> tuple[int, int, int]:
        """Choose blocks of a bounded size, about equally large, at most `planes` thick."""
        voxels = BLOCK_VOXELS
        if probabilities:  # as many results wait as twice the threads
            waiting = 2 * count_workers(self.workers) * 4 * len(self.class_ids)
            voxels = max(LEAST_BLOCK_VOXELS, min(voxels, WAITING_BYTES // waiting))
        thick = _even(self.shape[0], min(planes or BLOCK_EDGE, BLOCK_EDGE))
        wide = _even(self.shape[2], BLOCK_WIDTH)
        return thick, _even(self.shape[1], max(1, voxels // (thick * wide))), wide

    def _label(
        self, canvas: BlockRendering, election: Election, without: Election | None
    ) -> NDArray[np.unsignedinteger]:
        """Return the labels of a block; `without` decides where a held class would win."""
        labels = election.labels(canvas, self.label_dtype)
        lost = np.isin(labels, self.held)
        if lost.any():
            others = None if without is None else without.labels(canvas, self.label_dtype)
            labels[lost] = 0 if others is None else others[lost]
        finite = self.renderer.finite(canvas.block)
        if finite is not None:
            labels[~finite] = 0
        return labels


def _even(size: int, edge: int) -> int:
    """Return an edge of at most `edge` voxels that cuts an axis into even parts."""
    return -(-size // -(-size // edge))


def _start_slab(part: RenderedBlock, shape: tuple[int, int, int]) -> RenderedBlock:
    """Make room for whole planes with the content of a block."""
    core = (part.block.core[0], slice(0, shape[1]), slice(0, shape[2]))

    def room(found: NDArray[Kind]) -> NDArray[Kind]:
        return np.empty((*found.shape[:-2], *shape[1:]), found.dtype)

    return RenderedBlock(
        Block(part.block.index, core, core),
        room(part.labels),
        None if part.probabilities is None else room(part.probabilities),
        None if part.uncertainty is None else room(part.uncertainty),
    )


def _copy(part: RenderedBlock, slab: RenderedBlock) -> None:
    """Put a block into its slab."""
    at = part.block.core[1:]
    slab.labels[:, *at] = part.labels
    if part.probabilities is not None and slab.probabilities is not None:
        slab.probabilities[:, :, *at] = part.probabilities
    if part.uncertainty is not None and slab.uncertainty is not None:
        slab.uncertainty[:, *at] = part.uncertainty
