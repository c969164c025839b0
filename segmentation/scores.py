"""Labels against a ground truth: Dice, IoU, accuracy and precision of every class."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import (
    Block,
    Run,
    VolumeLike,
    Workers,
    default_block_shape,
    read_block,
    split_blocks,
)

from .checks import SegmentationError

MOST_IDS = 2**31 - 1
DENSE_IDS = 1024  # class ids below this are counted in a table, others by sorting


@dataclass(frozen=True)
class ClassScore:
    """How well one class was found, over the voxels that were compared.

    A class that the truth doesn't have there can't be found: all its ratios are NaN.

    Attributes
    ----------
    class_id : int
    dice : float
        Twice the common voxels, divided by the voxels of both.
    iou : float
        The common voxels, divided by those of either.
    accuracy : float
        Share of the truth's voxels that have the right label (also called recall).
    precision : float
        Share of the voxels with this label that the truth agrees with; NaN if there are none.
    truth_voxels, label_voxels : int
        Voxels of the class in the truth and in the labels.
    """

    class_id: int
    dice: float
    iou: float
    accuracy: float
    precision: float
    truth_voxels: int
    label_voxels: int

    @classmethod
    def count(cls, class_id: int, common: int, truth_voxels: int, label_voxels: int) -> ClassScore:
        """Make the ratios of the numbers of voxels."""
        both = truth_voxels + label_voxels
        known = truth_voxels > 0
        return cls(
            class_id,
            dice=2 * common / both if known else math.nan,
            iou=common / (both - common) if known else math.nan,
            accuracy=common / truth_voxels if known else math.nan,
            precision=common / label_voxels if known and label_voxels else math.nan,
            truth_voxels=truth_voxels,
            label_voxels=label_voxels,
        )


@dataclass(frozen=True)
class Scores:
    """How well labels agree with a ground truth.

    Attributes
    ----------
    classes : tuple of ClassScore
        Every class of the truth or of the labels (0 is none), by id, over the voxels compared.
    accuracy : float
        Share of all voxels compared that have the right label.
    voxels : int
        Voxels compared.
    """

    classes: tuple[ClassScore, ...]
    accuracy: float
    voxels: int

    @property
    def mean_dice(self) -> float:
        """Mean over the classes that the truth has."""
        return self._mean([item.dice for item in self.classes])

    @property
    def mean_iou(self) -> float:
        """Mean over the classes that the truth has."""
        return self._mean([item.iou for item in self.classes])

    @property
    def mean_accuracy(self) -> float:
        """Mean over the classes that the truth has."""
        return self._mean([item.accuracy for item in self.classes])

    @staticmethod
    def _mean(values: Sequence[float]) -> float:
        known = [value for value in values if not math.isnan(value)]
        return sum(known) / len(known)


def score(
    labels: VolumeLike,
    truth: VolumeLike,
    ignore: VolumeLike | None = None,
    *,
    workers: Workers = None,
) -> Scores:
    """Compare labels with a ground truth, where there is one.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X)
        Read block by block, like the others. 0 is no class: it is always wrong.
    truth : array-like of integers, (Z, Y, X)
        Voxels that are 0 here are not compared.
    ignore : array-like of integers, (Z, Y, X), optional
        Voxels that are not 0 here are not compared: the strokes that the labels were made from.
    workers : int or Run, optional
        Threads, one per processor by default; or a `Run`, which also shows progress and stops.

    Raises
    ------
    SegmentationError
        If the shapes differ, the values aren't class ids, or no voxel is left to compare.
    """
    for name, volume in (("truth", truth), ("labels", labels), ("voxels to ignore", ignore)):
        if volume is not None:
            _check(name, volume, truth)
    count = _counter(labels, truth, ignore)
    pairs: Counter[tuple[int, int]] = Counter()
    blocks = split_blocks(truth.shape, default_block_shape(truth.shape))
    for part in Run.of(workers).blocks(count, blocks):
        pairs.update(part)
    voxels = pairs.total()
    if not voxels:
        raise SegmentationError(
            "no voxel is left to score: the truth is 0 wherever there is something to compare"
        )
    truth_voxels: Counter[int] = Counter()
    label_voxels: Counter[int] = Counter()
    for (true, label), number in pairs.items():
        truth_voxels[true] += number
        label_voxels[label] += number
    ids = sorted((set(truth_voxels) | set(label_voxels)) - {0})
    right = {k: pairs[k, k] for k in ids}
    return Scores(
        tuple(ClassScore.count(k, right[k], truth_voxels[k], label_voxels[k]) for k in ids),
        sum(right.values()) / voxels,
        voxels,
    )


def _check(name: str, volume: VolumeLike, truth: VolumeLike) -> None:
    if np.dtype(volume.dtype).kind not in "bui":
        raise SegmentationError(f"{name}: class ids are integers, this volume is {volume.dtype}")
    if tuple(volume.shape) != tuple(truth.shape):
        raise SegmentationError(
            f"{name}: the shape {tuple(volume.shape)} is not the truth's, {tuple(truth.shape)}; "
            "voxels can't be compared one by one"
        )


def _counter(
    labels: VolumeLike, truth: VolumeLike, ignore: VolumeLike | None
) -> Callable[[Block], dict[tuple[int, int], int]]:
    """Return a function that counts the pairs (truth, label) of a block."""

    def count(block: Block) -> dict[tuple[int, int], int]:
        true = read_block(truth, block.core)
        compared = true != 0
        if ignore is not None:
            compared &= read_block(ignore, block.core) == 0
        label = read_block(labels, block.core)[compared]
        return _count_pairs(_ids("the truth holds", true[compared]), _ids("the labels hold", label))

    return count


def _ids(who: str, values: NDArray[Any]) -> NDArray[np.int64]:
    """Return class ids, or say what is none."""
    for value in (values.min(), values.max()) if values.size else ():
        if not 0 <= int(value) <= MOST_IDS:
            raise SegmentationError(f"{who} {value}, which is no class id; 0 is what isn't known")
    return values.astype(np.int64)


def _count_pairs(true: NDArray[np.int64], label: NDArray[np.int64]) -> dict[tuple[int, int], int]:
    if not true.size:
        return {}
    ids = int(max(true.max(), label.max())) + 1
    keys = true * ids + label
    if ids <= DENSE_IDS:
        table = np.bincount(keys, minlength=ids * ids)
        found = np.flatnonzero(table)
        numbers = table[found]
    else:
        found, numbers = np.unique(keys, return_counts=True)
    return {
        (int(key) // ids, int(key) % ids): int(number)
        for key, number in zip(found, numbers, strict=True)
    }
