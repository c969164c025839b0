"""A volume in pieces: prepared once, and again as far as parameters make it necessary."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import RLock

from supervox.execution import Run, VolumeLike, Workers, Workspace
from supervox.segmentation.graph.partition import Channel, Partition, PreparationStore
from supervox.segmentation.preparation.prepare import prepare_partitions

from .checks import (
    SegmentationError,
    check_channels,
    check_spacing,
    check_volume,
    look_at,
)
from .parameters import SegmentationParameters
from .strokes_in_data import DataSeen
from .warm_up import warm_up


class PreparedVolume:
    """A volume, its further channels, and the partitions that are prepared of them.

    Parameters and errors are those of `Segmenter`.

    Attributes
    ----------
    spacing : tuple of 3 float
    volume : array-like, (Z, Y, X)
        With gaps where it has no data.
    intensity : Intensity
        Scale of its values.
    data_seen : DataSeen
        Where it has data, as far as strokes asked.
    channels : tuple of Channel
    seconds : dict of str to float
        What the stages of the last call took; a stage that was not needed is missing.
    """

    def __init__(
        self,
        volume: VolumeLike,
        channels: Sequence[VolumeLike],
        mask: VolumeLike | None,
        spacing: Sequence[float],
        parameters: SegmentationParameters,
        workers: Workers,
        partitions: Sequence[Partition],
        workspace: Workspace | None,
    ) -> None:
        self.spacing = check_spacing(spacing, len(volume.shape))
        self._given = check_volume(volume)
        self._further = check_channels(channels, self._given.shape)
        self._mask = mask
        self._parameters = parameters
        self._lock = RLock()  # one change at a time; each call sees a whole state
        self.run, self.workspace = Run.of(workers), workspace
        self.seconds: dict[str, float] = {}
        self._look()
        self._partitions = list(partitions[: parameters.partitions])
        if any(tuple(part.ids.shape) != tuple(self.volume.shape) for part in self._partitions):
            raise SegmentationError("the partitions were prepared for a volume of another shape")

    def _look(self) -> None:
        """Find out where the images have data, and their intensity scales."""
        no_data = self._parameters.no_data
        self.volume, self.intensity = look_at(self._given, no_data, self._mask)
        self.data_seen = DataSeen(self.volume)
        self.channels = tuple(
            Channel(*look_at(image, no_data, self._mask, f"channel {number}: "))
            for number, image in enumerate(self._further, 2)
        )

    @property
    def parameters(self) -> SegmentationParameters:
        """What determines the result besides volume and strokes; see `configure`."""
        return self._parameters

    def configure(self, parameters: SegmentationParameters) -> None:
        """Change parameters; only what they determine is forgotten."""
        with self._lock:
            old, self._parameters = self._parameters, parameters
            if (old.supervoxels, old.features) != (parameters.supervoxels, parameters.features):
                self._partitions = []
            if old.no_data != parameters.no_data:
                self._look()
                self._partitions = []
            del self._partitions[parameters.partitions :]

    @property
    def images(self) -> tuple[VolumeLike, ...]:
        """The volume and its further channels."""
        return self.volume, *(channel.volume for channel in self.channels)

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """The partitions that are prepared."""
        return tuple(self._partitions)

    def prepare(self, *, store: PreparationStore | None = None, run: Run | None = None) -> None:
        """Compute supervoxels, features and graphs; what is there already is kept.

        Parameters
        ----------
        store : PreparationStore, optional
            Keeps what is finished; what it has is not computed.
        run : Run, optional
            Asked whether to stop between blocks; that of the segmenter by default.

        Raises
        ------
        Cancelled
            If the run is to stop.
        """
        run = self._run(run)
        with self._lock:
            if len(self._partitions) == self.parameters.partitions:
                return
            with self._timed("prepare"), ThreadPoolExecutor(1) as pool:
                warmed = pool.submit(warm_up)  # or a stroke would have to wait for the kernels
                self._partitions = prepare_partitions(
                    self.volume,
                    self.parameters.shifts,
                    self.parameters,
                    spacing=self.spacing,
                    intensity=self.intensity,
                    channels=self.channels,
                    done=self._partitions,
                    store=store,
                    workspace=self.workspace,
                    run=run,
                )
                warmed.result()

    def _run(self, run: Run | None) -> Run:
        """Return how a call runs: on the workers of the segmenter, if it doesn't say on which."""
        return self.run if run is None else run.by_default_on(self.run.workers)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        """Note what a stage took."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started
