"""Having the kernels of a live update ready before the first stroke."""

from __future__ import annotations

from functools import cache

import numpy as np
from supervox.segmentation.classifier.forest import train_forest
from supervox.segmentation.graph.adjacency import build_adjacency
from supervox.segmentation.refinement._min_cut import min_cut
from supervox.segmentation.refinement.mrf import minimise


@cache
def warm_up() -> None:
    """Use every kernel of a live update on a toy: load it, or compile it once on a machine."""
    features = np.arange(12, dtype=np.float32).reshape(6, 2)
    forest = train_forest(features, np.arange(6, dtype=np.uint16) // 2 + 1)
    edges = np.stack([np.arange(5), np.arange(1, 6)], axis=1).astype(np.int32)
    adjacency = build_adjacency(edges, np.ones(5), 6)
    adjacency.among(adjacency.within(np.zeros(1, np.int32), 1))
    minimise(forest.predict(features), adjacency, 1 - np.eye(3))
    tail, head, capacity = np.array([0], np.int32), np.array([1], np.int32), np.array([1])
    for excess in ((1, -2), (2, -1)):  # forwards and backwards
        min_cut(tail, head, capacity, np.array(excess))
