"""The segmenter: keeps what is computed, and recomputes only what a change makes necessary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from threading import RLock

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike, Workers, Workspace
from supervox.features import fingerprint
from supervox.segmentation.classifier.estimators import Estimator
from supervox.segmentation.classifier.fitting import Trainer
from supervox.segmentation.classifier.parameters import OWN, ClassifierParameters
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.refinement.label_costs import LabelCosts
from supervox.segmentation.refinement.parameters import Balance, RefinementParameters
from supervox.segmentation.refinement.share import FoundBalance
from supervox.segmentation.rendering.renderer import Renderer
from supervox.segmentation.rendering.segmentation import Segmentation
from supervox.segmentation.rendering.shares import class_shares
from supervox.volumes import VolumeClass

from .balance import search_balances
from .checks import SegmentationError, check_channel_count
from .memory import Memory
from .model import Model
from .parameters import SegmentationParameters
from .prepared_volume import PreparedVolume
from .strokes import Strokes, usable_strokes
from .strokes_in_data import strokes_in_data
from .training import Learned, learn, model_of, predict_partitions, refine_partitions
from .view_first import InView, segment_in_view

Refined = tuple[NDArray[np.int32], ...]
UNTRAINED = "nothing is trained: segment with strokes first"


class Segmenter(PreparedVolume):
    """Segments one volume, again and again, while strokes and parameters change.

    May be called from several threads; the calls follow one another.

    Parameters
    ----------
    volume : array-like, (Z, Y, X) or (Y, X), any real dtype
        Read block by block.
    channels : sequence of array-like, of the volume's shape
        Further images of the same voxels, as of other energies or detectors: their features help
        to tell the classes apart. Supervoxels and borders are those of `volume`.
    mask : array-like, of the volume's shape, any real dtype, optional
        0 where there is no data, beside what `no_data` of the parameters says. Labels are 0 there.
    spacing : sequence of float
        Voxel size per axis.
    parameters : SegmentationParameters, optional
    estimator : Estimator, optional
        An object with scikit-learn's `fit`, `predict_proba` and `classes_` that takes the place of
        the classifier of `parameters`. It stays as it is: copies learn.
    workers : int, Executor or Run, optional
        Threads, one per processor by default; or what prepares the volume, block by block; or a
        `Run`, which also shows progress and stops. No result depends on it. Each call may bring a
        `Run` of its own.
    partitions : sequence of Partition, optional
        The first partitions, where another segmenter has prepared them for this volume with the
        same parameters.
    workspace : Workspace, optional
        Where large arrays lie; all in memory by default. No result depends on it.

    Attributes
    ----------
    seconds : dict of str to float
        What the stages of the last call took; a stage that was not needed is missing.
    memory : Memory
        What was learned at the moments of the strokes' history.

    Raises
    ------
    SegmentationError
        If the volume, a channel, the mask, the spacing or the estimator is unusable.
    """

    def __init__(
        self,
        volume: VolumeLike,
        *,
        channels: Sequence[VolumeLike] = (),
        mask: VolumeLike | None = None,
        spacing: Sequence[float] = (1, 1, 1),
        parameters: SegmentationParameters | None = None,
        estimator: Estimator | None = None,
        workers: Workers = None,
        partitions: Sequence[Partition] = (),
        workspace: Workspace | None = None,
    ) -> None:
        parameters = parameters or SegmentationParameters()
        if estimator is not None:
            own = replace(parameters.classifier, method=OWN)
            parameters = replace(parameters, classifier=own)
        super().__init__(
            volume, channels, mask, spacing, parameters, workers, partitions, workspace
        )
        self.memory = Memory(Trainer(parameters.classifier, estimator))
        self._learned: Learned | None = None
        self._refined: tuple[NDArray[np.int32], ...] = ()
        self._refined_from: tuple[Learned, RefinementParameters] | None = None

    def configure(self, parameters: SegmentationParameters) -> None:
        """Change parameters; only what they determine is forgotten."""
        with self._lock:
            old = self._parameters
            super().configure(parameters)
            if not self._partitions:
                self.memory = Memory(self.memory.trainer)
            if old.classifier != parameters.classifier:
                trainer = replace(self.memory.trainer, parameters=parameters.classifier)
                self.memory = Memory(trainer)
            if replace(old, refinement=parameters.refinement) != parameters:
                self._learned = None

    def fork(self) -> Segmenter:
        """Return another segmenter that knows what this one knows; neither changes the other."""
        with self._lock:
            other = copy(self)
            other._lock, other.seconds = RLock(), {}
            other._partitions, other.memory = list(self._partitions), self.memory.copy()
        return other

    @property
    def n_painted(self) -> int:
        """Supervoxels of the first partition that strokes touch."""
        painted = self._learned.painted if self._learned is not None else ()
        return painted[0].supervoxels.size if painted else 0

    def segment(
        self,
        annotations: VolumeLike | Strokes,
        *,
        refinement: RefinementParameters | None = None,
        classifier: ClassifierParameters | None = None,
        in_view: NDArray[np.int32] | None = None,
        on_view: Callable[[InView], None] | None = None,
        held: Sequence[int] = (),
        run: Run | None = None,
    ) -> Segmentation:
        """Turn the strokes into labels for the whole volume.

        Prepares the volume if that is not done. A change of the strokes never recomputes
        supervoxels or features, one of `classifier` neither; a change of `refinement` never trains.

        Parameters
        ----------
        annotations : integers, (Z, Y, X), or Strokes
            0 = unlabelled; or the painted voxels, where they are known.
        refinement : RefinementParameters, optional
            Replaces those of `parameters` from now on.
        classifier : ClassifierParameters, optional
            As well.
        in_view : int32, any shape, optional
            Supervoxels of the first partition that are looked at.
        on_view : callable, optional
            Called with what is known of those, before the rest of the volume is labelled.
        held : sequence of int
            Classes whose labels are settled: no voxel gets them, see `Segmentation`.
        run : Run, optional
            Shows the progress of the preparation. Asked whether to stop every few hundredths of a
            second, on any thread, by one at a time; what was known before a stop stays. That of
            the segmenter by default.

        Raises
        ------
        SegmentationError
            If the annotations do not fit the volume, or hold fewer than two classes, or the
            classifier can't be trained.
        Cancelled
            If the run is to stop.
        """
        run = self._run(run).latched()
        local = run.local().silent()
        with self._lock:
            self.seconds = {}
            if refinement is not None:
                self.configure(replace(self.parameters, refinement=refinement))
            if classifier is not None:
                self.configure(replace(self.parameters, classifier=classifier))
            with self._timed("scan"):
                strokes = usable_strokes(annotations, self.volume.shape, run=local)
            self.memory.trainer.check()  # before hours are spent
            self.prepare(run=run)
            strokes = strokes_in_data(strokes, self.data_seen)
            moments = self.memory.moments(self._partitions, strokes)
            painted, earlier, told = moments[-1].painted, self._learned, (self._partitions, moments)
            known = earlier if earlier is not None and earlier.follows_from(moments) else None
            if known:
                trained = known.classifier
            else:
                with self._timed("train"):
                    trained = self.memory.train(*told, run=local)
            seen = None
            if in_view is not None and on_view is not None:
                with self._timed("view"):
                    seen, part = segment_in_view(
                        self._partitions[0],
                        in_view,
                        trained,
                        earlier.label_costs if earlier is not None else None,
                        painted[0],
                        refinement=self.parameters.refinement,
                        held=held,
                        run=local,
                    )
                on_view(part)
            self._learned = known or learn(
                self.memory, *told, trained, known=seen, timed=self._timed, run=local
            )
            return self._finish(held, local)

    def apply(
        self, model: Model, *, held: Sequence[int] = (), run: Run | None = None
    ) -> Segmentation:
        """Label the volume with a model that was trained before.

        On the volume that the model was trained on, this gives the labels of the training run,
        painted supervoxels included; on any other volume the classifier decides alone.

        Parameters
        ----------
        model : Model
            Its parameters replace those of the segmenter.
        held, run
            As for `segment`.

        Raises
        ------
        SegmentationError
            If the model asks for more channels, or fewer, or for other features.
        Cancelled
            If the run is to stop.
        """
        run = self._run(run).latched()
        local = run.local().silent()
        check_channel_count(model.n_images, len(self.images))
        with self._lock:
            self.seconds = {}
            self.configure(model.parameters)
            self._learned = None
            self.prepare(run=run)
            model.check_columns(self._partitions[0].table.values.shape[1])
            digest = fingerprint(*self.images)
            at_home = digest == model.trained_on and self.spacing == model.spacing
            with self._timed("predict"):
                probabilities = predict_partitions(model.classifier, self._partitions, run=local)
            painted = model.painted if at_home else ()
            costs = LabelCosts(model.label_costs, 1.0)
            self._learned = Learned(painted, model.classifier, probabilities, costs)
            return self._finish(held, local)

    def balance_for_shares(
        self, shares: Balance, *, run: Run | None = None
    ) -> dict[int, FoundBalance]:
        """Find the balances with which classes have shares of the volume; changes nothing.

        Parameters, and what is raised, are those of `search_balances`; with a `SegmentationError`
        as well if nothing was learned.
        """
        with self._lock:
            if self._learned is None:
                raise SegmentationError(UNTRAINED)
            refinement, run = self.parameters.refinement, self._run(run).latched().local().silent()

            def share_of_labels(balanced: Learned, classes: Refined) -> Mapping[int, float]:
                return class_shares(self._result(balanced, classes), self._partitions, run=run)

            known = self._learned, self._partitions, refinement
            return search_balances(*known, shares, share_of_labels, run=run)

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
        if self._learned is None:
            raise SegmentationError(UNTRAINED)
        images = fingerprint(*self.images), len(self.images)
        return model_of(self._learned, self.parameters, images, self.spacing, classes, unit)

    def _finish(self, held: Sequence[int], run: Run) -> Segmentation:
        """Refine if anything changed, and hand out the result."""
        learned, refinement = self._learned, self.parameters.refinement
        assert learned is not None
        balanced = learned.balanced(refinement.balance)
        if self._refined_from != (learned, refinement):
            with self._timed("refine"):
                parts, strength = self._partitions, refinement.strength
                self._refined = refine_partitions(balanced, parts, strength, run=run)
            self._refined_from = learned, refinement
        return self._result(balanced, self._refined, held)

    def _result(
        self, balanced: Learned, classes: Refined, held: Sequence[int] = ()
    ) -> Segmentation:
        """Return what makes voxels of what was learned, and of what refinement chose."""
        renderer = Renderer.of_partitions(
            self.volume, self.spacing, self.intensity, self.parameters, self._partitions
        )
        tables = balanced.classifier.class_ids, balanced.probabilities, classes
        return Segmentation(*tables, renderer, self.run.threads, held=tuple(held))
