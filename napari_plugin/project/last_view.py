"""How a project was left, to go on there: plane, zoom, brush, opacities, numbers of strokes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from napari.layers import Labels
from napari.viewer import Viewer
from qtpy.QtCore import QTimer
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.jobs import run_to_end
from supervox.napari_plugin.tasks.live import LiveLoop
from supervox.project import Project, ProjectError, keep_view, load_view

REST_MS = 500  # after the last step or turn of the wheel
_logger = logging.getLogger(__name__)


class LastView:
    """Notes in the project that is open how it is looked at, and shows one as it was.

    Parameters
    ----------
    viewer : Viewer
    painting : Painting
    live : LiveLoop
        Counts the strokes.
    project : callable
        Returns the project that is open, or None.
    """

    def __init__(
        self,
        viewer: Viewer,
        painting: Painting,
        live: LiveLoop,
        project: Callable[[], Project | None],
    ) -> None:
        self._viewer, self._painting, self._project = viewer, painting, project
        self._live = live
        self._written: tuple[Path | None, dict[str, Any]] = None, {}  # in a project's folder
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MS)
        self._timer.timeout.connect(self.note)
        camera = viewer.scene.camera.events
        self._events = (viewer.dims.events.point, camera.zoom, camera.center)
        for event in self._events:
            event.connect(self._soon)
        painting.recorded.connect(self._soon)  # with a brush and an opacity
        live.scanned.connect(self._soon)

    def stop(self) -> None:
        """Let go of the viewer."""
        self._timer.stop()
        for event in self._events:
            event.disconnect(self._soon)

    def _soon(self, *_: object) -> None:
        self._timer.start()

    def note(self) -> None:
        """Write down how the project is looked at now, on a thread; not how it is in 3D."""
        project, layer = self._project(), self._painting.layer
        if self._viewer.dims.ndisplay != 2:
            return
        if project is None or layer is None or project.read_only_because is not None:
            return
        values = self._values(layer)
        if (project.folder, values) != self._written:
            self._written = project.folder, values
            run_to_end(lambda: _keep(project, values))

    def _values(self, layer: Labels) -> dict[str, Any]:
        dims, camera = self._viewer.dims, self._viewer.scene.camera
        return {
            "point": [float(value) for value in dims.point],
            "order": [int(axis) for axis in dims.order],
            "center": [float(value) for value in camera.center],
            "zoom": float(camera.zoom),
            "brush": int(layer.brush_size),
            "opacity": float(layer.opacity),
            "strokes": self._live.counts.to_json(),
        }

    def show(self, project: Project, brush_size: int) -> bool:
        """Look at a project as it was looked at last; tell whether that is known.

        Parameters
        ----------
        project : Project
        brush_size : int
            Where it isn't known.
        """
        values, layer = load_view(project), self._painting.layer
        dims, camera = self._viewer.dims, self._viewer.scene.camera
        if layer is None:
            return False
        layer.brush_size = brush_size
        with suppress(TypeError, ValueError):  # counted anew
            self._live.counts.remember(values.get("strokes", {}))
        try:
            if sorted(values["order"]) == list(range(dims.ndim)):
                dims.order = tuple(values["order"])
                dims.point = tuple(values["point"])
                camera.center, camera.zoom = tuple(values["center"]), values["zoom"]
            layer.brush_size, layer.opacity = int(values["brush"]), float(values["opacity"])
        except (KeyError, TypeError, ValueError):
            return False  # of another version, or changed by hand
        return True


def _keep(project: Project, values: dict[str, Any]) -> None:
    try:
        keep_view(project, values)
    except ProjectError:  # strokes tell a person of a full disk
        _logger.info("the view of %s could not be kept", project.folder, exc_info=True)
