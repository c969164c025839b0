"""The end of the work: final labels, and files of what there is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from psygnal import Signal
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.project.restoring import Kept, Restored, restoring_labels
from supervox.napari_plugin.tasks.exporting import Exporting, ExportKind, ExportRequest
from supervox.napari_plugin.tasks.finishing import Finished, Finishing
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.live import NOTHING_SEEN, LiveLoop
from supervox.napari_plugin.tasks.measuring import FinalLabels
from supervox.napari_plugin.tasks.other_partitions import OtherPartitions
from supervox.napari_plugin.tasks.preparing import Preparation, Prepared
from supervox.napari_plugin.tasks.resources import Resources
from supervox.project import Project
from supervox.segmentation import (
    Model,
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    Strokes,
)

from .objects import Objects
from .state_pieces import Written
from .view import ResultView
from .view_choices import Shown
from .working_image import WorkingImage

QUICK_S = 30.0


class Delivery:
    """Computes final labels, and writes files; what needs final labels computes them first.

    Parameters
    ----------
    resources : Resources
        What finishing may use.
    volume, preparation, painting, classes, live
        What there is: the image, what is prepared of it, and the strokes.
    view : ResultView
        Shows the final labels.
    parameters : callable
        Returns the parameters that are chosen.
    project : callable
        Returns the project that is open, or None: a report is of its history.

    Attributes
    ----------
    finishing, exporting : Finishing, Exporting
    restoring : BackgroundTask
        Makes what a project has of final labels usable again.
    others : OtherPartitions
        Prepared behind the live work.
    objects : Objects
        Of the final labels.
    folder : Path or None
        Where to.
    """

    computed = Signal(Finished)  # final labels that no project has yet

    def __init__(
        self,
        resources: Resources,
        volume: WorkingImage,
        preparation: Preparation,
        painting: Painting,
        classes: ClassList,
        live: LiveLoop,
        view: ResultView,
        parameters: Callable[[], SegmentationParameters],
        project: Callable[[], Project | None],
    ) -> None:
        self._resources, self._volume, self._preparation = resources, volume, preparation
        self._painting, self._classes, self._live, self._view = painting, classes, live, view
        self._parameters, self._project = parameters, project
        self.finishing, self.others = Finishing(resources), OtherPartitions(resources)
        self.exporting, self.restoring = Exporting(), BackgroundTask()
        self.objects = Objects(volume, painting, view, lambda: self.final)
        self._kept: Kept | None = None  # labels of a project, until that is done
        self._writing: ExportRequest | None = None
        self._written: ExportRequest | None = None
        self.folder: Path | None = None
        self._as_final: frozenset[int] = frozenset()  # are held as the final labels have them
        self._pending: tuple[ExportKind, Path] | None = None  # waits for the final labels
        self.finishing.succeeded.connect(self._on_finished)
        self.restoring.succeeded.connect(self._on_restored)
        self.finishing.changed.connect(self._forget_pending)
        self.exporting.succeeded.connect(self._on_exported)

    @property
    def stages(self) -> tuple[BackgroundTask, ...]:
        """The long work."""
        final = self.finishing, self.exporting, self.others, self.restoring
        return *final, *self.objects.stages

    @property
    def is_finished(self) -> bool:
        """Whether the final labels are those of the strokes and choices of now.

        Those of a model are as long as strokes give no others.
        """
        finished, source, strokes = self.finishing.finished, self._volume.source, self._live.strokes
        if finished is None or source is None or strokes is None:
            return False
        if not self._is_held_as(finished.held):
            return False
        if finished.beside is not None and not self._live.can_update:
            return finished.is_of(source, self._parameters())
        return finished.is_for(source, strokes, self._parameters())

    @property
    def is_final_current(self) -> bool:
        """Whether labels that are shown as final are those of now, whatever else is there."""
        kept, source, scan = self._kept, self._volume.source, self._live.scan
        if kept is None or source is None:
            return self.is_finished
        is_same = kept.source == source and kept.parameters == self._parameters()
        is_same &= self._is_held_as(kept.held)
        if scan is NOTHING_SEEN:  # no look at the strokes as yet
            return is_same
        return is_same and kept.strokes == scan.strokes.crop(source.full_shape, source.box)

    @property
    def final(self) -> FinalLabels | None:
        """The final labels, of now or older; None if there are none."""
        kept, finished = self._kept, self.finishing.finished
        corrections = self._painting.corrections
        if kept is not None:
            source, labels, ids = kept.source, kept.labels, kept.strokes.class_ids
        elif finished is not None:
            source, labels = finished.source, finished.labels
            ids = finished.segmentation.class_ids
        else:
            return None
        return FinalLabels(
            source,
            labels,
            corrections.label_ids(ids),
            self.is_final_current,
            None if corrections.over is None else corrections.over.of(source.box),
            corrections.state,
        )

    @property
    def is_reading(self) -> bool:
        """Whether labels of a project are shown that nothing can be made from as yet."""
        return self._kept is not None

    @property
    def as_final(self) -> frozenset[int]:
        """Ids of the classes that are held since the final labels, as these have them."""
        return self._as_final

    def take_up(self, finished: Finished | None, as_final: frozenset[int]) -> None:
        """Go on with final labels of a dock before; whoever calls shows them."""
        self.finishing.finished, self._as_final = finished, as_final
        self.finishing.changed.emit()

    @property
    def held(self) -> tuple[int, ...]:
        """Ids of the classes whose labels are held."""
        return self._classes.held

    def note_held(self, class_id: int, as_final: bool) -> None:
        """Know that a class is held, as the final labels have it, which needn't be made anew.

        Otherwise they are those of now only if it was held, or wasn't, when they were made.
        """
        self._as_final -= {class_id}
        if as_final:
            self._as_final |= {class_id}

    def _is_held_as(self, then: tuple[int, ...]) -> bool:
        return {*then, *self._as_final} == set(self.held)

    @property
    def painted(self) -> frozenset[int]:
        """Ids of the classes that have strokes."""
        return frozenset(self._live.scan.counts)

    @property
    def written(self) -> Written | None:
        """What was written last, and whether it is older than what there is now."""
        request, live = self._written, self._live
        if request is None:
            return None
        if request.kind is ExportKind.CORRECTIONS:
            is_old = request.corrections != self._painting.corrections.state
        elif request.kind is ExportKind.STROKES:
            is_old = request.order != live.scan.strokes
        else:
            is_old = request.finished is not self.finishing.finished or not self.is_finished
            is_old |= request.corrections != self._painting.corrections.state
        ids = [item.value for item in request.classes]
        return Written(request.path, is_old or request.classes != self._classes.for_files(ids))

    def forget(self) -> None:
        """Begin anew with another image."""
        self.finishing.forget()
        self.restoring.cancel()
        self._kept, self._as_final = None, frozenset()
        self.others.forget()
        self.objects.forget()
        self._written = None

    def best_segmenter(self, prepared: Prepared) -> Segmenter:
        """Return one of all partitions of what is prepared, or of as many as there are."""
        finished, others = self.finishing.finished, self.others
        if finished is not None and prepared.is_for(finished.source, finished.segmenter.parameters):
            return finished.segmenter
        return others.segmenter_of(prepared)

    @property
    def is_draft(self) -> bool:
        """Whether final labels come of more partitions than live ones can have by now."""
        prepared, wanted = self._preparation.prepared, self._parameters().partitions
        return prepared is not None and len(self.best_segmenter(prepared).partitions) < wanted

    def finish(self) -> None:
        """Compute the final labels in full quality."""
        prepared, strokes = self._preparation.prepared, self._live.strokes
        if prepared is not None and strokes is not None and self._live.can_update:
            partitions = self.others.segmenter_of(prepared).partitions
            self.restoring.cancel()
            self.others.cancel()  # what they lack, finishing makes
            of = self._parameters(), partitions, self.held
            self.finishing.start(prepared, strokes, *of)

    def finish_if_quick(self) -> bool:
        """Compute final labels again, unasked, if that took no longer than a person waits.

        Tells whether it began.
        """
        finished = self.finishing.finished
        is_quick = finished is not None and finished.seconds <= QUICK_S
        if is_quick:
            self.finish()
        return is_quick and self.finishing.is_running

    def finish_with(self, prepared: Prepared, model: Model) -> None:
        """Compute final labels with a model that was trained before."""
        strokes = self._live.strokes
        self.restoring.cancel()
        strokes = Strokes.empty() if strokes is None else strokes
        self.finishing.start_with(prepared, model, strokes, self.held)

    def show_kept(self, kept: Kept) -> None:
        """Show the final labels of a project as they are, before anything is computed."""
        self._kept = kept
        if (image := self._volume.image) is not None:
            self._view.show_final(image, kept.source, kept.labels, kept.strokes.class_ids)

    def restore(self, project: Project, restored: Restored) -> None:
        """Show the final labels of a project again, where there is room for its partitions.

        Parameters
        ----------
        project : Project
        restored : Restored
        """
        if (model := restored.model) is None:
            return
        resources, source = self._resources, restored.prepared.source
        n_classes, held = len(model.classifier.class_ids), math.prod(source.shape)
        try:
            room = resources.room(source, model.parameters, n_classes=n_classes, held_bytes=held)
        except SegmentationError:
            return  # they can't be finished anew either, which says why
        known = self._kept
        labels = known.labels if known and known.strokes == restored.strokes else None
        task = restoring_labels(project, restored, model, room, labels)
        self.restoring.run(task, "Reading the final labels", shown=True)

    def _on_restored(self, finished: Finished) -> None:
        """Go on as if it had been computed now."""
        self.finishing.succeeded.emit(finished)

    def _on_finished(self, finished: Finished) -> None:
        image, self._kept = self._volume.image, None
        self._as_final = frozenset()
        self.objects.show(False)  # they are of the labels from before
        if image is not None:
            ids = finished.segmentation.class_ids
            self._view.show_final(image, finished.source, finished.labels, ids)
            if finished.source != self._volume.source:  # of the box that there was
                self._view.choose(shown=Shown.LABELS)
            if finished.seconds:
                self.computed.emit(finished)
            self._export_pending()

    def can_export(self, kind: ExportKind) -> bool:
        """Tell whether there is something of a kind to write."""
        if self._volume.image is None or self.exporting.is_running:
            return False
        if kind is ExportKind.STROKES:
            return self._painting.layer is not None and bool(self._live.scan.counts)
        if kind is ExportKind.CORRECTIONS:
            return bool(self._painting.corrections.counts.any())
        is_busy = self.finishing.is_running or self.restoring.is_running
        return (self._live.can_update or self.is_finished) and not is_busy

    def export(self, kind: ExportKind, path: Path) -> None:
        """Write a file; the final labels are computed first if they are not up to date."""
        self._pending = (kind, path)
        if kind.is_painted or self.is_finished:
            self._export_pending()
        else:
            self.finish()

    def _forget_pending(self) -> None:
        """Write nothing later on where finishing ended without a result."""
        if not self.finishing.is_running:
            self._pending = None

    def _export_pending(self) -> None:
        """Write what was waiting for the final labels, if anything was."""
        pending, self._pending = self._pending, None
        finished, corrections = self.finishing.finished, self._painting.corrections
        source, image = self._volume.source, self._volume.image
        if pending is None or source is None or image is None:
            return
        kind, path = pending
        painted = None
        ids: Sequence[int] | None = None
        if kind is ExportKind.STROKES:
            painted = self._painting.planes
        elif kind is ExportKind.CORRECTIONS:
            painted = None if corrections.over is None else corrections.over.voxels
        elif finished is not None:
            ids = finished.segmentation.class_ids
            if kind is ExportKind.LABELS:
                ids = corrections.label_ids_in(source, ids)
        place = (0.0, 0.0, 0.0, *(float(v) for v in image.translate))[-3:]
        self._writing = ExportRequest(
            kind,
            path,
            self._classes.for_files(ids),
            source,
            (place[0], place[1], place[2]),
            painted,
            self._live.scan.strokes,
            None if corrections.over is None else corrections.over.of(source.box),
            corrections.state,
            finished,
            self._project(),
        )
        self.exporting.start(self._writing)

    def _on_exported(self, path: Path) -> None:
        self._written, self.folder = self._writing, path.parent
