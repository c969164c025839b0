"""The live loop: strokes are noticed, and the labels follow, the slice in view first.

dirty -> debounce -> scan on a thread -> did strokes change? -> update on a thread -> result.
A newer update replaces an older one; nothing of a replaced one arrives.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.execution import Slices
from supervox.project import Recorder
from supervox.segmentation import (
    InView,
    SegmentationParameters,
    Strokes,
    count_strokes,
    find_strokes,
)

from .jobs import BackgroundTask, Report, Task
from .preparing import Prepared
from .shares import ClassShare, shares_of
from .stroke_counts import StrokeCounts


@dataclass(frozen=True, eq=False)
class StrokeScan:
    """The strokes as they are.

    Attributes
    ----------
    strokes : Strokes
        Of the whole layer.
    counts : dict of int to int
        Strokes by class id.
    differs : int64, (P,)
        Raster indices of voxels that were not recorded like this.
    """

    strokes: Strokes
    counts: dict[int, int]
    differs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class ViewResult:
    """What is known of the supervoxels in view before the rest.

    Attributes
    ----------
    supervoxels : int32, (K,)
    classes : uint8, (K,)
        Class id of each.
    confidence : float32, (K,)
        Probability of the most probable class of each.
    seconds : float
        Since the update began.
    """

    supervoxels: NDArray[np.int32]
    classes: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    seconds: float


@dataclass(frozen=True, eq=False)
class LiveResult:
    """Labels of a whole volume from one partition.

    Attributes
    ----------
    class_ids : tuple of int
        Columns of the probabilities.
    labels : uint8, (S,)
        Class id of each supervoxel.
    probabilities : float32, (S, C)
    uncertainty : float32, (S,)
        0 sure, 1 all classes alike.
    n_painted : int
        Supervoxels that strokes touch.
    seconds, seconds_in_view : float
        What it took; 0 where the slice in view did not come first.
    shares : dict of int to ClassShare
        How much of the volume each class has.
    """

    class_ids: tuple[int, ...]
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    uncertainty: NDArray[np.float32]
    n_painted: int
    seconds: float
    seconds_in_view: float
    shares: dict[int, ClassShare]


LONGEST_WAIT = 0.5  # seconds that strokes after strokes can put off the look at them
NOTHING_SEEN = StrokeScan(Strokes.empty(), {})


class LiveLoop:
    """Follows the strokes.

    Parameters
    ----------
    debounce_ms : int
        Pause after a stroke before the work begins.
    annotations : callable
        Returns the voxels that are painted on, uint8, or None.
    recorder : callable
        Returns what compares them with what is written down, or None.
    prepared : callable
        Returns what is prepared, or None.
    in_view : callable
        Returns the slice of the prepared volume that is shown; None if none is.
    parameters : callable
        Returns the parameters that are chosen, of which those of classifier and refinement matter.
    held : callable
        Returns the ids of the classes whose labels are held.

    Attributes
    ----------
    is_live : bool
        Whether updates follow the strokes by themselves.
    scan : StrokeScan
        The strokes as they were seen last.
    counts : StrokeCounts
        Counts them from look to look.
    scanning, ordering : BackgroundTask
        Look for strokes, and at which step each was painted.
    updating : BackgroundTask
        Publishes a `ViewResult`, succeeds with a `LiveResult`.
    """

    looked = Signal(object)  # StrokeScan, of which the strokes may be those of the one before
    scanned = Signal(object)  # StrokeScan, if strokes changed
    failed = Signal(Exception)

    def __init__(
        self,
        debounce_ms: int,
        annotations: Callable[[], NDArray[np.uint8] | None],
        recorder: Callable[[], Recorder | None],
        prepared: Callable[[], Prepared | None],
        in_view: Callable[[], Slices | None],
        parameters: Callable[[], SegmentationParameters],
        held: Callable[[], tuple[int, ...]],
    ) -> None:
        self._annotations, self._recorder, self._prepared = annotations, recorder, prepared
        self._in_view, self._parameters, self._held = in_view, parameters, held
        self.is_live = True
        self.scan, self.counts = NOTHING_SEEN, StrokeCounts()
        self._cropped: tuple[Prepared, StrokeScan, Strokes] | None = None
        self.scanning, self.ordering = BackgroundTask(), BackgroundTask()
        self.updating = BackgroundTask()
        self.scanning.succeeded.connect(self._on_scanned)
        self.ordering.succeeded.connect(self._on_ordered)
        for task in (self.scanning, self.ordering, self.updating):
            task.failed.connect(self.failed.emit)
        self._scan_again = False
        self._is_forced = self._is_due = False  # an update: asked for, and because strokes changed
        self._changed_at: float | None = None  # first change that was not looked at
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(debounce_ms)
        self._timer.timeout.connect(self._start_scan)

    def strokes_changed(self) -> None:
        """Voxels may have changed: look at them after a pause, which is not put off for long."""
        if self._changed_at is None:
            self._changed_at = time.perf_counter()
        if time.perf_counter() - self._changed_at < LONGEST_WAIT or not self._timer.isActive():
            self._timer.start()

    def update(self) -> None:
        """Update now, also where nothing changed or live is off."""
        self._is_forced = True
        self._timer.stop()
        self._start_scan()

    def update_again(self) -> None:
        """Update with the strokes that are known, since something else changed."""
        if self.can_update:
            self._start_update()

    def take_up(self, scan: StrokeScan, counts: StrokeCounts) -> None:
        """Begin with the strokes as another loop saw them last: a look finds what is new since."""
        self.scan, self.counts = scan, counts
        self.scanned.emit(scan)

    def stop(self) -> None:
        """Stop all work, and forget the strokes."""
        self._timer.stop()
        for task in (self.scanning, self.ordering, self.updating):
            task.cancel()
        self._is_forced = self._is_due = self._scan_again = False
        self.scan, self._cropped, self.counts = NOTHING_SEEN, None, StrokeCounts()

    @property
    def is_busy(self) -> bool:
        """Whether anything is to come of strokes that were painted: a look, or an update."""
        return self._timer.isActive() or self._is_looking or self.updating.is_running

    @property
    def has_changed(self) -> bool:
        """Whether voxels may have changed since the last look at them began."""
        return self._changed_at is not None or self._scan_again

    @property
    def _is_looking(self) -> bool:
        return self.scanning.is_running or self.ordering.is_running

    @property
    def strokes(self) -> Strokes | None:
        """The strokes in the part that is prepared; None if nothing is."""
        prepared, scan = self._prepared(), self.scan
        if prepared is None:
            return None
        if self._cropped is None or self._cropped[:2] != (prepared, scan):
            source = prepared.source
            cropped = scan.strokes.crop(source.full_shape, source.box)
            self._cropped = (prepared, scan, cropped)  # widgets ask at every change
        return self._cropped[2]

    @property
    def can_update(self) -> bool:
        """Whether the volume is prepared and two classes are painted in it."""
        strokes = self.strokes
        return strokes is not None and len(strokes.class_ids) >= 2

    def _start_scan(self) -> None:
        self._changed_at = None
        annotations = self._annotations()
        if annotations is None:
            return
        if self._is_looking:
            self._scan_again = True
        else:
            self.scanning.run(_scan_task(annotations, self._recorder()), "Looking for strokes")

    def _on_scanned(self, scan: StrokeScan) -> None:
        self.looked.emit(scan)  # which writes down what is new: from now on it has a step
        recorder = self._recorder()
        if recorder is None:
            self._on_ordered(scan)
        else:
            task = _order_task(scan, recorder, self._prepared())
            self.ordering.run(task, "Looking for strokes")

    def _on_ordered(self, scan: StrokeScan) -> None:
        is_new = scan.strokes != self.scan.strokes
        if is_new:
            counts = self.counts.follow(scan.counts, scan.strokes.sizes)
            scan = replace(scan, counts=counts)
            self._is_due = True  # also where another scan comes first, and finds nothing new
            self.scan = scan
            self.scanned.emit(scan)
        if self._scan_again:
            self._scan_again = False
            self._start_scan()
            return
        is_wanted = self._is_forced or (self._is_due and self.is_live)
        self._is_forced = self._is_due = False
        if is_wanted and self.can_update:
            self._start_update()

    def _start_update(self) -> None:
        prepared, strokes = self._prepared(), self.strokes
        assert prepared is not None
        assert strokes is not None
        task = _update_task(prepared, strokes, self._parameters(), self._held(), self._in_view())
        self.updating.run(task, "Updating the labels")


def _scan_task(annotations: NDArray[np.uint8], recorder: Recorder | None) -> Task:
    def scan(report: Report) -> StrokeScan:
        differs = Strokes.empty().voxels if recorder is None else recorder.look(report.should_stop)
        volume = annotations if annotations.ndim == 3 else annotations[np.newaxis]
        strokes = find_strokes(volume, workers=report.run.silent())
        return StrokeScan(strokes, count_strokes(strokes, volume.shape), differs)

    return scan


def _order_task(scan: StrokeScan, recorder: Recorder, prepared: Prepared | None) -> Task:
    def order(report: Report) -> StrokeScan:
        strokes = recorder.order(scan.strokes)
        # What the GUI thread asks for next is remembered: sizes, and what lies where there is data.
        _ = strokes.sizes
        if prepared is not None:
            source = prepared.source
            inside = strokes.crop(source.full_shape, source.box)
            prepared.segmenter.data_seen.at(inside.voxels)
        return replace(scan, strokes=strokes)

    return order


def _update_task(
    prepared: Prepared,
    strokes: Strokes,
    parameters: SegmentationParameters,
    held: tuple[int, ...],
    in_view: Slices | None,
) -> Task:
    def update(report: Report) -> LiveResult:
        started = time.perf_counter()
        first = 0.0

        has_data = prepared.segmenter.partitions[0].graph.size > 0

        def show(part: InView) -> None:
            nonlocal first
            first = time.perf_counter() - started
            report.publish(
                ViewResult(
                    part.supervoxels,
                    part.class_ids.astype(np.uint8) * has_data[part.supervoxels],
                    part.probabilities.max(axis=1),
                    first,
                )
            )

        result = prepared.segmenter.segment(
            strokes,
            refinement=parameters.refinement,
            classifier=parameters.classifier,
            in_view=None if in_view is None else prepared.ids[in_view],
            on_view=show,
            held=held,
            run=report.run,
        )
        labels = result.supervoxel_classes().astype(np.uint8) * has_data
        return LiveResult(
            result.class_ids,
            labels,
            result.probabilities[0],
            result.supervoxel_uncertainty() * has_data,
            prepared.segmenter.n_painted,
            time.perf_counter() - started,
            first,
            shares_of(labels, prepared.segmenter.partitions[0].graph.size, result.class_ids),
        )

    return update
