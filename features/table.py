"""The feature table, the exact sums over blocks that it is made from, and tables side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .bank import FeatureBank
from .runs import MOST_VOXELS, QUANTUM

_ROWS = 2**14  # of the table, turned from sums into statistics at a time


@dataclass(frozen=True)
class FeatureTable:
    """Features of supervoxels.

    Attributes
    ----------
    values : array of float32, (S, F)
        In units of the normalised intensity. Rows of ids that no voxel has are 0.
    names : tuple of str, F
        The columns, like "gaussian_sigma_1 mean".
    counts : array of int64, (S,)
        Voxels per supervoxel.
    """

    values: NDArray[np.float32]
    names: tuple[str, ...]
    counts: NDArray[np.int64]

    def column(self, name: str) -> NDArray[np.float32]:
        """Return the column of a name, (S,).

        Raises
        ------
        KeyError
            If there is no such column.
        """
        if name not in self.names:
            raise KeyError(f"the feature table has no column {name!r}, but {', '.join(self.names)}")
        return self.values[:, self.names.index(name)]


def column_names(bank: FeatureBank, n_images: int = 1) -> tuple[str, ...]:
    """Return the columns of the tables of several images of one specimen, side by side.

    Those of the first are the bank's; those of the next are like
    "channel_2 gaussian_sigma_1 mean".
    """
    further = [f"channel_{k} {name}" for k in range(2, n_images + 1) for name in bank.column_names]
    return (*bank.column_names, *further)


def join_tables(bank: FeatureBank, tables: Sequence[FeatureTable]) -> FeatureTable:
    """Put tables of the same supervoxels side by side: of one bank, but each of another image."""
    if len(tables) == 1:
        return tables[0]
    values = np.hstack([table.values for table in tables])
    return FeatureTable(values, column_names(bank, len(tables)), tables[0].counts)


class PooledBlock(NamedTuple):
    """A block's share of one partition's sums.

    Attributes
    ----------
    ids, counts : array of int64, (n,)
        The supervoxels in the block and their voxels.
    sums, squares : array of int64, (channels, n)
        Sums of the channels in quanta, and of their squares.
    """

    ids: NDArray[np.int64]
    counts: NDArray[np.int64]
    sums: NDArray[np.int64]
    squares: NDArray[np.int64]


class PooledSums:
    """The sums of one partition over all blocks so far.

    Parameters
    ----------
    bank : FeatureBank
    n_supervoxels : int, optional
        Rows of the table; by default it grows with the ids that come.
    """

    def __init__(self, bank: FeatureBank, n_supervoxels: int | None = None) -> None:
        self._bank = bank
        self._fixed = n_supervoxels
        rows, channels = n_supervoxels or 0, len(bank.channels)
        self._used = rows
        self._counts = np.zeros(rows, np.int64)
        self._sums = np.zeros((rows, channels), np.int64)
        self._squares = np.zeros((rows, channels), np.int64)

    def add(self, share: PooledBlock) -> None:
        """Add a block's share.

        Raises
        ------
        ValueError
            If an id lies beyond the stated number of supervoxels.
        """
        highest = int(share.ids[-1])
        if self._fixed is not None and highest >= self._fixed:
            raise ValueError(
                f"found supervoxel id {highest}, but n_supervoxels is {self._fixed}; "
                f"ids run from 0 to n_supervoxels - 1"
            )
        self._reserve(highest + 1)
        self._counts[share.ids] += share.counts
        self._sums[share.ids] += share.sums.T
        self._squares[share.ids] += share.squares.T

    def _reserve(self, rows: int) -> None:
        self._used = max(self._used, rows)
        if rows > len(self._counts):
            more = max(rows, len(self._counts) * 3 // 2) - len(self._counts)
            self._counts = np.pad(self._counts, (0, more))
            self._sums = np.pad(self._sums, ((0, more), (0, 0)))
            self._squares = np.pad(self._squares, ((0, more), (0, 0)))

    def table(self) -> FeatureTable:
        """Return mean and standard deviation per supervoxel and channel.

        Raises
        ------
        ValueError
            If a supervoxel has too many voxels for its sums to be exact.
        """
        counts = self._counts[: self._used]
        if counts.size and counts.max() > MOST_VOXELS:
            raise ValueError(
                f"supervoxel {int(counts.argmax())} has {int(counts.max())} voxels; sums are exact "
                f"up to {MOST_VOXELS}: split it into smaller ones"
            )
        statistics = self._bank.parameters.statistics
        channels = len(self._bank.channels)
        values = np.empty((self._used, channels * len(statistics)), np.float32)
        for start in range(0, self._used, _ROWS):  # no second table in float64
            rows = slice(start, min(start + _ROWS, self._used))
            voxels = np.maximum(counts[rows], 1).astype(np.float64)[:, None]
            mean = self._sums[rows] / voxels
            spread = np.maximum(self._squares[rows] / voxels - mean * mean, 0)
            found = {"mean": mean, "std": np.sqrt(spread)}
            values[rows] = np.hstack([found[name] for name in statistics]) * QUANTUM
        return FeatureTable(values, self._bank.column_names, counts.copy())
