"""The segmenter: keeps what is computed, and recomputes only what a change makes necessary."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from threading import RLock

import numpy as np
from numpy.typing import NDArray
from supervox.features import (
    IntensityRange,
    Progress,
    ShouldStop,
    VolumeLike,
    run_parallel,
)
from supervox.volumes import VolumeClass

from .checks import (
    SegmentationError,
    check_annotations,
    check_classes,
    check_spacing,
    check_volume,
)
from .coupling import Coupling, learn_coupling
from .forest import Forest, train_forest
from .held_out import hold_out, sample_volume
from .model import Model, Painted, fingerprint
from .parameters import SegmentationParameters
from .partition import Partition, prepare_partitions
from .refinement import RefinementParameters, minimise
from .rendering import Renderer
from .result import Segmentation
from .strokes import Strokes, find_strokes, label_supervoxels


class Segmenter:
    """Segments one volume, again and again, while strokes and parameters change.

    May be called from several threads; the calls follow one another.

    Parameters
    ----------
    volume : array-like, (Z, Y, X) or (Y, X), any real dtype
        Read block by block.
    spacing : sequence of float
        Voxel size per axis.
    parameters : SegmentationParameters, optional
    workers : int, optional
        Threads; one per processor by default. No result depends on it.

    Attributes
    ----------
    seconds : dict of str to float
        What the stages of the last call took; a stage that was not needed is missing.

    Raises
    ------
    SegmentationError
        If the volume or the spacing is unusable.

    Examples
    --------
    >>> segmenter = Segmenter(volume, spacing=(40, 40, 40))  # doctest: +SKIP
    >>> labels = segmenter.segment(annotations).labels  # doctest: +SKIP
    """

    def __init__(
        self,
        volume: VolumeLike,
        *,
        spacing: Sequence[float] = (1, 1, 1),
        parameters: SegmentationParameters | None = None,
        workers: int | None = None,
    ) -> None:
        self.spacing = check_spacing(spacing, len(volume.shape))
        self.volume = check_volume(volume)
        self._parameters = parameters or SegmentationParameters()
        self._lock = RLock()  # one change at a time; each call sees a whole state
        self.workers = workers
        self.seconds: dict[str, float] = {}
        try:
            self.intensity = IntensityRange.measure(self.volume)
        except ValueError as error:
            raise SegmentationError(str(error)) from error
        self._partitions: list[Partition] = []
        self._painted: tuple[Painted, ...] = ()
        self._forest: Forest | None = None
        self._coupling: Coupling | None = None
        self._probabilities: tuple[NDArray[np.float32], ...] = ()
        self._refined: tuple[NDArray[np.int32], ...] = ()
        self._refined_with: RefinementParameters | None = None

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
            del self._partitions[parameters.partitions :]
            if replace(old, refinement=parameters.refinement) != parameters:
                self._forget()

    def _forget(self) -> None:
        """Drop what was learned."""
        self._painted, self._forest, self._coupling = (), None, None

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """The partitions that are prepared."""
        return tuple(self._partitions)

    def prepare(
        self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None
    ) -> None:
        """Compute supervoxels, features and graphs; what is there already is kept.

        Parameters
        ----------
        progress : callable, optional
            Called as ``progress(done, total)``.
        should_stop : callable, optional
            Asked between blocks.

        Raises
        ------
        Cancelled
            If `should_stop` said so.
        """
        with self._lock:
            missing = self.parameters.shifts[len(self._partitions) :]
            if not missing:
                return
            started = time.perf_counter()
            self._partitions += prepare_partitions(
                self.volume,
                missing,
                self.parameters,
                spacing=self.spacing,
                intensity=self.intensity,
                workers=self.workers,
                progress=progress,
                should_stop=should_stop,
            )
            self._add_seconds("prepare", started)

    def segment(
        self,
        annotations: VolumeLike,
        *,
        refinement: RefinementParameters | None = None,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Segmentation:
        """Turn the strokes into labels for the whole volume.

        Prepares the volume if that is not done. A change of the strokes never recomputes
        supervoxels or features, a change of `refinement` never trains.

        Parameters
        ----------
        annotations : integers, (Z, Y, X)
            0 = unlabelled.
        refinement : RefinementParameters, optional
            Replaces those of `parameters` from now on.
        progress, should_stop : callable, optional
            For the preparation.

        Raises
        ------
        SegmentationError
            If the annotations do not fit the volume, or hold fewer than two classes.
        """
        with self._lock:
            self.seconds = {}
            annotations = check_annotations(annotations, self.volume.shape)
            started = time.perf_counter()
            strokes = find_strokes(annotations, workers=self.workers)
            check_classes(strokes.class_ids)
            self._add_seconds("scan", started)
            self.prepare(progress=progress, should_stop=should_stop)
            painted = tuple(Painted(*label_supervoxels(p.ids, strokes)) for p in self._partitions)
            if painted != self._painted or self._coupling is None:
                self._train(painted)
                self._couple(strokes)
            return self._finish(refinement)

    def apply(
        self,
        model: Model,
        *,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Segmentation:
        """Label the volume with a model that was trained before.

        On the volume that the model was trained on, this gives the labels of the training run,
        painted supervoxels included; on any other volume the forest decides alone.

        Parameters
        ----------
        model : Model
            Its parameters replace those of the segmenter.
        progress, should_stop : callable, optional
            For the preparation.
        """
        with self._lock:
            self.seconds = {}
            self.configure(model.parameters)
            self._forget()
            self.prepare(progress=progress, should_stop=should_stop)
            at_home = fingerprint(self.volume) == model.trained_on and self.spacing == model.spacing
            self._painted = model.painted if at_home else ()
            self._predict(model.forest)
            self._coupling = Coupling(model.distance, 1.0)
            return self._finish(None)

    def model(self, *, classes: Sequence[VolumeClass] = (), unit: str | None = None) -> Model:
        """Return what was learned, for `save_model`.

        Parameters
        ----------
        classes : sequence of VolumeClass
            Names and colours, as far as there are any; those of other classes are left out.
        unit : str, optional
            Unit of the spacing, for volumes that are given in another.

        Raises
        ------
        SegmentationError
            If nothing was trained.
        """
        if self._forest is None or self._coupling is None:
            raise SegmentationError("nothing is trained: segment with strokes first")
        named = {item.value: item for item in classes}
        return Model(
            self.parameters,
            self._forest,
            self._painted,
            fingerprint(self.volume),
            self.spacing,
            self._coupling.distance,
            unit,
            tuple(named[k] for k in self._forest.class_ids if k in named),
        )

    def _train(self, painted: tuple[Painted, ...]) -> None:
        started = time.perf_counter()
        forest = train_forest(
            np.concatenate(
                [
                    p.table.values[at.supervoxels]
                    for p, at in zip(self._partitions, painted, strict=True)
                ]
            ),
            np.concatenate([at.classes for at in painted]),
            self.parameters.classifier,
            workers=self.workers,
        )
        self._add_seconds("train", started)
        self._painted = painted
        self._predict(forest)

    def _predict(self, forest: Forest) -> None:
        started = time.perf_counter()
        self._forest = forest
        self._coupling = None
        self._probabilities = tuple(
            forest.predict(partition.table.values, workers=self.workers)
            for partition in self._partitions
        )
        self._refined_with = None
        self._add_seconds("predict", started)

    def _couple(self, strokes: Strokes) -> None:
        """Learn from strokes and volume what borders between the classes cost."""
        started = time.perf_counter()
        trials = hold_out(
            self._partitions,
            strokes,
            self._painted,
            self.parameters.classifier,
            workers=self.workers,
        )
        graph = self._partitions[0].graph
        per_supervoxel = max(1.0, len(graph.edges) / graph.n_supervoxels)
        sample = sample_volume(self._partitions[0], self._probabilities[0])
        self._coupling = learn_coupling(trials, sample, per_supervoxel, workers=self.workers)
        self._add_seconds("couple", started)

    def _finish(self, refinement: RefinementParameters | None) -> Segmentation:
        """Refine if anything changed, and hand out the result."""
        if refinement is not None:
            self.configure(replace(self.parameters, refinement=refinement))
        assert self._forest is not None
        assert self._coupling is not None
        if self._refined_with != self.parameters.refinement:
            started = time.perf_counter()
            self._refined = self._refine(self._forest, self._coupling)
            self._refined_with = self.parameters.refinement
            self._add_seconds("refine", started)
        renderer = Renderer(
            self.volume,
            self.spacing,
            self.intensity,
            self.parameters.supervoxels.smoothing_voxels,
            tuple(partition.ids for partition in self._partitions),
            self.parameters.edge_refinement,
        )
        return Segmentation(
            self._forest.class_ids, self._probabilities, self._refined, renderer, self.workers
        )

    def _refine(self, forest: Forest, coupling: Coupling) -> tuple[NDArray[np.int32], ...]:
        known: list[tuple[NDArray[np.int32], NDArray[np.int32]] | None]
        known = [
            (at.supervoxels, np.searchsorted(forest.class_ids, at.classes).astype(np.int32))
            for at in self._painted
        ] or [None for _ in self._partitions]
        distance = self.parameters.refinement.strength * coupling.distance

        def one(index: int) -> NDArray[np.int32]:
            partition = self._partitions[index]
            return minimise(
                self._probabilities[index],
                partition.graph.edges,
                partition.weights,
                distance,
                painted=known[index],
            )

        return tuple(run_parallel(one, range(len(self._partitions)), workers=self.workers))

    def _add_seconds(self, stage: str, started: float) -> None:
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started


def segment(
    volume: VolumeLike,
    annotations: VolumeLike,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    parameters: SegmentationParameters | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Segmentation:
    """Segment a volume from a few strokes.

    Parameters
    ----------
    volume : array-like, (Z, Y, X) or (Y, X), any real dtype
    annotations : integers, of the volume's shape
        0 = unlabelled; other values are class ids and come out unchanged.
    spacing : sequence of float
        Voxel size per axis.
    parameters : SegmentationParameters, optional
    workers : int, optional
        Threads; one per processor by default. The result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, total)`` while the volume is prepared.
    should_stop : callable, optional
        Asked between blocks.

    Returns
    -------
    Segmentation

    Raises
    ------
    SegmentationError
        If the volume, the strokes or the spacing can't be used; the message says why.
    Cancelled
        If `should_stop` said so.
    """
    segmenter = Segmenter(volume, spacing=spacing, parameters=parameters, workers=workers)
    return segmenter.segment(annotations, progress=progress, should_stop=should_stop)
