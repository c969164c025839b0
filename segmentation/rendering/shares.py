"""How much of the volume each class has in the labels of a segmentation: voxels, counted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, split_blocks
from supervox.segmentation.graph.partition import Partition

from .segmentation import Segmentation, count_labels

LOOKED_AT = 2**23  # voxels: of a larger volume, blocks all over it
EDGE, WIDTH = 64, 128  # of a block


def class_shares(
    result: Segmentation, partitions: Sequence[Partition], *, run: Run = Run()
) -> dict[int, float]:
    """Return the share of the voxels with data that each class gets, from 0 to 1.

    Parameters
    ----------
    result : Segmentation
    partitions : sequence of Partition
        That it is of.
    run : Run
        Asked whether to stop between blocks.

    Returns
    -------
    dict of int to float
        By class id. Exact for volumes of up to `LOOKED_AT` voxels, and where labels are a look-up.
    """
    if len(partitions) == 1 and not result.renderer.edge_refinement:
        classes, sizes = result.supervoxel_classes(), partitions[0].graph.size
        voxels = np.bincount(classes, sizes, max(result.class_ids) + 1).astype(np.int64)
    else:
        voxels = np.zeros(np.iinfo(result.label_dtype).max + 1, np.int64)
        for part in result.render(blocks=_blocks(result.shape), run=run):
            voxels += count_labels(part.labels)
    total = max(int(voxels[1:].sum()), 1)
    return {class_id: int(voxels[class_id]) / total for class_id in result.class_ids}


def _blocks(shape: tuple[int, int, int]) -> list[Block]:
    """Return blocks all over a volume, of as many voxels as are looked at; the same each time."""
    blocks = split_blocks(shape, (EDGE, EDGE, WIDTH))
    n = math.ceil(len(blocks) * min(1.0, LOOKED_AT / math.prod(shape)))
    chosen: NDArray[np.int64] = np.random.default_rng(0).permutation(len(blocks))[:n]
    return [blocks[k] for k in np.sort(chosen)]
