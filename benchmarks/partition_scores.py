"""How well a partition into supervoxels fits instances: the three usual numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse


def score_partition(ids: NDArray[Any], instances: NDArray[Any]) -> dict[str, float]:
    """Compare supervoxels with ground truth instances, 0 = none.

    Returns
    -------
    dict of str to float
        "achievable accuracy": share of the instances' voxels that are right if every supervoxel
        gets the instance that it shares most voxels with. "undersegmentation": voxels by which
        supervoxels leak, for each instance the smaller of what is in and out of it, by the
        voxels (the corrected error of Neubert and Protzel). "boundary recall": share of the
        instances' boundary voxels with a supervoxels' boundary within one voxel; "recall at 0":
        at the very voxel. "boundary voxels": how many voxels supervoxels' boundaries take up, and
        so the recall at 0 of boundaries that are anywhere.
    """
    n_ids, n_instances = int(ids.max()) + 1, int(instances.max()) + 1
    pairs = ids.ravel().astype(np.int64) * n_instances + instances.ravel()
    common = sparse.coo_matrix(
        (np.ones(ids.size, np.int32), (pairs // n_instances, pairs % n_instances)),
        shape=(n_ids, n_instances),
    ).tocsr()
    sizes = np.asarray(common.sum(axis=1)).ravel()
    scored = common[:, 1:].tocsr()
    outside = np.repeat(sizes, np.diff(scored.indptr)) - scored.data
    true, ours = boundaries(instances), boundaries(ids)
    near = ndimage.binary_dilation(ours)
    n = np.count_nonzero(true)
    return {
        "achievable accuracy": float(scored.max(axis=1).sum() / scored.sum()),
        "boundary recall": float(np.count_nonzero(near & true) / n),
        "recall at 0": float(np.count_nonzero(ours & true) / n),
        "boundary voxels": float(ours.mean()),
        "undersegmentation": float(np.minimum(scored.data, outside).sum() / scored.sum()),
        "supervoxels": float(np.count_nonzero(sizes)),
    }


def boundaries(ids: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the voxels that differ from the next one along an axis."""
    edge = np.zeros(ids.shape, np.bool_)
    edge[:-1] |= ids[1:] != ids[:-1]
    edge[:, :-1] |= ids[:, 1:] != ids[:, :-1]
    edge[:, :, :-1] |= ids[:, :, 1:] != ids[:, :, :-1]
    return edge
