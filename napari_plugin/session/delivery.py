"""The end of the work: final labels, and files of what there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.notifications import show_info
from supervox.napari_plugin.project.project_files import Restored, restoring_labels
from supervox.napari_plugin.tasks.exporting import Exporting, ExportRequest, Kind
from supervox.napari_plugin.tasks.finishing import Finished, Finishing
from supervox.project import Project
from supervox.segmentation import Model, SegmentationError

from .view import Shown

if TYPE_CHECKING:
    from .session import Session


class Delivery:
    """Computes final labels, and writes files; what needs final labels computes them first.

    Parameters
    ----------
    session : Session
        Whose strokes and choices are used.

    Attributes
    ----------
    finishing, exporting : Stage
    last_export : Path or None
        What was written last.
    folder : Path or None
        Where to.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.finishing = Finishing(session.settings.resources)
        self.exporting = Exporting()
        self.last_export: Path | None = None
        self.folder: Path | None = None
        self._pending: tuple[Kind, Path] | None = None  # waits for the final labels
        self.finishing.succeeded.connect(self._on_finished)
        self.finishing.changed.connect(self._forget_pending)
        self.exporting.succeeded.connect(self._on_exported)

    @property
    def is_finished(self) -> bool:
        """Whether the final labels are those of the strokes and choices of now."""
        session, finished = self._session, self.finishing.finished
        source, strokes = session.source, session.live.strokes
        if finished is None or source is None or strokes is None:
            return False
        return finished.is_for(source, strokes, session.parameters)

    def finish(self) -> None:
        """Compute the final labels in full quality."""
        session = self._session
        prepared, strokes = session.preparation.prepared, session.live.strokes
        if prepared is not None and strokes is not None and session.live.can_update:
            self.finishing.start(prepared, strokes, session.parameters)

    def restore(self, project: Project, restored: Restored, model: Model) -> None:
        """Show the final labels of a project again, where there is room for its partitions.

        Parameters
        ----------
        project : Project
        restored : Restored
        model : Model
            What was learned for them.
        """
        resources, source = self._session.settings.resources, restored.prepared.source
        n_classes, held = len(model.forest.class_ids), math.prod(source.shape)
        try:
            room = resources.room(source, model.parameters, n_classes=n_classes, held_bytes=held)
        except SegmentationError:
            return  # they can't be finished anew either, which says why
        task = restoring_labels(project, restored, model, room)
        self.finishing.run(task, "Reading the final labels", shown=True)

    def _on_finished(self, finished: Finished) -> None:
        if self._session.image is not None:
            self._session.view.show_final(self._session.image, finished)
            if finished.source != self._session.source:  # of the box that there was
                self._session.view.choose(shown=Shown.LABELS)
            if finished.seconds:
                self._session.keeping.note(finished)
                self._session.keeping.keep()
            self._export_pending()

    def can_export(self, kind: Kind) -> bool:
        """Tell whether there is something of a kind to write."""
        session = self._session
        if session.image is None or self.exporting.is_running:
            return False
        if kind is Kind.STROKES:
            return session.painting.layer is not None and bool(session.live.scan.counts)
        return session.live.can_update and not self.finishing.is_running

    def export(self, kind: Kind, path: Path) -> None:
        """Write a file; the final labels are computed first if they are not up to date."""
        self._pending = (kind, path)
        if kind is Kind.STROKES or self.is_finished:
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
        session, finished = self._session, self.finishing.finished
        source, layer, image = session.source, session.painting.layer, session.image
        if pending is None or source is None or image is None:
            return
        kind, path = pending
        strokes = None
        ids: Sequence[int] | None = None
        if kind is Kind.STROKES:
            assert layer is not None
            strokes = np.asarray(layer.data)
            strokes = strokes[np.newaxis] if strokes.ndim == 2 else strokes
        elif finished is not None:
            ids = finished.segmentation.class_ids
        place = (0.0, 0.0, 0.0, *(float(v) for v in image.translate))[-3:]
        self.exporting.start(
            ExportRequest(
                kind,
                path,
                session.classes.for_files(ids),
                source,
                (place[0], place[1], place[2]),
                strokes,
                finished,
                session.keeping.project,
            )
        )

    def _on_exported(self, path: Path) -> None:
        self.last_export, self.folder = path, path.parent
        show_info(f"Written: {path}")
