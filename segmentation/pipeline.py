"""The whole pipeline in one call, for scripts that segment a volume once."""

from __future__ import annotations

from collections.abc import Sequence

from supervox.execution import VolumeLike, Workers
from supervox.segmentation.classifier.estimators import Estimator
from supervox.segmentation.rendering.segmentation import Segmentation

from .parameters import SegmentationParameters
from .segmenter import Segmenter


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
