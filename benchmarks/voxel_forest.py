"""The peer that accuracy is measured against: a random forest on the features of single voxels.

This is what ilastik-like tools do. It gets the same features as Supervox's forest, of every voxel
instead of pooled, and scikit-learn's random forest of 100 trees, trained on every painted voxel.
Features are computed block by block, once for training and once for all predictions.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from supervox.execution import Block, Run, Slices, split_blocks
from supervox.features import FeatureBank, IntensityRange
from supervox.segmentation import Forest
from supervox.segmentation.classifier.fitting import lay_out_forest

from .datasets import Dataset

TREES = 100
BLOCK = (64, 64, 64)
Key = TypeVar("Key", bound=Hashable)


class VoxelFeatures:
    """Features of the voxels of any part of a volume, (voxels, channels)."""

    def __init__(self, data: Dataset) -> None:
        self._data, self._bank = data, FeatureBank()
        self._intensity = IntensityRange.measure(data.image)
        self.blocks = split_blocks(data.image.shape, BLOCK)

    def __call__(self, part: Slices) -> NDArray[np.float32]:
        """Compute the features of a part, in raster order."""
        channels = self._bank.compute(
            self._data.image,
            region=part,
            spacing=self._data.spacing,
            intensity=self._intensity,
        )
        return np.ascontiguousarray(channels.reshape(len(channels), -1).T)


def segment_by_voxels(
    data: Dataset, strokes: Mapping[Key, NDArray[np.uint8]]
) -> dict[Key, NDArray[np.uint8]]:
    """Label a volume with one forest for each set of strokes.

    Parameters
    ----------
    data : Dataset
    strokes : dict of uint8 arrays, (Z, Y, X)

    Returns
    -------
    dict of uint8 arrays, (Z, Y, X)
        Labels, by the keys of the strokes.
    """
    features = VoxelFeatures(data)
    forests = _train(features, strokes)
    labels = {key: np.empty(data.image.shape, np.uint8) for key in strokes}

    def predict(block: Block) -> None:
        values = features(block.core)
        for key, forest in forests.items():
            chosen = forest.predict(values, workers=1).argmax(axis=1)
            found = np.array(forest.class_ids, np.uint8)[chosen]
            labels[key][block.core] = found.reshape(block.shape)

    for _ in Run().blocks(predict, features.blocks):
        pass
    return labels


def _train(features: VoxelFeatures, strokes: Mapping[Key, NDArray[np.uint8]]) -> dict[Key, Forest]:
    """Grow a forest for each set of strokes on the features of its painted voxels."""
    painted = [b for b in features.blocks if any(s[b.core].any() for s in strokes.values())]
    rows: dict[Key, list[NDArray[np.float32]]] = {key: [] for key in strokes}
    classes: dict[Key, list[NDArray[np.uint8]]] = {key: [] for key in strokes}
    found = Run().blocks(lambda block: features(block.core), painted)
    for block, values in zip(painted, found, strict=True):
        for key, volume in strokes.items():
            label = volume[block.core].ravel()
            at = np.flatnonzero(label)
            rows[key].append(values[at])
            classes[key].append(label[at])
    return {
        key: grow(np.concatenate(rows[key]), np.concatenate(classes[key]))[1] for key in strokes
    }


def grow(
    rows: NDArray[np.float32], classes: NDArray[np.uint8]
) -> tuple[RandomForestClassifier, Forest]:
    """Grow a random forest; return it as scikit-learn has it, and laid out for the kernel."""
    grown = RandomForestClassifier(TREES, class_weight="balanced", random_state=0, n_jobs=-1).fit(
        rows, classes
    )
    return grown, lay_out_forest(grown)
