"""One click from the slice to organelles in space, and back to how it was."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from napari.layers import Labels, Layer
from napari.viewer import Viewer
from supervox.napari_plugin.layers.make_layers import (
    ANNOTATIONS,
    CORRECTIONS,
    MARK,
    is_picture,
    role_of,
)

from .view import ResultView

ANGLES = (-20.0, 25.0, -60.0)  # tilted: from above, everything is flat
PAINTED = (ANNOTATIONS, CORRECTIONS)  # labels have what is corrected
SAMPLE = 64  # voxels along each axis that are looked at
SURROUNDS = 0.15  # of the volume's faces, for a class that is around others


@dataclass
class _Before:
    """How the view was."""

    visible: dict[Layer, bool] = field(default_factory=dict)
    opacity: float = 1.0
    outline: bool = False
    tools: dict[Labels, str] = field(default_factory=dict)
    point: tuple[float, ...] = ()
    center: tuple[float, ...] = ()
    zoom: float = 1.0


class InSpace:
    """Shows labels in space: solid, lit and tilted, without the image and what surrounds them.

    Whoever leaves space, by napari's own button as well, finds the view as it was.

    Parameters
    ----------
    viewer : Viewer
    view : ResultView
    """

    def __init__(self, viewer: Viewer, view: ResultView) -> None:
        self._viewer, self._view = viewer, view
        self._before: _Before | None = None  # while in space
        # last: the viewer resets its camera when it hears of it
        viewer.dims.events.ndisplay.connect(self._on_ndisplay, position="last")

    @property
    def is_possible(self) -> bool:
        """Whether there are labels of a volume."""
        labels = self._labels()
        return labels is not None and labels.ndim == 3

    @property
    def is_in_space(self) -> bool:
        """Whether the view is in space."""
        return int(self._viewer.dims.ndisplay) == 3

    def _labels(self) -> Labels | None:
        """Return the labels that are shown, or would be."""
        shown = [layer for layer in (self._view.final, self._view.prediction) if layer is not None]
        return next((layer for layer in shown if layer.visible), next(iter(shown), None))

    def toggle(self) -> None:
        """Go into space, or back."""
        if self.is_in_space:
            self._viewer.dims.ndisplay = 2
        elif self.is_possible:
            self._enter()

    def forget(self) -> None:
        """Come back, since what is shown goes."""
        if self._before is not None:
            self._viewer.dims.ndisplay = 2
            self._before = None

    def _on_ndisplay(self) -> None:
        if not self.is_in_space:
            self._restore()

    def _enter(self) -> None:
        labels, viewer, choices = self._labels(), self._viewer, self._view.choices
        assert labels is not None
        before = _Before(opacity=choices.opacity, outline=choices.outline)
        before.point = tuple(viewer.dims.point)
        before.center, before.zoom = viewer.scene.camera.center, viewer.scene.camera.zoom
        for layer in viewer.layers:
            if isinstance(layer, Labels) and role_of(layer) == MARK:
                layer.contour = 0  # there are no outlines in space, and napari would warn
            if isinstance(layer, Labels) and role_of(layer) in PAINTED:
                before.tools[layer] = str(layer.mode)  # before it is hidden, and loses it
            if is_picture(layer) or role_of(layer) in PAINTED:
                before.visible[layer] = layer.visible
                layer.visible = False
        self._view.set_aside(around(labels))
        self._view.choose(opacity=1.0, outline=False)
        labels.visible = True
        self._before = before
        viewer.dims.ndisplay = 3
        viewer.scene.camera.angles = ANGLES
        viewer.reset_view(reset_camera_angle=False)

    def _restore(self) -> None:
        before, self._before = self._before, None
        if before is None:
            return
        for layer, visible in before.visible.items():
            if layer in self._viewer.layers:
                layer.visible = visible
        self._view.set_aside(())
        self._view.choose(opacity=before.opacity, outline=before.outline)
        for axis, at in enumerate(before.point[: self._viewer.dims.ndim]):
            self._viewer.dims.set_point(axis, at)
        camera = self._viewer.scene.camera
        camera.center, camera.zoom = before.center, before.zoom
        for strokes, tool in before.tools.items():
            if strokes in self._viewer.layers and strokes.editable:
                strokes.mode = tool


def around(labels: Labels) -> list[int]:
    """Return the classes that surround the others: they hold much of the volume's faces.

    The one that holds least of them is never among them: something is to be seen.
    """
    data = labels.data[0] if labels.multiscale else labels.data
    faces = []
    for axis in range(3):
        for end in (0, data.shape[axis] - 1):
            index: list[slice | int] = [slice(None)] * 3
            index[axis] = end
            faces.append(np.asarray(data[tuple(index)]).ravel())
    counts = np.bincount(np.concatenate(faces).astype(np.int64))
    counts[0] = 0
    total = counts.sum()
    thin = tuple(slice(None, None, max(1, size // SAMPLE)) for size in data.shape)
    present = np.flatnonzero(np.bincount(np.asarray(data[thin]).ravel(), minlength=len(counts)))
    present = present[present > 0]
    counts = np.pad(counts, (0, max(0, int(present.max(initial=0)) + 1 - len(counts))))
    inner = min(present, key=lambda k: counts[k], default=0)
    return [int(k) for k in present if k != inner and counts[k] > SURROUNDS * total]
