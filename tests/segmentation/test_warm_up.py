from __future__ import annotations

from typing import Any

import numpy as np
from supervox.features import FeatureParameters
from supervox.segmentation import SegmentationParameters, Segmenter
from supervox.segmentation.classifier import _prediction, _tree_training
from supervox.segmentation.graph import adjacency
from supervox.segmentation.refinement import _expansion_move, _min_cut
from supervox.segmentation.warm_up import warm_up

MODULES = (_tree_training, _min_cut, _expansion_move, _prediction, adjacency)


def signatures() -> dict[str, list[Any]]:
    return {
        f"{module.__name__}.{name}": list(kernel.signatures)
        for module in MODULES
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
    }


def test_after_the_toy_a_live_update_compiles_nothing() -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(size=(16, 40, 40)).astype(np.float32)
    image[:, :, 20:] += 1
    strokes = np.zeros(image.shape, np.uint8)
    for k, row in enumerate((5, 15, 25, 35)):
        strokes[8, row, 4:9], strokes[8, row, 31:36] = 1, 2 + k % 2
    features = FeatureParameters(filters=("gaussian",), sigmas_voxels=(1,))
    parameters = SegmentationParameters(features=features, partitions=1)
    work = Segmenter(image, parameters=parameters)
    work.prepare()
    warm_up()
    before = signatures()
    assert before["supervox.segmentation.classifier._tree_training._grow"]
    work.segment(strokes)
    assert {"train", "predict", "couple", "refine"} <= work.seconds.keys()
    assert signatures() == before
