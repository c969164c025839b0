"""The whole pipeline in one call, and the steps to labels in which classes have shares."""

from __future__ import annotations

from collections.abc import Sequence

from supervox.execution import Run, VolumeLike, Workers
from supervox.segmentation.classifier.estimators import Estimator
from supervox.segmentation.refinement.parameters import Balance
from supervox.segmentation.refinement.share import FoundBalance
from supervox.segmentation.rendering.segmentation import Segmentation

from .parameters import SegmentationParameters
from .segmenter import Segmenter
from .strokes import Strokes


def segment(
    volume: VolumeLike,
    annotations: VolumeLike,
    *,
    channels: Sequence[VolumeLike] = (),
    mask: VolumeLike | None = None,
    spacing: Sequence[float] = (1, 1, 1),
    parameters: SegmentationParameters | None = None,
    estimator: Estimator | None = None,
    workers: Workers = None,
) -> Segmentation:
    """Segment a volume from a few strokes.

    Parameters
    ----------
    volume : array-like, (Z, Y, X) or (Y, X), any real dtype
    annotations : integers, of the volume's shape
        0 = unlabelled; other values are class ids and come out unchanged.
    channels : sequence of array-like, of the volume's shape
        Further images of the same voxels; see `Segmenter`.
    mask : array-like, of the volume's shape, any real dtype, optional
        0 where there is no data; see `Segmenter`.
    spacing : sequence of float
        Voxel size per axis.
    parameters : SegmentationParameters, optional
    estimator : Estimator, optional
        Takes the place of the classifier; see `Segmenter`.
    workers : int, Executor or Run, optional
        Threads, one per processor by default; or what prepares the volume, block by block; or a
        `Run`, which also shows progress while the volume is prepared, and stops: it is asked every
        few hundredths of a second, on any thread, by one at a time. The result does not depend on
        it.

    Returns
    -------
    Segmentation

    Raises
    ------
    SegmentationError
        If the volume, a channel, the strokes, the spacing or the estimator can't be used; the
        message says why.
    Cancelled
        If the run is to stop.
    """
    segmenter = Segmenter(
        volume,
        channels=channels,
        mask=mask,
        spacing=spacing,
        parameters=parameters,
        estimator=estimator,
        workers=workers,
    )
    return segmenter.segment(annotations)


def segment_with_shares(
    segmenter: Segmenter, strokes: Strokes, shares: Balance, *, run: Run | None = None
) -> tuple[Segmentation, dict[int, FoundBalance]]:
    """Segment so that classes have shares of the volume; the segmenter keeps the balances for it.

    Parameters
    ----------
    segmenter : Segmenter
    strokes : Strokes
    shares : tuple of (int, float)
        Class ids, and the share of each, from 0 to 1. Those of classes that lost all supervoxels
        to others' strokes can't be; if all others have one as well, the largest gets the rest.
    run : Run, optional
        As for `Segmenter.segment`.

    Returns
    -------
    result : Segmentation
    found : dict of int to FoundBalance
        By the ids of the classes for which one was looked for.

    Raises
    ------
    SegmentationError
        If the strokes can't be used, or there are no such shares.
    Cancelled
        If the run is to stop.
    """
    result = segmenter.segment(strokes, run=run)
    possible = [pair for pair in shares if pair[0] in result.class_ids]
    if len(result.class_ids) == len(possible) < len(shares):
        possible.remove(max(possible, key=lambda pair: pair[1]))
    if not possible:
        return result, {}
    found = segmenter.balance_for_shares(tuple(possible), run=run)
    balances = ((class_id, one.balance) for class_id, one in found.items())
    refinement = segmenter.parameters.balanced(*balances).refinement
    return segmenter.segment(strokes, refinement=refinement, run=run), found
