"""The segmenter: keeps what is computed, and recomputes only what a change makes necessary."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
from .held_out import hold_out, sample_volume, training_rows
from .in_view import InView, label_in_view
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
    partitions : sequence of Partition, optional
        The first partitions, where another segmenter has prepared them for this volume with the
        same parameters.

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
        partitions: Sequence[Partition] = (),
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
        self._partitions = list(partitions[: self._parameters.partitions])
        if any(tuple(part.ids.shape) != tuple(self.volume.shape) for part in self._partitions):
            raise SegmentationError("the partitions were prepared for a volume of another shape")
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

    @property
    def n_painted(self) -> int:
        """Supervoxels of the first partition that strokes touch."""
        return self._painted[0].supervoxels.size if self._painted else 0

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
        annotations: VolumeLike | Strokes,
        *,
        refinement: RefinementParameters | None = None,
        in_view: NDArray[np.int32] | None = None,
        on_view: Callable[[InView], None] | None = None,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Segmentation:
        """Turn the strokes into labels for the whole volume.

        Prepares the volume if that is not done. A change of the strokes never recomputes
        supervoxels or features, a change of `refinement` never trains.

        Parameters
        ----------
        annotations : integers, (Z, Y, X), or Strokes
            0 = unlabelled; or the painted voxels, where they are known.
        refinement : RefinementParameters, optional
            Replaces those of `parameters` from now on.
        in_view : int32, any shape, optional
            Supervoxels of the first partition that are looked at.
        on_view : callable, optional
            Called with what is known of those, before the rest of the volume is labelled.
        progress, should_stop : callable, optional
            For the preparation.

        Raises
        ------
        SegmentationError
            If the annotations do not fit the volume, or hold fewer than two classes.
        """
        with self._lock:
            self.seconds = {}
            if refinement is not None:
                self.configure(replace(self.parameters, refinement=refinement))
            strokes = self._scan(annotations)
            self.prepare(progress=progress, should_stop=should_stop)
            painted = tuple(Painted(*label_supervoxels(p.ids, strokes)) for p in self._partitions)
            is_new = painted != self._painted or self._coupling is None
            earlier = self._coupling
            if is_new:
                self._train(painted)
            if in_view is not None and on_view is not None:
                on_view(self._look(in_view, earlier))
            if is_new:
                self._predict()
                self._couple(strokes)
            return self._finish()

    def _scan(self, annotations: VolumeLike | Strokes) -> Strokes:
        """Find the painted voxels, if they aren't known."""
        started = time.perf_counter()
        if isinstance(annotations, Strokes):
            strokes = annotations
        else:
            annotations = check_annotations(annotations, self.volume.shape)
            strokes = find_strokes(annotations, workers=self.workers)
        check_classes(strokes.class_ids)
        self._add_seconds("scan", started)
        return strokes

    def _look(self, in_view: NDArray[np.int32], earlier: Coupling | None) -> InView:
        """Label what is looked at, with the coupling of the strokes before if there were any."""
        assert self._forest is not None
        started = time.perf_counter()
        n_classes = len(self._forest.class_ids)
        fits = earlier is not None and len(earlier.distance) == n_classes
        part = label_in_view(
            self._partitions[0],
            in_view,
            self._forest,
            earlier if earlier is not None and fits else Coupling.unknown(n_classes),
            self._painted[0],
            strength=self.parameters.refinement.strength,
            workers=self.workers,
        )
        self._add_seconds("view", started)
        return part

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
            self._forest = model.forest
            self._predict()
            self._coupling = Coupling(model.distance, 1.0)
            return self._finish()

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
        rows = training_rows(self._partitions, painted)
        forest = train_forest(*rows, self.parameters.classifier, workers=self.workers)
        self._add_seconds("train", started)
        self._painted, self._forest, self._coupling = painted, forest, None

    def _predict(self) -> None:
        started = time.perf_counter()
        forest = self._forest
        assert forest is not None
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

    def _finish(self) -> Segmentation:
        """Refine if anything changed, and hand out the result."""
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
                self._probabilities[index], partition.links, distance, painted=known[index]
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
