"""The partitions that final labels need beside the first, prepared behind the live work."""

from __future__ import annotations

from supervox.segmentation import (
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    estimate_preparation,
)

from .jobs import BackgroundTask, Report, Task, step_back
from .preparing import Prepared, for_final_labels, for_live_work
from .resources import Resources

MOST_SECONDS = 60.0  # that it takes about; what takes longer waits until it is asked for


class OtherPartitions(BackgroundTask):
    """Prepares them where that is soon done, so that the slice in view can have final quality.

    Parameters
    ----------
    resources : Resources

    Attributes
    ----------
    segmenter : Segmenter or None
        Of all partitions; None if there is none.
    """

    def __init__(self, resources: Resources) -> None:
        super().__init__()
        self._resources = resources
        self._of: Prepared | None = None
        self._count = 0  # of partitions that are prepared
        self.segmenter: Segmenter | None = None
        self.succeeded.connect(self._keep)

    def start(self, prepared: Prepared, parameters: SegmentationParameters) -> None:
        """Begin, unless it was begun, or takes long."""
        parameters = for_final_labels(prepared, parameters)
        is_begun = prepared is self._of and parameters.partitions == self._count
        if is_begun or self._resources.scheduler:
            return
        estimate = estimate_preparation(
            prepared.source.shape,
            for_live_work(parameters),
            spacing=prepared.source.spacing,
            n_images=1 + len(prepared.source.channels),
            workers=self._resources.workers,
        )
        if estimate.seconds * (parameters.partitions - 1) > MOST_SECONDS:
            return
        self._of, self._count, self.segmenter = prepared, parameters.partitions, None
        self.run(_task(prepared, parameters, self._resources), "Preparing further partitions")

    def segmenter_of(self, prepared: Prepared) -> Segmenter:
        """Return one of all partitions of what is prepared, or of the first alone."""
        is_there = self.segmenter is not None and prepared is self._of
        return self.segmenter if is_there and self.segmenter else prepared.segmenter

    def cancel(self) -> None:
        """Stop; what isn't ready is begun anew when it is needed."""
        if self.is_running:
            self._of = None
        super().cancel()

    def forget(self) -> None:
        """Stop, and let go of what was prepared."""
        self.cancel()
        self._of = self.segmenter = None

    def _keep(self, segmenter: Segmenter | None) -> None:
        self.segmenter = segmenter


def _task(prepared: Prepared, parameters: SegmentationParameters, resources: Resources) -> Task:
    def prepare(report: Report) -> Segmenter | None:
        step_back()
        known = prepared.segmenter.partitions
        try:
            return resources.prepare(
                prepared.source, parameters, partitions=known, run=report.run.silent()
            )
        except SegmentationError:
            return None  # no room for them beside the rest; Finish says so when it needs them

    return prepare
