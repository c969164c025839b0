"""The layer that is painted on: made for an image, found again, and brought back."""

from __future__ import annotations

from napari.layers import Image, Labels, Layer
from napari.utils.notifications import show_warning
from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.project.autosave import Autosave
from supervox.napari_plugin.tasks.live import LiveLoop

from .working_image import WorkingImage


class ReadyStrokes:
    """Has a layer of strokes ready under the mouse for the image that is worked on.

    Parameters
    ----------
    volume : WorkingImage
    painting : Painting
    live : LiveLoop
        Looks at what is painted already.
    autosave : Autosave
        Writes it down.
    brush_size : int
        Of a new layer, in voxels.

    Attributes
    ----------
    lost : Labels or None
        The layer that a person removed.
    is_new : bool
        Whether this window hasn't looked yet where the strokes are.
    """

    changed = Signal()

    def __init__(
        self,
        volume: WorkingImage,
        painting: Painting,
        live: LiveLoop,
        autosave: Autosave,
        brush_size: int,
    ) -> None:
        self._volume, self._painting = volume, painting
        self._live, self._autosave = live, autosave
        self._brush_size = brush_size
        self.lost: Labels | None = None
        self.is_new = False

    def begin(self, image: Image) -> None:
        """Paint on the strokes of an image, or on new ones."""
        layer = self._painting.attach(image, brush_size=self._brush_size)
        self._autosave.reopen_for(layer)
        self._take(layer)

    def adopt(self, layer: Layer) -> None:
        """Paint on a layer that was added, if it is for strokes of the image."""
        image = self._volume.image
        if image is not None and isinstance(layer, Labels) and self._painting.adopt(image, layer):
            self._autosave.bind()
            self._take(layer)

    def lose(self) -> None:
        """Note that the layer was removed by a person: Painting lets go of a layer first."""
        self.lost = self._painting.layer
        self._autosave.save_what_waits()
        self._painting.detach()
        self._live.stop()
        QTimer.singleShot(0, self._warn)

    def _warn(self) -> None:
        """Say that the layer is gone, unless the whole viewer is going."""
        if self.lost is not None and self._volume.image in self._volume.viewer.layers:
            show_warning("Strokes removed: get them back in Paint.")

    def bring_back(self) -> None:
        """Put the layer back that a person removed, or make a new one."""
        image = self._volume.image
        if image is None or self._painting.layer is not None:
            return
        brush_size = self._brush_size
        if self.lost is not None:
            self._volume.viewer.add_layer(self.lost)
            brush_size, self.lost = int(self.lost.brush_size), None
        layer = self._painting.attach(image, brush_size=brush_size)
        if self._autosave.project is None:
            self._autosave.reopen_for(layer)
        self._autosave.bind()
        self._take(layer)
        self.changed.emit()

    def _take(self, layer: Labels) -> None:
        self.is_new = not self._painting.is_blank
        QTimer.singleShot(0, self._select)  # napari selects the layer that it is adding now
        self._live.strokes_changed()

    def _select(self) -> None:
        if self._painting.layer is not None:
            self._volume.viewer.layers.selection.active = self._painting.layer
