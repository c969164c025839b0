"""A block of a volume, ready to be rendered: what is read and computed once for all classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block
from supervox.features import gaussian_smooth, half_kernel, kernel_radius

from ._class_bounds import TILE, contenders, magnitude_of_weights, row_spans, to_voxels
from ._guided_filter import filter_votes
from ._votes import Rows, gather, keep_best, largest_votes

Float32 = NDArray[np.float32]

EDGE_EPSILON = (
    0.5  # of the guided filter: squared intensity, with the volume's percentiles 10 apart
)


class Edges:
    """The image of a block with its halo, as the guided filter needs it for every class.

    Parameters
    ----------
    guide : float32, (Z, Y, X)
    sigma : tuple of 3 float
        Of the Gaussian window, in voxels.
    """

    def __init__(self, guide: Float32, sigma: tuple[float, float, float]) -> None:
        self.sigma = sigma
        self.kernels = (half_kernel(sigma[0]), half_kernel(sigma[1]), half_kernel(sigma[2]))
        mean = gaussian_smooth(guide, sigma)
        scale = gaussian_smooth(guide * guide, sigma)
        scale -= mean * mean
        np.maximum(scale, 0, out=scale)  # what rounding made negative
        scale += np.float32(EDGE_EPSILON)
        np.reciprocal(scale, out=scale)
        self.fields = (guide, mean, scale)

    def contenders(self, numbers: NDArray[np.int32], votes: Float32) -> NDArray[np.bool_]:
        """Find the classes that can win in each tile of the block, (C, tiles...)."""
        magnitude = magnitude_of_weights(*self.fields, self.sigma, EDGE_EPSILON)
        reach = [2 * kernel_radius(value) for value in self.sigma]
        return contenders(largest_votes(numbers, votes, TILE), magnitude, reach)


@dataclass(frozen=True)
class BlockRendering:
    """A block, ready to be rendered.

    Attributes
    ----------
    block : Block
        What is read is `block.padded`, what is rendered `block.core`.
    numbers : int32, (P, Z, Y, X)
        Supervoxels of the padded block, numbered through all partitions.
    rows : list of integers
        The supervoxels that occur, of each partition: number n is entry n of all of them.
    edges : Edges, or None
        None: borders follow the supervoxels.
    """

    block: Block
    numbers: NDArray[np.int32]
    rows: Rows
    edges: Edges | None

    def pick(self, tables: Sequence[Float32]) -> Float32:
        """Return what the tables say of the supervoxels of the block, divided by the partitions.

        Parameters
        ----------
        tables : sequence of float32, (S, C)

        Returns
        -------
        float32, (supervoxels of the block, C)
        """
        share = np.float32(1 / len(tables))
        picked = [table[rows] for table, rows in zip(tables, self.rows, strict=True)]
        votes: Float32 = np.concatenate(picked) * share
        return votes

    def values(self, votes: Float32, out: Float32 | None = None) -> Iterator[Float32]:
        """Make one class after the other.

        Parameters
        ----------
        votes : float32, (supervoxels of the block, C)
            Rows of all partitions' shares, from `pick`.
        out : float32, (C, Z, Y, X), optional
            Keeps the values.

        Yields
        ------
        float32, (Z, Y, X)
            Values of a class over the core of the block, valid until the next class without `out`;
            they sum to 1.
        """
        n_classes = votes.shape[1]
        rest = np.ones(self.block.shape, np.float32) if out is None else out[-1]
        rest[...] = 1
        spans = self._whole()
        buffer = np.empty(self.block.shape, np.float32) if out is None else None
        for column in range(n_classes - 1):  # everything is linear: the last is what is left
            values = buffer if out is None else out[column]
            assert values is not None
            self._make(np.ascontiguousarray(votes[:, column]), spans, values)
            rest -= values
            yield values
        yield rest

    def winners(self, votes: Float32, reference: int) -> NDArray[np.uint16]:
        """Find the class with the largest value at every voxel of the core.

        Parameters
        ----------
        votes : float32, (supervoxels of the block, C)
            Rows of all partitions' shares, from `pick`.
        reference : int
            The class that others are compared with, the same in all blocks; best a frequent one.

        Returns
        -------
        uint16, (Z, Y, X)
            Columns; the lowest where several are equal.
        """
        best = np.zeros(self.block.shape, np.float32)
        chosen = np.full(self.block.shape, reference, np.uint16)
        values = np.empty(self.block.shape, np.float32)
        for column, spans in self._contests(votes, reference, best, chosen):
            difference = votes[:, column] - votes[:, reference]
            self._make(difference, spans, values)
            keep_best(values, column, spans, best, chosen)
        return chosen

    def _contests(
        self, votes: Float32, reference: int, best: Float32, chosen: NDArray[np.uint16]
    ) -> Iterator[tuple[int, NDArray[np.int32]]]:
        """Settle what is sure, and yield the classes to compare with where each is needed."""
        others = [column for column in range(votes.shape[1]) if column != reference]
        if self.edges is None:
            yield from ((column, self._whole()) for column in others)
            return
        tiles = self.edges.contenders(self.numbers, votes)
        alone = tiles.sum(axis=0) == 1
        for column in range(votes.shape[1]):
            sure = to_voxels(tiles[column] & alone, self.block.inner)
            best[sure], chosen[sure] = np.inf, column
        for column in others:
            spans = row_spans(tiles[column] & ~alone, self.block.inner)
            if spans.any():
                yield column, spans

    def _whole(self) -> NDArray[np.int32]:
        """Return the spans of all voxels of the core."""
        spans = np.zeros((*self.block.shape[:2], 2), np.int32)
        spans[..., 1] = self.block.shape[2]
        return spans

    def _make(self, votes: Float32, spans: NDArray[np.int32], out: Float32) -> None:
        """Render the votes of one class where the spans say."""
        if self.edges is None:
            gather(self.numbers, votes, out)
            return
        start = [part.start for part in self.block.inner]
        filter_votes(self.numbers, votes, self.edges.fields, self.edges.kernels, spans, start, out)
