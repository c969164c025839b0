"""Neighbourhood context: what a supervoxel's neighbours in the region graph look like."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, diags_array

from .table import FeatureTable


def add_context(table: FeatureTable, edges: ArrayLike, hops: int = 1) -> FeatureTable:
    """Append the mean features of each supervoxel's neighbours as new columns.

    Parameters
    ----------
    table : FeatureTable
    edges : array of int, (E, 2)
        Pairs of neighbouring supervoxels; direction and repeats do not matter.
    hops : int
        1 appends the mean over the neighbours, 2 also the mean over the neighbours' means, and so
        on: each hop appends as many columns as the table has.

    Returns
    -------
    FeatureTable
        Columns "... neighbours 1", "... neighbours 2". A supervoxel without neighbours stands in
        for them itself.

    Raises
    ------
    ValueError
        If `edges` is not (E, 2), names an id that the table does not have, or `hops` is below 1.
    """
    pairs = np.asarray(edges, np.int64)
    size = len(table.values)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ValueError(f"edges must be pairs of ids, (E, 2), not {pairs.shape}")
    if pairs.size and (pairs.min() < 0 or pairs.max() >= size):
        raise ValueError(
            f"edges name ids {pairs.min()} to {pairs.max()}, the table has 0 to {size - 1}"
        )
    if hops < 1:
        raise ValueError(f"hops must be at least 1, not {hops}")
    average = _averaging(pairs, size)
    columns, names = [table.values], list(table.names)
    for hop in range(1, hops + 1):
        columns.append((average @ columns[-1]).astype(np.float32))
        names += [f"{name} neighbours {hop}" for name in table.names]
    return FeatureTable(np.hstack(columns), tuple(names), table.counts)


def _averaging(pairs: np.ndarray, size: int) -> csr_array:
    """Return the matrix, (S, S), that takes the mean over neighbours."""
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    alone = np.setdiff1d(np.arange(size), pairs)
    rows = np.concatenate((pairs[:, 0], pairs[:, 1], alone))
    columns = np.concatenate((pairs[:, 1], pairs[:, 0], alone))
    matrix = csr_array((np.ones(len(rows), np.float32), (rows, columns)), (size, size))
    matrix.data[:] = 1  # repeated edges were added up
    degree = np.diff(matrix.indptr)
    return diags_array((1 / np.maximum(degree, 1)).astype(np.float32)).tocsr() @ matrix
